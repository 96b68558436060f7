import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

/// Jobs whose call may be running at Salesforce, and SQL from outside.
@Suite struct InFlightTests {
    private static let lead = "'00QWs0000000001'"

    /// What SQL by hand is told, or nil when it is carried out.
    /// Leads 1 and 2 in the batch "first", lead 3 in the batch "second".
    private func addTwoBatches(_ queue: JobQueue) throws {
        var options = EnqueueOptions()
        options.batch = "first"
        try queue.add(1...2, options)
        options.batch = "second"
        try queue.add(3...3, options)
    }

    private func refusal(_ queue: JobQueue, _ sql: String) -> String? {
        do {
            try queue.database.write { try $0.execute(sql: sql) }
            return nil
        } catch let error as DatabaseError {
            return error.message
        } catch {
            return "\(error)"
        }
    }

    private func withJobInFlight(
        _ state: JobState, _ body: (JobQueue) throws -> Void
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            _ = try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 })
            if state == .verifying { _ = try queue.settlements.recover(at: .ms(1)) }
            #expect(try queue.jobs().first?.text("state") == state.rawValue)
            try body(queue)
        }
    }

    @Test(
        arguments: [JobState.sending, .verifying],
        [
            "INSERT OR REPLACE INTO jobs (lead_id, converted_status) VALUES (\(lead), 'x')",
            "REPLACE INTO jobs (lead_id, converted_status) VALUES ('00QWs0000000001AAA', 'x')",
            "REPLACE INTO jobs (id, lead_id, converted_status) VALUES (1, '00QWs0000000007', 'x')",
            "UPDATE OR REPLACE jobs SET lead_id = \(lead) WHERE id = 2",
            "UPDATE OR REPLACE jobs SET id = 1 WHERE id = 2",
            "DELETE FROM jobs WHERE id = 1",
            "UPDATE jobs SET state = 'cancelled', finished_at = '2026-11-28T00:00:00.000Z'",
            "INSERT INTO batches (name) VALUES ('b'); UPDATE jobs SET batch_id = 1 "
                + "-- job_in_flight_must_stay_as_it_is",
            "PRAGMA recursive_triggers = 1; REPLACE INTO jobs (lead_id, converted_status) "
                + "VALUES (\(lead), 'x')",
        ])
    func `a job in flight is neither replaced nor deleted`(state: JobState, sql: String)
        async throws
    {
        try await withJobInFlight(state) { (queue: JobQueue) throws in
            let told = refusal(queue, sql)
            #expect(told?.contains("job_in_flight_must_stay") == true, "\(told ?? "done")")
            #expect(try queue.jobs().map { $0.number("id") } == [1, 2])
            #expect(try queue.jobs().first?.text("state") == state.rawValue)
        }
    }

    @Test(arguments: [
        "INSERT OR REPLACE INTO batches (name) VALUES ('friday')",
        "REPLACE INTO batches (id, name) VALUES (1, 'monday')",
        "DELETE FROM batches WHERE name = 'friday'",
    ])
    func `a batch with jobs is neither replaced nor deleted`(sql: String) async throws {
        try await withQueue { (queue: JobQueue) throws in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...2, options)
            let told = refusal(queue, sql)
            #expect(told?.contains("batch_with_jobs_must_stay") == true, "\(told ?? "done")")
            let allowed = [
                "INSERT OR IGNORE INTO batches (name) VALUES ('friday')",
                "INSERT INTO batches (name) VALUES ('friday') "
                    + "ON CONFLICT (name) DO UPDATE SET policy = 'default'",
                "INSERT OR REPLACE INTO batches (name) VALUES ('monday')",
                "DELETE FROM batches WHERE name = 'monday'",
            ]
            for sql in allowed { #expect(refusal(queue, sql) == nil, "\(sql)") }
        }
    }

    @Test(arguments: [
        ("DELETE FROM policies WHERE name = 'careful'", "policy_in_use_must_stay"),
        ("UPDATE policies SET name = 'other' WHERE name = 'careful'", "policy_in_use_must_stay"),
        ("UPDATE jobs SET policy = 'typo'", "policy_must_be_in_policies"),
        ("UPDATE batches SET policy = 'typo'", "policy_must_be_in_policies"),
        ("UPDATE jobs SET batch_id = 77 WHERE state = 'queued'", "batch_id_must_be_in_batches"),
        ("UPDATE batches SET id = 50 WHERE id = 1", "batch_with_jobs_must_stay"),
        (
            "UPDATE OR REPLACE batches SET name = 'friday' WHERE name = 'monday'",
            "batch_name_must_be_new"
        ),
        (
            "INSERT OR REPLACE INTO run_log (id, job_id, lead_id, attempt, kind, started_at) "
                + "VALUES (1, 1, 'x', 1, 'convert', 'x')", "run_log_is_append_only"
        ),
        ("UPDATE OR REPLACE run_log SET id = 1 WHERE id = 2", "run_log_is_append_only"),
    ])
    func `what others refer to stays`(sql: String, sentence: String) async throws {
        try await withQueue { (queue: JobQueue) throws in
            try queue.operations.set(RetryPolicy(), named: "careful")
            var options = EnqueueOptions()
            (options.batch, options.policy) = ("friday", "careful")
            try queue.add(1...2, options)
            try queue.run(sql: "INSERT INTO batches (name) VALUES ('monday')")
            try queue.add(3...3)
            _ = try queue.claims.claim(upTo: 2, CallStart(at: .ms(0)), choosing: { $0 })
            let told = refusal(queue, sql)
            #expect(told?.contains(sentence) == true, "\(told ?? "done")")
        }
    }

    @Test func `a job that is deleted by hand does not keep its batch from finishing`() async throws
    {
        try await withQueue { (queue: JobQueue) throws in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...3, options)
            _ = try queue.operations.cancel([.job(1), .job(2)], at: Moment.ms(1).wall)
            #expect(refusal(queue, "DELETE FROM jobs WHERE id = 3") == nil)
            let batch = try Dashboard(path: queue.path).batch(named: "friday")
            #expect(batch.finishedAt != nil && batch.total == 2)
        }
    }

    @Test(
        arguments: [JobState.sending, .verifying],
        [
            "lead_id = '00QWs0000000009'", "converted_status = 'y'",
            "do_not_create_opportunity = 1", "opportunity_name = 'y'",
            "opportunity_id = '0062z000001uX5c'", "account_id = '001D000000HRzTR'",
            "account_id = '001D000000HRzTR', contact_id = '0034C00000UQ6jI'",
            "owner_id = '0054C00000UQ6jI'", "overwrite_lead_source = 1",
            "send_notification_email = 1", "group_key = 'Acme'", "match_email = 'a@b.c'",
        ])
    func `a job in flight is asked for nothing else`(state: JobState, change: String) async throws {
        try await withJobInFlight(state) { (queue: JobQueue) throws in
            let told = refusal(queue, "UPDATE jobs SET \(change) WHERE id = 1")
            #expect(told?.contains("job_in_flight_must_stay_as_it_is") == true, "\(told ?? "done")")
            #expect(refusal(queue, "UPDATE jobs SET \(change) WHERE id = 2") == nil)
        }
    }

    @Test func `a second job of a lead in flight is still met by the unique index`() async throws {
        try await withJobInFlight(.sending) { (queue: JobQueue) throws in
            let row = "INTO jobs (lead_id, converted_status) VALUES (\(Self.lead), 'x')"
            let told = refusal(queue, "INSERT \(row)")
            #expect(told?.contains("jobs_one_unsettled_job_for_a_lead") == true)
            #expect(refusal(queue, "INSERT OR IGNORE \(row)") == nil)
            #expect(refusal(queue, "INSERT \(row) ON CONFLICT DO NOTHING") == nil)
            try queue.add(1...1)
            #expect(try queue.jobs().count == 2)
            // One that waits may be replaced, as ever.
            let second = "INTO jobs (lead_id, converted_status) VALUES ('00QWs0000000002', 'x')"
            #expect(refusal(queue, "INSERT OR REPLACE \(second)") == nil)
        }
    }

    @Test func `a job that is moved to another batch counts, waits and goes with that one`()
        async throws
    {
        try await withQueue { (queue: JobQueue) throws in
            try addTwoBatches(queue)
            _ = try queue.operations.pause(true, batch: "second", at: .now, by: "test")
            #expect(refusal(queue, "UPDATE jobs SET batch_id = 2 WHERE batch_id = 1") == nil)
            #expect(try queue.jobs().map { $0.text("state") } == ["held", "held", "held"])
            #expect(try queue.reports.leads(ofBatch: "first").total == 0)
            #expect(try queue.reports.leads(ofBatch: "second").total == 3)
            #expect(refusal(queue, "UPDATE jobs SET batch_id = NULL WHERE id = 1") == nil)
            #expect(refusal(queue, "UPDATE jobs SET batch_id = 1 WHERE id = 2") == nil)
            #expect(try queue.jobs().map { $0.text("state") } == ["queued", "queued", "held"])
            let ends = try queue.read {
                try String?.fetchAll($0, sql: "SELECT finished_at FROM batches ORDER BY id")
            }
            #expect(ends == [nil, nil])
        }
    }

    @Test func `a batch whose last unsettled job is moved away has finished`() async throws {
        try await withQueue { (queue: JobQueue) throws in
            var options = EnqueueOptions()
            options.batch = "first"
            try queue.add(1...2, options)
            let change = """
                UPDATE jobs SET state = 'cancelled', finished_at = updated_at WHERE id = 1;
                UPDATE jobs SET batch_id = NULL WHERE id = 2
                """
            #expect(refusal(queue, change) == nil)
            let batch = try queue.read {
                try Row.fetchOne($0, sql: "SELECT total, finished_at FROM batches")
            }
            #expect(batch?["total"] == 1)
            #expect(batch?["finished_at"] as String? != nil)
        }
    }

    @Test func `a policy by which a failed job would run again stays`() async throws {
        try await withQueue { (queue: JobQueue) throws in
            try queue.operations.set(RetryPolicy(), named: "careful")
            var options = EnqueueOptions()
            options.policy = "careful"
            try queue.add(1...1, options)
            let fail = """
                UPDATE jobs SET state = 'failed', error_code = 'X', finished_at = updated_at
                """
            #expect(refusal(queue, fail) == nil)
            let delete = "DELETE FROM policies WHERE name = 'careful'"
            #expect(refusal(queue, delete)?.contains("policy_in_use_must_stay") == true)
            #expect(refusal(queue, "DELETE FROM jobs; \(delete)") == nil)
        }
    }

    @Test(arguments: ["9223372036854775807", "0", "-3"])
    func `a number after which there is none, or that nothing is listed by, is refused`(id: String)
        async throws
    {
        try await withQueue { (queue: JobQueue) throws in
            let row = "INTO jobs (id, lead_id, converted_status) VALUES (\(id), \(Self.lead), 'x')"
            #expect(refusal(queue, "INSERT \(row)")?.contains("id_must_be_1_to") == true)
            try queue.add(1...1)
        }
    }

    @Test func `what is not asked of Salesforce may be changed in flight`() async throws {
        try await withJobInFlight(.verifying) { (queue: JobQueue) throws in
            let change = "priority = 3, position = 7, converted_status = converted_status"
            #expect(refusal(queue, "UPDATE jobs SET \(change) WHERE id = 1") == nil)
        }
    }

    @Test(arguments: [false, true])
    func `a job that waits and is replaced is counted once, in the batch where it is now`(
        firesTriggers: Bool
    ) async throws {
        try await withQueue { (queue: JobQueue) throws in
            try addTwoBatches(queue)
            let columns = "INTO jobs (lead_id, converted_status, batch_id) VALUES"
            func write(_ sql: String) -> String? {
                refusal(queue, "PRAGMA recursive_triggers = \(firesTriggers); \(sql)")
            }
            #expect(write("REPLACE \(columns) ('00QWs0000000001', 'x', 1)") == nil)
            #expect(write("INSERT OR IGNORE \(columns) ('00QWs0000000001', 'x', 1)") == nil)
            for verb in ["INSERT", "INSERT OR ABORT"] {
                let told = write("\(verb) \(columns) ('00QWs0000000001', 'x', 1)")
                #expect(told?.contains("jobs_one_unsettled_job_for_a_lead") == true)
            }
            #expect(try totals(queue) == [2, 1])
            #expect(write("REPLACE \(columns) ('00QWs0000000003', 'x', 1)") == nil)
            #expect(try totals(queue) == [3, 0])
            // One that takes the place of its number, and is deleted later.
            let number = "(SELECT min(id) FROM jobs)"
            let again = "INTO jobs (id, lead_id, converted_status, batch_id)"
            #expect(write("REPLACE \(again) SELECT \(number), '00QWs0000000007', 'x', 2") == nil)
            #expect(try totals(queue) == [2, 1])
            #expect(write("DELETE FROM jobs WHERE id = \(number)") == nil)
            #expect(try totals(queue) == [2, 0])
        }
    }

    @Test func `a batch whose last unsettled job is replaced into another has finished`()
        async throws
    {
        try await withQueue { (queue: JobQueue) throws in
            try addTwoBatches(queue)
            let write = """
                UPDATE jobs SET state = 'converted', finished_at = updated_at WHERE id = 1;
                REPLACE INTO jobs (lead_id, converted_status, batch_id)
                VALUES ('00QWs0000000002', 'x', 2)
                """
            #expect(refusal(queue, write) == nil)
            let sql = "SELECT finished_at IS NOT NULL FROM batches ORDER BY id"
            #expect(try queue.read { try Bool.fetchAll($0, sql: sql) } == [true, false])
        }
    }

    @Test func `who ends the last follow-up by hand ends its job and its batch`() async throws {
        try await withQueue { (queue: JobQueue) throws in
            var options = EnqueueOptions()
            options.batch = "first"
            try queue.add(1...1, options)
            let begin = """
                UPDATE jobs SET state = 'finishing';
                INSERT INTO follow_ups (job_id, priority, kind, object, record_id, state, run_at)
                VALUES (1, 0, 'note', 'Contact', '003', 'waiting', '2026-01-01T00:00:00.000Z'),
                    (1, 0, 'task', 'Contact', '003', 'waiting', '2026-01-01T00:00:00.000Z')
                """
            #expect(refusal(queue, begin) == nil)
            #expect(refusal(queue, "UPDATE follow_ups SET state = 'done' WHERE id = 1") == nil)
            #expect(try queue.jobs().first?.text("state") == "finishing")
            #expect(refusal(queue, "UPDATE follow_ups SET state = 'failed' WHERE id = 2") == nil)
            let job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "converted")
            #expect(job.text("after_code") == "FAILED_BY_HAND")
            let ended = "SELECT count(*) FROM batches WHERE finished_at IS NOT NULL"
            #expect(try queue.read { try Int.fetchOne($0, sql: ended) } == 1)
        }
    }

    @Test func `who puts off a batch puts off no question about a lead in doubt`() async throws {
        try await withJobInFlight(.verifying) { (queue: JobQueue) throws in
            let before = try queue.jobs().map { $0.text("run_at") }
            let later = "2999-01-01T00:00:00.000Z"
            #expect(refusal(queue, "UPDATE jobs SET run_at = '\(later)'") == nil)
            #expect(try queue.jobs().map { $0.text("run_at") } == [before[0], later])
        }
    }

    private func totals(_ queue: JobQueue) throws -> [Int] {
        try queue.read { try Int.fetchAll($0, sql: "SELECT total FROM batches ORDER BY id") }
    }

    @Test func `a converted job is not called cancelled`() async throws {
        try await withQueue { (queue: JobQueue) throws in
            try queue.add(1...1)
            let convert = "UPDATE jobs SET state = 'converted', finished_at = updated_at"
            #expect(refusal(queue, convert) == nil)
            let told = refusal(queue, "UPDATE jobs SET state = 'cancelled'")
            #expect(told?.contains("job_converted_must_stay") == true, "\(told ?? "done")")
        }
    }

    @Test(arguments: [
        ("UPDATE follow_ups SET attempts = 9223372036854775807", "attempts_must_be_0_to_1000000"),
        ("UPDATE follow_ups SET run_at = 'soon'", "run_at_must_be"),
        ("UPDATE follow_ups SET job_id = 9", "follow_up_must_stay_with_its_job"),
        ("DELETE FROM follow_ups", "follow_up_must_stay"),
        (
            "INSERT INTO follow_ups (job_id, priority, kind, object, record_id, state, run_at) "
                + "VALUES (9, 0, 'note', 'Contact', '003', 'waiting', '2026-01-01T00:00:00.000Z')",
            "job_id_must_be_in_jobs"
        ),
        ("UPDATE calls SET uptime_ms = -9223372036854775807", "uptime_ms_must_be"),
        ("UPDATE limiter SET usage_current = -1", "usage_current_must_be"),
        ("UPDATE queue SET clock_uptime_ms = 9223372036854775807", "clock_uptime_ms_must_be"),
        ("INSERT INTO delays VALUES ('account 001', 'later')", "until_must_be"),
        (
            "UPDATE jobs SET state = 'verifying', doubt = 'crash' WHERE id = 2",
            "verifying_must_have_its_call"
        ),
    ])
    func `what no claim could read, or nobody would ever end, is refused`(
        sql: String, rule: String
    ) async throws {
        try await withQueue { (queue: JobQueue) throws in
            try queue.add(1...2)
            try queue.run(
                sql: """
                    INSERT INTO calls (kind, size, started_at, boot_id, uptime_ms)
                    VALUES ('convert', 1, '2026-01-01T00:00:00.000Z', 'test', 1);
                    INSERT OR IGNORE INTO limiter (id, tokens, capacity, rate, at, boot_id, uptime_ms)
                    VALUES (1, 1, 1, 1, '2026-01-01T00:00:00.000Z', 'test', 1);
                    UPDATE jobs SET state = 'finishing' WHERE id = 1;
                    INSERT INTO follow_ups (job_id, priority, kind, object, record_id, state, run_at)
                    VALUES (1, 0, 'note', 'Contact', '003', 'waiting', '2026-01-01T00:00:00.000Z')
                    """)
            let told = refusal(queue, sql)
            #expect(told?.contains(rule) == true, "\(told ?? "done")")
        }
    }
}
