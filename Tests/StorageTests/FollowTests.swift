import Conversion
import Storage
import TestSupport
import Testing

/// Results of a batch as they come, while jobs join it.
@Suite struct FollowTests {
    @Test func `gives each result once wherever its job joins`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...3, options)
            var follower = Follower(queue: queue)
            try settle(queue, [1])
            #expect(try follower.look() == [1])

            // Before what was given, and without a place.
            try join(queue, lead: 8, position: "0")
            try join(queue, lead: 9, position: "NULL")
            #expect(try follower.look() == [])
            try settle(queue, [8])
            #expect(try follower.look() == [8])
            // Behind what was given, and before what was not.
            try join(queue, lead: 7, position: "2")
            try settle(queue, [2, 3])
            #expect(try follower.look() == [2])
            try settle(queue, [7])
            #expect(try follower.look() == [7, 3])
            #expect(!follower.isDone)
            try settle(queue, [9])
            #expect(try follower.look() == [9])
            #expect(follower.isDone)
        }
    }

    @Test func `waits for a retried job and gives it no second time`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...2, options)
            var follower = Follower(queue: queue)
            try settle(queue, [1], to: .failed)
            #expect(try follower.look() == [1])
            _ = try queue.operations.retry([.job(1)], at: Moment.ms(2).wall)
            try settle(queue, [2])
            #expect(try follower.look() == [2])
            #expect(!follower.isDone)
            try settle(queue, [1])
            #expect(try follower.look() == [])
            #expect(follower.isDone)
        }
    }

    private func join(_ queue: JobQueue, lead: Int, position: String) throws {
        try queue.run(
            sql: """
                INSERT INTO jobs (lead_id, converted_status, batch_id, position, run_at)
                VALUES ('\(try RecordID.lead(lead))', 'Qualified', 1, \(position),
                    '\(Moment.ms(0).wall)')
                """)
    }

    private func settle(
        _ queue: JobQueue, _ leads: [Int], to state: JobState = .converted
    ) throws {
        let ids = try leads.map { try RecordID.lead($0) }
        let claimed = try queue.claims.claim(upTo: 100, CallStart(at: .ms(5))) { jobs in
            jobs.filter { ids.contains($0.conversion.leadID) }
        }
        let call = try #require(claimed)
        try queue.settlements.settle(
            CallEnd(callID: call.id, startedAt: .ms(5), at: .ms(6)),
            call.jobs.map {
                Settlement($0, in: call.id, state == .failed ? .failed : .converted, to: state)
            })
    }
}

/// Looks at a batch's results again and again.
private struct Follower {
    let queue: JobQueue
    private var place = ResultsPlace()
    private(set) var isDone = false

    init(queue: JobQueue) {
        self.queue = queue
    }

    /// The numbers of the leads whose results have come.
    mutating func look() throws -> [Int] {
        var leads: [Int] = []
        isDone = try queue.reports.readResults(batch: "friday", from: &place, columns: { _ in }) {
            row in
            let id = try #require(row.text("lead_id"))
            leads.append(try #require(Int(id.dropFirst(5).prefix(10))))
        }
        return leads
    }
}
