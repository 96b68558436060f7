import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

/// A lead has one unsettled job at a time, and may have had others before.
@Suite struct LaterJobTests {
    private let insert = "INSERT INTO jobs (lead_id, converted_status) VALUES ('\(lead)', 'Q')"
    private static let lead = "00QWs0000000001MAA"

    /// What SQL by hand is told, or nil when it is carried out.
    private func refusal(_ queue: JobQueue, _ sql: String) throws -> String? {
        do {
            try queue.run(sql: sql)
            return nil
        } catch let error as OperatorError {
            return error.description
        }
    }

    private let settle = """
        UPDATE jobs SET state = 'failed', finished_at = updated_at WHERE finished_at IS NULL
        """

    private func retry(_ job: Int64, _ queue: JobQueue) throws -> Change {
        try queue.operations.retry([.job(job)], at: Moment.ms(20).wall)
    }

    private func states(_ queue: JobQueue) throws -> [String] {
        try queue.jobs().map { $0.text("state") ?? "" }
    }

    @Test func `a lead whose jobs are settled may have another, and one only`() async throws {
        try await withQueue { queue in
            for job in 1...3 {
                #expect(try refusal(queue, insert) == nil)
                #expect(
                    try refusal(queue, insert)?.contains("jobs_one_unsettled_job_for_a_lead")
                        == true)
                try queue.run(sql: insert.replacing("INSERT", with: "INSERT OR IGNORE"))
                #expect(try queue.jobs().count == job)
                try queue.run(sql: settle)
            }
            // REPLACE takes the place of what waits, never of what was settled.
            try queue.run(sql: insert.replacing("INSERT", with: "INSERT OR REPLACE"))
            try queue.run(sql: insert.replacing("INSERT", with: "INSERT OR REPLACE"))
            #expect(try states(queue) == ["failed", "failed", "failed", "queued"])
        }
    }

    @Test func `leads of a file that have settled jobs are added, however many they are`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...70)
            try queue.run(sql: "UPDATE jobs SET state = 'failed', finished_at = updated_at")
            try queue.add(31...31)
            let (added, skipped) = try queue.enqueue(EnqueueOptions(), at: Moment.ms(5).wall) {
                enqueuing in
                for number in 21...120 { try enqueuing.append(.lead(number)) }
                try enqueuing.flush()
                return (enqueuing.added, enqueuing.skipped)
            }
            #expect((added, skipped) == (99, 1))
            let sql = """
                SELECT count(*) FROM (SELECT 1 FROM jobs WHERE finished_at IS NULL GROUP BY lead_id
                HAVING count(*) = 1 AND max(superseded) = 0)
                """
            #expect(try queue.database.read { try Int.fetchOne($0, sql: sql) } == 100)
        }
    }

    @Test(arguments: [JobQueue.Role.client, .daemon])
    func `an earlier job is retried while no later one waits`(as role: JobQueue.Role) async throws {
        try await withQueue(as: role) { queue in
            try queue.run(sql: insert + ";" + settle + ";" + insert)
            #expect(try retry(1, queue).superseded == 1)
            #expect(try states(queue) == ["failed", "queued"])
            try queue.run(sql: settle)
            #expect(try retry(1, queue).changed == 1)
            #expect(try states(queue) == ["queued", "failed"])
            #expect(try retry(2, queue).superseded == 1)
            #expect(
                try refusal(queue, insert)?.contains("jobs_one_unsettled_job_for_a_lead") == true)
        }
    }

    @Test func `SQL by hand takes an earlier job up while no later one waits`() async throws {
        try await withQueue { queue in
            try queue.run(sql: insert + ";" + settle + ";" + insert)
            for verb in ["UPDATE", "UPDATE OR IGNORE", "UPDATE OR REPLACE"] {
                let told = try refusal(
                    queue, "\(verb) jobs SET state = 'queued', finished_at = NULL WHERE id = 1")
                #expect(told?.contains("jobs_one_unsettled_job_for_a_lead") == true)
                #expect(try states(queue) == ["failed", "queued"])
            }
            try queue.run(sql: settle)
            try queue.run(sql: "UPDATE jobs SET state = 'queued', finished_at = NULL WHERE id = 1")
            #expect(
                try refusal(queue, insert)?.contains("jobs_one_unsettled_job_for_a_lead") == true)
        }
    }

    @Test func `no job is taken for an earlier one by hand`() async throws {
        try await withQueue { queue in
            try queue.run(sql: insert)
            let later =
                "INSERT OR IGNORE INTO jobs (lead_id, converted_status, superseded) "
                + "VALUES ('\(Self.lead)', 'Q', 77)"
            try queue.run(sql: later)
            #expect(try refusal(queue, "UPDATE jobs SET superseded = 5") != nil)
            #expect(try queue.jobs().count == 1)
        }
    }

    @Test func `a job may be given another lead that has settled ones`() async throws {
        try await withQueue { queue in
            try queue.run(sql: insert + ";" + settle)
            try queue.add(2...2)
            try queue.run(sql: "UPDATE jobs SET lead_id = '\(Self.lead)' WHERE id = 2")
            #expect(
                try refusal(queue, insert)?.contains("jobs_one_unsettled_job_for_a_lead") == true)
        }
    }

    @Test(arguments: [JobQueue.Role.client, .daemon])
    func `what is sent again later is put aside until then, and what it waits for has a beginning`(
        as role: JobQueue.Role
    ) async throws {
        try await withQueue(as: role) { queue in
            try queue.add(1...1)
            let call = try #require(
                try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 }))
            var settlement = Settlement(call.jobs[0], in: call.id, .retry, to: .queued)
            settlement.nextRunAt = Moment.ms(60_000).wall
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(1)), [settlement])
            let aside = "SELECT deferred_for FROM jobs WHERE state = 'queued'"
            #expect(try queue.database.read { try String.fetchOne($0, sql: aside) } == "time")

            try queue.settlements.record(waitingFor: .time, until: Moment.ms(60_000).wall)
            let since = "SELECT waiting_since FROM queue"
            let first = try queue.database.read { try String.fetchOne($0, sql: since) }
            #expect(first != nil)
            try queue.settlements.record(waitingFor: .time, until: Moment.ms(70_000).wall)
            #expect(try queue.database.read { try String.fetchOne($0, sql: since) } == first)
            try queue.settlements.record(waitingFor: nil, until: nil)
            #expect(try queue.database.read { try String.fetchOne($0, sql: since) } == nil)
        }
    }
}

/// The log of a call of which some leads were converted.
@Suite struct MixedCallTests {
    @Test func `each lead's row tells what became of that lead`() async throws {
        try await withQueue(as: .daemon) { queue in
            try queue.add(1...5)
            let call = try #require(
                try queue.claims.claim(upTo: 5, CallStart(at: .ms(0)), choosing: { $0 }))
            let settlements = call.jobs.map { job in
                guard job.id != 2 && job.id != 4 else {
                    return Settlement(job, in: call.id, .failed, to: .failed)
                }
                var done = Settlement(job, in: call.id, .converted, to: .converted)
                done.records = ConvertedRecords(
                    accountID: "001D00000000\(job.id)", contactID: nil, opportunityID: nil)
                return done
            }
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(1)), settlements)
            let sql = """
                SELECT job_id || ' ' || outcome || ' ' || coalesce(account_id, '-')
                FROM run_log ORDER BY job_id
                """
            let log = try queue.database.read { try String.fetchAll($0, sql: sql) }
            #expect(
                log == [
                    "1 converted 001D000000001", "2 failed -", "3 converted 001D000000003",
                    "4 failed -", "5 converted 001D000000005",
                ])
        }
    }
}

/// What runs for the daemon's own statements.
@Suite struct TriggerTests {
    @Test func `triggers of others run for what the daemon writes, from when they are there`()
        async throws
    {
        try await withQueue(as: .daemon) { queue in
            try queue.add(1...3)
            func convertOne(at milliseconds: Int64) throws {
                let call = try #require(
                    try queue.claims.claim(
                        upTo: 1, CallStart(at: .ms(milliseconds)), choosing: { $0 }))
                try queue.settlements.settle(
                    CallEnd(callID: call.id, startedAt: .ms(milliseconds), at: .ms(milliseconds)),
                    [Settlement(call.jobs[0], in: call.id, .failed, to: .failed)])
            }
            let seen = "SELECT count(*) FROM seen"
            try queue.run(sql: "CREATE TABLE seen (job INTEGER)")
            try convertOne(at: 0)
            try queue.run(
                sql: """
                    CREATE TRIGGER theirs AFTER UPDATE OF state ON jobs WHEN NEW.state = 'failed'
                    BEGIN INSERT INTO seen VALUES (NEW.id); END
                    """)
            try convertOne(at: 1)
            #expect(try queue.database.read { try Int.fetchOne($0, sql: seen) } == 1)
            try queue.run(sql: "DROP TRIGGER theirs")
            try convertOne(at: 2)
            #expect(try queue.database.read { try Int.fetchOne($0, sql: seen) } == 1)
            #expect(try queue.database.inDatabase { try $0.setTriggers(enabled: false) } == false)
        }
    }
}
