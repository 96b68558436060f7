import Conversion
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// Machines that start with a clock that is wrong, and is set right once they have reached the network.
@Suite struct OtherClockTests {
    private let account = "001D000000HRzTRIA1"
    /// How far the clock goes when it is set right, in milliseconds: over decades, an hour, and back.
    private static let jumps: [Int64] = [1_795_000_000_000, 3_600_000, -3_600_000]

    @Test(arguments: jumps)
    func `nothing waits longer than its own pause once the clock is set right`(jump: Int64)
        async throws
    {
        try await withQueue { queue in
            try fill(queue)
            let start = restarted(afterMS: 20_000, behindBy: jump)
            _ = try queue.settlements.recover(at: start, lifetimeSinceClaimMS: 600_000)
            let right = try setRight(queue, start, by: jump)
            let jobs = try queue.jobs()
            #expect(jobs.map { $0.text("state") } == ["queued", "verifying", "finishing"])
            let pauses = try jobs.prefix(2).map { try pause($0.text("run_at"), from: right) }
            #expect(pauses[0] <= 100_000 && pauses[1] <= 15_000)
            #expect(try pause(followUpTime(queue), from: right) <= 50_000)
            let lock = "SELECT max(until) FROM delays"
            let until = try queue.read { try String.fetchOne($0, sql: lock) }
            #expect(try until.map { try pause($0, from: right) } ?? 0 <= 60_000)
        }
    }

    @Test func `what was due stays due when the machine starts with a clock that is behind`()
        async throws
    {
        try await withQueue { queue in
            _ = try queue.settlements.recover(at: .ms(0))
            try queue.add(1...2)
            let later = Moment.ms(3_600_000).wall
            try queue.run(
                sql: """
                    UPDATE jobs SET run_at = '\(Moment.ms(0).wall)', updated_at = run_at;
                    UPDATE jobs SET run_at = '\(later)' WHERE id = 2
                    """)
            let start = restarted(afterMS: 5000, behindBy: 3_600_000)
            _ = try queue.settlements.recover(at: start)
            #expect(
                try queue.jobs().map { $0.text("run_at") }
                    == [start.wall.description, later.description])
        }
    }

    @Test(arguments: [true, false])
    func `what was due is written in small transactions when the clock goes back`(isRunning: Bool)
        async throws
    {
        try await withQueue { queue in
            _ = try queue.settlements.recover(at: .ms(0))
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...12_000, options)
            try queue.operations.pause(true, batch: "friday", at: Moment.ms(0).wall)
            try queue.add(12_001...18_000)
            try queue.run(
                sql: "UPDATE jobs SET run_at = '\(Moment.ms(0).wall)', updated_at = run_at")
            let commits = Mutex(0)
            queue.database.inDatabase { database in
                database.trace { event in
                    guard case .statement(let statement) = event else { return }
                    if statement.sql.hasPrefix("COMMIT") { commits.withLock { $0 += 1 } }
                }
            }
            let hour: Int64 = 3_600_000
            var back = isRunning ? Moment.ms(1000) : restarted(afterMS: 1000, behindBy: hour)
            if isRunning {
                back.wall = back.wall + -hour
                try queue.settlements.clockWasSet(by: -hour, at: back)
            } else {
                _ = try queue.settlements.recover(at: back)
            }
            let time = back.wall.description
            #expect(try queue.jobs().allSatisfy { $0.text("run_at") == time })
            #expect(commits.withLock(\.self) >= 5)
            #expect(try queue.settlements.clockAnchor() == back)
        }
    }

    @Test func `a pause outlasts a restart of the machine whose clock is right`() async throws {
        try await withQueue { queue in
            try fill(queue)
            let before = try queue.jobs().map { $0.text("run_at") }
            let start = restarted(afterMS: 5000, behindBy: 0)
            _ = try queue.settlements.recover(at: start)
            #expect(try queue.jobs().map { $0.text("run_at") } == before)
        }
    }

    @Test func `what is written after the restart keeps its pause when the clock is set right`()
        async throws
    {
        try await withQueue { queue in
            let jump = Self.jumps[0]
            let start = restarted(afterMS: 0, behindBy: jump)
            try queue.enqueue(.init(), at: start.wall) { _ = try $0.add(.lead(1)) }
            _ = try queue.settlements.recover(at: start)
            let call = try #require(
                try queue.claims.claim(upTo: 1, CallStart(at: start), choosing: { $0 }))
            var retry = Settlement(call.jobs[0], in: call.id, .retry, to: .queued)
            retry.reason = Reason("UNABLE_TO_LOCK_ROW", "locked")
            retry.nextRunAt = start.wall + 100_000
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: start, at: start), [retry])
            let right = try setRight(queue, start, by: jump)
            #expect(try pause(queue.jobs()[0].text("run_at"), from: right) == 90_000)
        }
    }

    // MARK: -

    /// A job in backoff, one in doubt, and one whose fields are set again after a pause.
    private func fill(_ queue: JobQueue) throws {
        _ = try queue.settlements.recover(at: .ms(0))
        try queue.enqueue(.init(), at: Moment.ms(0).wall) { queue in
            for number in 1...3 {
                var lead = try LeadConversion.lead(number)
                if number == 1 { lead.groupKey = "Acme" }
                if number == 3 {
                    lead.followUps = FollowUpRequest()
                    lead.followUps?.afterSet = #"{"Account":{"Tier__c":"A"}}"#
                }
                try queue.add(lead)
            }
        }
        let call = try #require(
            try queue.claims.claim(upTo: 9, CallStart(at: .ms(0)), choosing: { $0 }))
        var retry = Settlement(call.jobs[0], in: call.id, .retry, to: .queued)
        retry.reason = Reason("UNABLE_TO_LOCK_ROW", "locked")
        retry.nextRunAt = Moment.ms(100_010).wall
        retry.relatedJobsWaitUntil = Moment.ms(60_010).wall
        var doubt = Settlement(call.jobs[1], in: call.id, .unknown, to: .verifying)
        doubt.reason = Reason("TIMEOUT", "no answer")
        doubt.doubt = .refused
        doubt.nextRunAt = Moment.ms(15_010).wall
        var done = Settlement(call.jobs[2], in: call.id, .converted, to: .finishing)
        done.records = ConvertedRecords(accountID: account, contactID: nil, opportunityID: nil)
        try queue.settlements.settle(
            CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(10)), [retry, doubt, done])
        try setFieldsInVain(queue)
    }

    private func setFieldsInVain(_ queue: JobQueue) throws {
        let sets = try #require(
            try queue.claims.claimFollowUps(.set, upTo: 9, CallStart(at: .ms(20))))
        var again = FollowUpSettlement(sets.followUps[0], in: sets.id, .retry, to: .waiting)
        again.reason = Reason("UNABLE_TO_LOCK_ROW", "locked")
        again.nextRunAt = Moment.ms(50_030).wall
        try queue.settlements.settle(
            CallEnd(callID: sets.id, startedAt: .ms(20), at: .ms(30)), [], [], [again])
    }

    /// The machine so long after noon, just started, with a clock that is behind.
    private func restarted(afterMS passed: Int64, behindBy jump: Int64) -> Moment {
        Moment(wall: Moment.ms(passed).wall + -jump, uptimeMS: 5000, bootID: "second")
    }

    /// Ten seconds later the clock is set.
    private func setRight(_ queue: JobQueue, _ start: Moment, by jump: Int64) throws -> Moment {
        var right = start + 10_000
        right.wall = right.wall + jump
        try queue.settlements.clockWasSet(by: jump, at: right)
        return right
    }

    private func followUpTime(_ queue: JobQueue) throws -> String? {
        try queue.read { try String.fetchOne($0, sql: "SELECT run_at FROM follow_ups") }
    }

    private func pause(_ time: String?, from now: Moment) throws -> Int64 {
        try #require(time.flatMap { Timestamp($0) }) - now.wall
    }
}
