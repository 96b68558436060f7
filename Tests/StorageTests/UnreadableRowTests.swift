import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

/// Rows that can't be read as they stand: they stop no other.
@Suite struct UnreadableRowTests {
    private static let malformedAccount = "'001D000000HRzTRXXX'"

    @Test(arguments: [
        "'-4713-11-24T12:00:00.000Z'", "'-0001-01-01T00:00:00.000Z'", "'now'",
        "'2026-12-10T24:00:00.000Z'", "'2026-02-30T00:00:00.000Z'",
    ])
    func `a time outside the years 0000 to 9999, or that is none, is refused`(time: String)
        async throws
    {
        try await withQueue { queue in
            let error = #expect(throws: OperatorError.self) {
                try queue.run(
                    sql: """
                        INSERT INTO jobs (lead_id, converted_status, run_at)
                        VALUES ('00QWs0000000001', 'x', \(time))
                        """)
            }
            #expect(error?.sentence.contains("run_at_must_be") == true)
        }
    }

    @Test(arguments: ["0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
    func `the first and the last time are taken`(time: String) async throws {
        try await withQueue { queue in
            try queue.run(
                sql: """
                    INSERT INTO jobs (lead_id, converted_status, run_at)
                    VALUES ('00QWs0000000001', 'x', '\(time)')
                    """)
            let work = try queue.claims.work(at: .ms(0), countingTo: 9)
            #expect(work.jobsAreDue == time.hasPrefix("0"))
            #expect(work.isLeft)
        }
    }

    @Test func `a time that cannot be read stops no other job`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            try queue.run(
                sql: """
                    PRAGMA ignore_check_constraints = 1;
                    UPDATE jobs SET run_at = '-4713-11-24T12:00:00.000Z' WHERE id = 1
                    """)
            let work = try queue.claims.work(at: .ms(0), countingTo: 9)
            #expect(work.dueJobs == 2 && work.dueSince != nil)
            let call = try queue.claims.claim(upTo: 9, CallStart(at: .ms(0)), choosing: { $0 })
            #expect(call?.jobs.count == 2)
            _ = try queue.reports.status(at: Moment.ms(1).wall)
        }
    }

    @Test func `a later time that cannot be read is work left`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            try queue.run(
                sql: """
                    PRAGMA ignore_check_constraints = 1;
                    UPDATE jobs SET run_at = '2026-12-10T24:00:00.000Z';
                    PRAGMA ignore_check_constraints = 0
                    """)
            let work = try queue.claims.work(at: .ms(0), countingTo: 9)
            #expect(work.isLeft && work.nextAt != nil)
        }
    }

    @Test func `very many malformed rows are failed some at a time`() async throws {
        try await withQueue { queue in
            try queue.add(1...1300)
            try queue.run(
                sql: "UPDATE jobs SET account_id = \(Self.malformedAccount) WHERE id <= 1250")
            let commits = try queue.dataChanges {
                let call = try queue.claims.claim(upTo: 9, CallStart(at: .ms(0)), choosing: { $0 })
                #expect(call?.jobs.count == 9)
            }
            #expect(commits == 3)
            #expect(try queue.reports.status(at: Moment.ms(0).wall).counts[.failed] == 1250)
        }
    }

    @Test func `leads that fail together hold their batch once`() async throws {
        try await withQueue { queue in
            try queue.run(
                sql: """
                    INSERT INTO policies (name, on_failure) VALUES ('strict', 'pause');
                    INSERT INTO batches (name, policy) VALUES ('friday', 'strict');
                    """)
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...30, options)
            let call = try queue.claims.claim(upTo: 10, CallStart(at: .ms(0)), choosing: { $0 })
            let claimed = try #require(call)
            let settlements = claimed.jobs.map { job in
                var settlement = Settlement(job, in: claimed.id, .failed, to: .failed)
                settlement.pausesBatch = true
                return settlement
            }
            let recorder = StatementRecorder(keepsRepeats: true)
            queue.database.inDatabase { recorder.listen(to: $0) }
            try queue.settlements.settle(
                CallEnd(callID: claimed.id, startedAt: .ms(0), at: .ms(9)), settlements)
            #expect(recorder.statements.count { $0.contains("SET state = 'held'") } == 1)
            #expect(try queue.reports.status(at: Moment.ms(9).wall).counts[.held] == 20)
        }
    }

    @Test func `a clock set back leaves no time before the year 0000`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'verifying', doubt = 'crash', call_id = 1,
                        run_at = '0000-01-01T00:00:00.000Z';
                    INSERT INTO follow_ups (job_id, priority, kind, object, record_id, state, run_at)
                    VALUES (1, 0, 'note', 'Contact', '003', 'waiting', '0000-01-01T00:00:00.000Z')
                    """)
            try queue.settlements.clockWasSet(by: -3_600_000, at: .ms(0))
            #expect(try queue.jobs().first?.text("run_at") == "0000-01-01T00:00:00.000Z")
            let followUps = "SELECT run_at FROM follow_ups"
            #expect(
                try queue.read { try String.fetchOne($0, sql: followUps) }
                    == "0000-01-01T00:00:00.000Z")
        }
    }

    @Test func `a pause that can't be moved with the clock fails its job alone`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            try queue.run(
                sql: """
                    UPDATE jobs SET error_code = 'X', run_at = '2026-11-22T15:00:00.000Z';
                    CREATE TRIGGER theirs BEFORE UPDATE OF run_at ON jobs WHEN OLD.id = 1
                    BEGIN SELECT RAISE(ABORT, 'not this one'); END
                    """)
            try queue.settlements.clockWasSet(by: 3_600_000, at: .ms(0))
            let jobs = try queue.jobs()
            #expect(jobs.map { $0.text("state") } == ["failed", "queued"])
            #expect(jobs[1].text("run_at") == "2026-11-22T16:00:00.000Z")
        }
    }

    @Test func `a job in doubt whose call somebody deleted is asked about all the same`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...2)
            _ = try queue.claims.claim(upTo: 9, CallStart(at: .ms(0)), choosing: { $0 })
            _ = try queue.settlements.recover(at: .ms(1))
            try queue.run(sql: "DELETE FROM calls")
            let verification = try #require(
                try queue.claims.claimVerification(upTo: 9, CallStart(at: .ms(700_000))))
            #expect(verification.jobs.map(\.job.id) == [1, 2])
            #expect(verification.jobs.allSatisfy { $0.sentAt.wall == Moment.ms(0).wall })
        }
    }

    @Test func `a malformed row in doubt fails and others are asked about`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            try queue.run(
                sql: "UPDATE jobs SET account_id = \(Self.malformedAccount) WHERE id <= 2")
            try queue.run(
                sql: """
                    INSERT INTO calls (kind, size, started_at, boot_id, uptime_ms)
                    VALUES ('convert', 3, '2026-11-22T00:00:00.000Z', 'test', 1);
                    UPDATE jobs SET state = 'verifying', doubt = 'no_answer', call_id = 1
                    """)
            // Even where only such rows fit into the verification.
            let verification = try queue.claims.claimVerification(upTo: 2, CallStart(at: .ms(0)))
            #expect(verification?.jobs.map(\.job.id) == [3])
            let jobs = try queue.jobs()
            #expect(jobs.map { $0.text("state") } == ["failed", "failed", "verifying"])
            #expect(jobs[0].text("error_code") == "MALFORMED_ID")
            #expect(
                try queue.log().map { $0.text("kind") } == ["verify", "verify", "verify"])
            #expect(try queue.log().map { $0.text("outcome") } == ["failed", "failed", nil])
        }
    }

    @Test(arguments: [RetryPolicy.OnFailure.pause, .carryOn])
    func `a malformed row pauses its batch if its policy says so`(onFailure: RetryPolicy.OnFailure)
        async throws
    {
        try await withQueue { queue in
            var policy = RetryPolicy()
            policy.onFailure = onFailure
            try queue.operations.set(policy, named: "strict")
            var options = EnqueueOptions()
            (options.batch, options.policy) = ("a", "strict")
            try queue.add(1...3, options)
            try queue.add(4...4)
            try queue.run(sql: "UPDATE jobs SET account_id = \(Self.malformedAccount) WHERE id = 2")
            let call = try queue.claims.claim(upTo: 9, CallStart(at: .ms(0)), choosing: { $0 })
            #expect(call?.jobs.map(\.id).sorted() == (onFailure == .pause ? [4] : [1, 3, 4]))
            let states = try queue.jobs().map { $0.text("state") }
            #expect(
                states
                    == (onFailure == .pause
                        ? ["held", "failed", "held", "sending"]
                        : ["sending", "failed", "sending", "sending"]))
        }
    }
}

extension JobQueue {
    /// How many transactions wrote something.
    fileprivate func dataChanges(_ body: () throws -> Void) throws -> Int {
        let recorder = StatementRecorder(keepsRepeats: true)
        database.inDatabase { recorder.listen(to: $0) }
        try body()
        return recorder.all.count { $0.hasPrefix("COMMIT") }
    }
}
