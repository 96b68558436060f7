import Conversion
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite struct OperateTests {
    private let now = Moment.ms(20).wall

    @Test func `changes a job once however often it is named`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            let lead = try RecordID.lead(1)
            let change = try queue.operations.cancel([.job(1), .lead(lead), .job(1)], at: now)
            #expect(change == Change(changed: 1))
        }
    }

    @Test func `changes nothing when one is unknown`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            #expect(throws: OperatorError.self) {
                try queue.operations.cancel([.job(1), .job(7)], at: now)
            }
            #expect(try queue.jobs().map { $0.text("state") } == ["queued"])
        }
    }

    @Test func `leaves what is being sent alone`() async throws {
        try await withBatch(policy: nil) { queue, _ in
            _ = try queue.claims.claim(upTo: 1, CallStart(at: .ms(2)), choosing: { $0 })
            #expect(
                try queue.operations.cancel([.batch("friday")], at: now)
                    == Change(changed: 1, left: [.sending: 1, .failed: 1]))
            #expect(
                try queue.operations.pause(true, batch: "friday", at: now).left == [.sending: 1])
            #expect(try queue.operations.pause(true, batch: nil, at: now).left == [.sending: 1])
        }
    }

    @Test func `lets a batch go on that its policy held at a failure`() async throws {
        try await withBatch(policy: RetryPolicy(onFailure: .pause)) { queue, failed in
            #expect(try queue.jobs().map { $0.text("state") } == ["failed", "held", "held"])
            let change = try queue.operations.retry([.job(failed)], at: now)
            #expect(change == Change(changed: 1, released: 2))
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "queued" })
        }
    }

    @Test func `holds what it retries in a batch that somebody paused`() async throws {
        try await withBatch(policy: nil) { queue, failed in
            try queue.operations.pause(true, batch: "friday", at: now)
            #expect(
                try queue.operations.retry([.job(failed)], at: now)
                    == Change(changed: 1, held: ["friday": 1]))
            #expect(try queue.operations.pause(false, batch: "friday", at: now).changed == 3)
        }
    }

    @Test func `a large batch is held and released in small transactions`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...7, options)
            let commits = Mutex(0)
            queue.database.inDatabase { database in
                database.trace { event in
                    guard case .statement(let statement) = event else { return }
                    if statement.sql.hasPrefix("COMMIT") { commits.withLock { $0 += 1 } }
                }
            }
            let held = try queue.operations.pause(
                true, batch: "friday", at: now, by: "ada", atOnce: 2)
            #expect(held.changed == 7)
            #expect(commits.withLock(\.self) == 5)
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "held" })
            // What comes to it meanwhile is held, too.
            try queue.add(8...8, options)
            let freed = try queue.operations.pause(
                false, batch: "friday", at: now, by: "ada", atOnce: 3)
            #expect(freed.changed == 8)
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "queued" })
            let operations = try Dashboard(path: queue.path).operations(limit: 5)
            #expect(operations.map(\.jobs) == [8, 7])
        }
    }

    @Test func `what was put off while its batch was paused is put aside when that goes on`()
        async throws
    {
        try await withQueue { queue in
            let people = try JobQueue(path: queue.path, as: .client)
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...4, options)
            try queue.operations.pause(true, batch: "friday", at: now)
            try people.run(sql: "UPDATE jobs SET run_at = '2999-01-01T00:00:00.000Z' WHERE id < 4")
            options.batch = "monday"
            try queue.add(5...5, options)
            // One leaves for a batch that is not paused.
            try people.run(sql: "UPDATE jobs SET batch_id = 2 WHERE id = 3")
            #expect(try queue.deferrals()[2] == "time")
            try queue.operations.pause(false, batch: "friday", at: now)
            #expect(try queue.count("queued") == 5)
            #expect(try queue.deferrals() == ["time", "time", "time", nil, nil])
        }
    }

    @Test func `what waits for its account is put aside for its time when it is put off`()
        async throws
    {
        try await withQueue { queue in
            let people = try JobQueue(path: queue.path, as: .client)
            try queue.add(1...2)
            try people.run(sql: "UPDATE jobs SET deferred_for = 'account 001D000000HRzTR'")
            try people.run(sql: "UPDATE jobs SET run_at = '2999-01-01T00:00:00.000Z' WHERE id = 1")
            #expect(try queue.deferrals() == ["time", "account 001D000000HRzTR"])
            let call = try queue.claims.claim(
                upTo: 9, CallStart(at: Moment.ms(0)), choosing: { $0 })
            #expect(call?.jobs.map(\.id) == [2])
        }
    }

    /// A batch that its policy pauses at a failure.
    private func strictBatch(_ queue: JobQueue) throws -> EnqueueOptions {
        try queue.operations.set(RetryPolicy(onFailure: .pause), named: "strict")
        var options = EnqueueOptions()
        (options.batch, options.policy) = ("friday", "strict")
        return options
    }

    /// Has the next jobs fail in one call, which pauses their batch.
    @discardableResult
    private func fail(_ count: Int, of queue: JobQueue) throws -> [Int64] {
        let call = try #require(
            try queue.claims.claim(upTo: count, CallStart(at: .ms(0)), choosing: { $0 }))
        let failed = call.jobs.map { job in
            var failed = Settlement(job, in: call.id, .failed, to: .failed)
            failed.pausesBatch = true
            return failed
        }
        try queue.settlements.settle(
            CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(9)), failed)
        return call.jobs.map(\.id)
    }

    @Test func `jobs that a cut-off retry has left held are released all the same`() async throws {
        try await withQueue { queue in
            let options = try strictBatch(queue)
            try queue.add(1...1500, options)
            try fail(2, of: queue)
            while try queue.settlements.holdJobs(at: now) {}
            #expect(try queue.count("held") == 1498)
            var steps = try queue.operations.retrying([.batch("friday")], at: now)
            _ = try steps.next()
            // Both are told to run again, whichever of them lets the batch go on.
            #expect(steps.change.changed == 2 && steps.change.held.isEmpty)
            while try queue.settlements.holdJobs(at: now) {}
            #expect(try queue.count("queued") == 1500)
        }
    }

    @Test func `a large batch that its policy pauses is held and released in small transactions`()
        async throws
    {
        try await withQueue { queue in
            var options = try strictBatch(queue)
            try queue.add(1...2500, options)
            options.runAt = now + 86_400_000
            try queue.add(2501...2600, options)
            let job = try fail(1, of: queue)[0]
            #expect(try queue.count("held") == 1000)
            // None of the others leaves, and all are held in the end.
            #expect(try queue.claims.work(at: .ms(10), countingTo: 9).hasJobsToHold)
            #expect(try queue.settlements.holdJobs(at: now))
            #expect(try queue.count("held") == 2000)
            #expect(try !queue.settlements.holdJobs(at: now))
            #expect(try queue.count("held") == 2599)
            #expect(try !queue.claims.work(at: .ms(10), countingTo: 9).hasJobsToHold)

            var steps = try queue.operations.retrying([.job(job)], at: now)
            var mostAtOnce = 0
            var waiting = 0
            var isUnfinished = true
            while isUnfinished {
                isUnfinished = try steps.next()
                let count = try queue.count("queued")
                (mostAtOnce, waiting) = (max(mostAtOnce, count - waiting), count)
            }
            #expect(waiting == 2600 && mostAtOnce <= 500)
            #expect(steps.change == Change(changed: 1, released: 2599))
        }
    }

    @Test func `a batch that goes on before all of it was held is held no further`() async throws {
        try await withQueue { queue in
            let options = try strictBatch(queue)
            try queue.add(1...1500, options)
            try fail(1, of: queue)
            #expect(try queue.operations.pause(false, batch: "friday", at: now).changed == 1000)
            #expect(try !queue.settlements.holdJobs(at: now))
            #expect(try queue.count("queued") == 1499)
        }
    }

    @Test func `leaves a pause by hand alone whatever the policy`() async throws {
        try await withBatch(policy: RetryPolicy(onFailure: .pause)) { queue, failed in
            try queue.operations.pause(false, batch: "friday", at: now)
            try queue.operations.pause(true, batch: "friday", at: now)
            let change = try queue.operations.retry([.job(failed)], at: now)
            #expect(change.released == 0)
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "held" })
        }
    }

    @Test func `joins the account that its group has made meanwhile`() async throws {
        try await withQueue { queue in
            try queue.enqueue(EnqueueOptions(), at: Moment.ms(0).wall) { enqueuing in
                for number in 1...2 {
                    var lead = try LeadConversion.lead(number)
                    lead.groupKey = "Acme"
                    try enqueuing.add(lead)
                }
            }
            let file = try DatabaseQueue(path: queue.path)
            try await file.write { database in
                try database.execute(
                    sql: """
                        UPDATE jobs SET finished_at = created_at,
                            state = iif(id = 1, 'failed', 'converted'),
                            result_account_id = iif(id = 1, NULL, '001D000000HRzTRIA1')
                        """)
            }
            _ = try queue.operations.retry([.job(1)], at: Moment.ms(10).wall)
            #expect(try queue.jobs()[0].text("account_id") == "001D000000HRzTRIA1")
        }
    }

    @Test func `leaves a failed job alone whose lead is in the queue again`() async throws {
        try await withBatch(policy: nil) { queue, failed in
            try queue.add(1...1)
            let change = try queue.operations.retry([.all(.failed)], at: now)
            #expect(change == Change(superseded: 1))
        }
    }

    /// Three jobs of the batch `friday`, the first of which has failed.
    private func withBatch(
        policy: RetryPolicy?, _ body: (JobQueue, Int64) throws -> Void
    ) async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            if let policy {
                try queue.operations.set(policy, named: "strict")
                options.policy = "strict"
            }
            try queue.add(1...3, options)
            let claimed = try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 })
            let call = try #require(claimed)
            var failure = Settlement(call.jobs[0], in: call.id, .failed, to: .failed)
            failure.pausesBatch = policy?.onFailure == .pause
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(1)), [failure])
            try body(queue, call.jobs[0].id)
        }
    }
}

extension Change {
    fileprivate init(
        changed: Int = 0, held: [String: Int] = [:], released: Int = 0, left: [JobState: Int] = [:],
        superseded: Int = 0
    ) {
        self.init()
        (self.changed, self.held, self.released) = (changed, held, released)
        (self.left, self.superseded) = (left, superseded)
    }
}

extension JobQueue {
    /// What each job was put aside for.
    fileprivate func deferrals() throws -> [String?] {
        try read { database in
            try String?.fetchAll(database, sql: "SELECT deferred_for FROM jobs ORDER BY id")
        }
    }

    fileprivate func count(_ state: String) throws -> Int {
        try jobs().count { $0.text("state") == state }
    }
}
