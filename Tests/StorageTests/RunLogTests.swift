import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

/// Attempts that convert their lead stand in no row of their own. Nobody who reads the run log is to
/// notice.
@Suite struct RunLogTests {
    @Test func `a conversion is in the run log from its claim on, without a row of its own`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...2)
            let call = try #require(
                try queue.claims.claim(upTo: 2, CallStart(at: .ms(0)), choosing: { $0 }))
            let sent = try lines(queue)
            #expect(sent == ["1 1 1 1 convert 0 - - - -", "2 2 1 1 convert 0 - - - -"])
            try queue.settlements.settle([converted(call, 1...2)])
            let done = try lines(queue)
            #expect(
                done == [
                    "1 1 1 1 convert 0 7 7 converted 001D000000HRzTRIA1",
                    "2 2 1 1 convert 0 7 7 converted 001D000000HRzTRIA1",
                ])
            #expect(try ownRows(queue) == [])
        }
    }

    @Test func `numbers go on where the last attempt has them, whoever keeps it`() async throws {
        try await withQueue { queue in
            try queue.add(1...4)
            let call = try #require(
                try queue.claims.claim(upTo: 3, CallStart(at: .ms(0)), choosing: { $0 }))
            var end = converted(call, 1...2)
            end.settlements.append(Settlement(call.jobs[2], in: call.id, .failed, to: .failed))
            try queue.settlements.settle([end])
            #expect(try ownRows(queue) == [3])
            let next = try #require(
                try queue.claims.claim(upTo: 3, CallStart(at: .ms(9)), choosing: { $0 }))
            #expect(next.jobs.map(\.entry) == [4])
            _ = try queue.settlements.recover(at: .ms(10))
            #expect(try ownRows(queue) == [3, 4])
            let asked = try #require(
                try queue.claims.claimVerification(upTo: 9, CallStart(at: .ms(11))))
            #expect(asked.jobs.map(\.job.entry) == [5])
            #expect(try queue.log().map { $0.number("id") } == [1, 2, 3, 4, 5])
        }
    }

    @Test(arguments: [
        "DELETE FROM jobs WHERE id = 1",
        "REPLACE INTO jobs (id, lead_id, converted_status) VALUES (1, '00QWs0000000009', 'x')",
        "PRAGMA recursive_triggers = 1; "
            + "REPLACE INTO jobs (id, lead_id, converted_status) VALUES (1, '00QWs0000000009', 'x')",
        "UPDATE OR REPLACE jobs SET id = 1 WHERE id = 3",
        "UPDATE jobs SET id = 77 WHERE id = 1",
        "UPDATE jobs SET lead_id = '00QWs0000000009' WHERE id = 1",
        "UPDATE jobs SET attempts = 0, result_account_id = NULL",
        "UPDATE jobs SET call_id = 999, result_contact_id = NULL",
        "UPDATE jobs SET state = 'queued', finished_at = NULL WHERE id = 1",
        // The schema refuses these, and a statement that goes on leaves the rows as they were.
        "UPDATE OR IGNORE jobs SET state = 'queued' WHERE state = 'converted'",
        "CREATE TRIGGER of_theirs AFTER UPDATE OF state ON jobs BEGIN "
            + "UPDATE jobs SET attempts = attempts, priority = 1 WHERE id = NEW.id; END; "
            + "UPDATE jobs SET state = 'queued', finished_at = NULL WHERE id = 1",
        "DELETE FROM calls",
        "REPLACE INTO calls (id, kind, size, started_at, boot_id, uptime_ms) "
            + "VALUES (1, 'convert', 1, '', '', 1)",
        "UPDATE calls SET size = -1",
        "UPDATE calls SET started_at = '', duration_ms = 1, finished_at = NULL",
        "UPDATE calls SET log_id = 100",
    ])
    func `what somebody does to jobs and calls leaves the run log as it was`(sql: String)
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...3)
            let call = try #require(
                try queue.claims.claim(upTo: 2, CallStart(at: .ms(0)), choosing: { $0 }))
            try queue.settlements.settle([converted(call, 1...2)])
            let before = try lines(queue)
            try queue.run(sql: sql)
            #expect(try lines(queue) == before)
            #expect(try !ownRows(queue).isEmpty)
        }
    }

    @Test(arguments: [
        "UPDATE jobs SET state = 'queued' WHERE id = 1",
        "UPDATE jobs SET state = 'converted', finished_at = '9' WHERE id = 1",
        "UPDATE jobs SET state = 'failed', finished_at = run_at WHERE id = 1",
        "UPDATE jobs SET attempts = 7 WHERE id = 1",
        "UPDATE OR IGNORE jobs SET state = 'cancelled'",
        "UPDATE OR IGNORE jobs SET state = 'failed'",
        "UPDATE jobs SET state = 'converted', updated_at = '9', finished_at = '9' WHERE id = 1",
        "UPDATE calls SET size = 1", "DELETE FROM calls",
    ])
    func `an answer is in the run log, whatever somebody made of its job meanwhile`(sql: String)
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...2)
            let call = try #require(
                try queue.claims.claim(upTo: 2, CallStart(at: .ms(0)), choosing: { $0 }))
            try queue.run(sql: sql)
            try queue.settlements.settle([converted(call, 1...2)])
            let log = try queue.log()
            #expect(log.map { $0.number("id") } == [1, 2])
            #expect(log.map { $0.text("outcome") } == ["converted", "converted"])
            #expect(
                log.map { $0.text("account_id") } == ["001D000000HRzTRIA1", "001D000000HRzTRIA1"])
        }
    }

    @Test func `an answer is in the run log, though somebody ended its follow-up meanwhile`()
        async throws
    {
        try await withQueue { queue in
            try queue.enqueue(.init(), at: Moment.ms(0).wall) { queue in
                var lead = try LeadConversion.lead(1)
                lead.followUps = FollowUpRequest()
                lead.followUps?.noteBody = "Summary"
                try queue.add(lead)
            }
            let call = try #require(
                try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 }))
            var end = converted(call, 1...1)
            end.settlements[0].to = .finishing
            try queue.settlements.settle([end])
            let note = try #require(
                try queue.claims.claimFollowUps(.note, upTo: 1, CallStart(at: .ms(20))))
            try queue.run(sql: "UPDATE follow_ups SET state = 'failed'")
            var done = FollowUpSettlement(note.followUps[0], in: note.id, .done, to: .done)
            done.recordID = "002D000000000001"
            try queue.settlements.settle(
                CallEnd(callID: note.id, startedAt: .ms(20), at: .ms(25)), [], [], [done])
            let row = try queue.log()[1]
            #expect(row.text("outcome") == "done" && row.text("message") == "002D000000000001")
            #expect(try queue.jobs().map { $0.text("after_code") } == ["FAILED_BY_HAND"])
        }
    }

    @Test func `a number that is there twice keeps no daemon from going on`() async throws {
        try await withQueue(as: .daemon) { queue in
            try queue.add(1...2)
            let call = try #require(
                try queue.claims.claim(upTo: 2, CallStart(at: .ms(0)), choosing: { $0 }))
            try queue.run(
                sql: "INSERT INTO run_log_rows SELECT * FROM run_log_of_jobs WHERE job_id = 1")
            var end = converted(call, 1...2)
            for index in 0...1 {
                end.settlements[index] = Settlement(
                    call.jobs[index], in: call.id, .failed, to: .failed)
            }
            try queue.settlements.settle([end])
            #expect(try queue.log().map { $0.text("outcome") } == ["failed", "failed"])
        }
    }

    @Test(arguments: [
        "BEGIN SELECT 1; END",
        "WHEN NEW.state = 'converted' BEGIN UPDATE jobs SET batch_id = 1 WHERE id = NEW.id; END",
    ])
    func `a trigger of somebody's own does not change what the run log says`(body: String)
        async throws
    {
        try await withQueue(as: .daemon) { queue in
            try queue.run(sql: "INSERT INTO batches (name) VALUES ('archive')")
            try queue.run(sql: "CREATE TRIGGER of_theirs AFTER UPDATE OF state ON jobs \(body)")
            try queue.add(1...2)
            let call = try #require(
                try queue.claims.claim(upTo: 2, CallStart(at: .ms(0)), choosing: { $0 }))
            // Within the millisecond of their claim.
            try queue.settlements.settle([converted(call, 1...2, at: 0)])
            let log = try queue.log()
            #expect(log.map { $0.text("outcome") } == ["converted", "converted"])
            #expect(log.map { $0.number("duration_ms") } == [7, 7])
        }
    }

    @Test func `rows of the log can be added by hand, and none changed or taken out`() async throws
    {
        try await withQueue { queue in
            try queue.add(1...1)
            let call = try #require(
                try queue.claims.claim(upTo: 2, CallStart(at: .ms(0)), choosing: { $0 }))
            try queue.settlements.settle([converted(call, 1...1)])
            let row = "(1, '00QWs0000000001', 1, 'convert', '2026-11-22T00:00:00.000Z')"
            let columns = "job_id, lead_id, attempt, kind, started_at"
            try queue.run(sql: "INSERT INTO run_log (\(columns)) VALUES \(row)")
            #expect(try queue.log().map { $0.number("id") } == [1, 2])
            for sql in [
                "UPDATE run_log SET outcome = 'failed'", "DELETE FROM run_log",
                "INSERT INTO run_log (id, \(columns)) VALUES (1, \(row.dropFirst())",
                "REPLACE INTO run_log (id, \(columns)) VALUES (2, \(row.dropFirst())",
                "INSERT INTO run_log_rows (\(columns)) VALUES \(row)",
            ] {
                let error = #expect(throws: DatabaseError.self) {
                    try queue.database.write { try $0.execute(sql: sql) }
                }
                let rule =
                    sql.contains("run_log_rows")
                    ? "run_log_rows_need_a_number" : "run_log_is_append_only"
                #expect(error?.message?.contains(rule) == true, "\(sql)")
            }
        }
    }

    @Test func `the last number before a time is that of all attempts, wherever they stand`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...3)
            let call = try #require(
                try queue.claims.claim(upTo: 3, CallStart(at: .ms(5)), choosing: { $0 }))
            var end = converted(call, 1...2)
            end.settlements.append(Settlement(call.jobs[2], in: call.id, .failed, to: .failed))
            try queue.settlements.settle([end])
            let dashboard = try Dashboard(path: queue.path)
            #expect(try dashboard.lastNumbers(before: Moment.ms(5).wall).attempt == 0)
            #expect(try dashboard.lastNumbers(before: Moment.ms(6).wall).attempt == 3)
        }
    }

    @Test func `prune takes out attempts and calls with their jobs, and no sooner`() async throws {
        try await withQueue { queue in
            try queue.add(1...4)
            for (size, time) in [(2, 0), (1, 20)] as [(Int, Int64)] {
                let call = try #require(
                    try queue.claims.claim(upTo: size, CallStart(at: .ms(time)), choosing: { $0 }))
                try queue.settlements.settle([converted(call, 1...size, at: time + 7)])
            }
            // One of the first call ends later.
            try queue.run(sql: "UPDATE jobs SET finished_at = '\(Moment.ms(99).wall)' WHERE id = 2")
            let pruned = try queue.operations.prune(
                before: Moment.ms(10).wall, callsBefore: Moment.ms(90).wall)
            #expect(pruned.jobs == 1 && pruned.logRows == 1 && pruned.calls == 0)
            #expect(try queue.log().map { $0.number("job_id") } == [2, 3])
            let rest = try queue.operations.prune(before: Moment.ms(100).wall)
            #expect(rest.jobs == 2 && rest.logRows == 2 && rest.calls == 2)
            #expect(try queue.log().isEmpty)
        }
    }

    // MARK: -

    private func converted(
        _ call: ClaimedCall, _ places: ClosedRange<Int>, at end: Int64 = 7
    ) -> SettledCall {
        var settled = SettledCall(
            CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(end), durationMS: 7))
        settled.settlements = places.map { place in
            var done = Settlement(call.jobs[place - 1], in: call.id, .converted, to: .converted)
            done.attempts += 1
            done.records = ConvertedRecords(
                accountID: "001D000000HRzTRIA1", contactID: "003D000000QOMqaIAH", opportunityID: nil
            )
            return done
        }
        return settled
    }

    private func ownRows(_ queue: JobQueue) throws -> [Int64] {
        try queue.read { try Int64.fetchAll($0, sql: "SELECT id FROM run_log_rows ORDER BY id") }
    }

    /// The columns that matter of each row, times as milliseconds after the start.
    private func lines(_ queue: JobQueue) throws -> [String] {
        let start = Moment.ms(0).wall
        return try queue.log().map { row in
            func since(_ column: String) -> String {
                row.text(column).map { text in Timestamp(text).map { "\($0 - start)" } ?? text }
                    ?? "-"
            }
            func number(_ column: String) -> String { row.number(column).map(String.init) ?? "-" }
            return [
                number("id"), number("job_id"), number("attempt"), number("call_id"),
                row.text("kind") ?? "-", since("started_at"), since("finished_at"),
                number("duration_ms"), row.text("outcome") ?? "-", row.text("account_id") ?? "-",
            ].joined(separator: " ")
        }
    }
}
