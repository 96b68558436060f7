import Conversion
import GRDB
import TestSupport

@testable import Storage

/// People who write to the file with SQL of their own while the daemon works: what operators do, and rows
/// that are odd, as far as the schema lets them.
struct PlainSQL {
    /// How many of what operators do, and how many odd rows.
    var operations: Int
    var oddRows: Int
    /// Milliseconds between two of them at most.
    var pauseMS: Int64

    /// In one world of six.
    static func draw(seed: UInt64) -> PlainSQL? {
        var chance = SeededGenerator(seed: seed &+ 0x706c_6169_6e53_514c)
        guard chance.happens(0.17) else { return nil }
        return PlainSQL(
            operations: chance.happens(0.6) ? Int.random(in: 3...25, using: &chance) : 0,
            oddRows: chance.happens(0.6) ? Int.random(in: 3...25, using: &chance) : 0,
            pauseMS: Int64.random(in: 50...5000, using: &chance))
    }

    /// A statement, and the leads that it changes: those of the row that `row` names.
    struct Statement {
        var row: String
        var sql: String
        /// Whether the lead is asked for something else, so that what becomes of it is nobody's promise.
        var tampers = false

        init(_ row: String, _ sql: String, tampers: Bool = false) {
            (self.row, self.sql, self.tampers) = (row, sql, tampers)
        }
    }

    private static let now = "strftime('%Y-%m-%dT%H:%M:%fZ', :now)"
    private static let waiting = "SELECT id, lead_id FROM jobs WHERE state IN ('queued', 'held')"
    private static let any = "SELECT id, lead_id FROM jobs"
    private static let batch = "SELECT id, NULL FROM batches"

    static let ofOperators: [Statement] = [
        Statement(waiting, "UPDATE jobs SET state = 'held' WHERE id = :id"),
        Statement(waiting, "UPDATE jobs SET state = 'queued' WHERE id = :id"),
        Statement(
            any, "UPDATE jobs SET state = 'cancelled', finished_at = \(now) WHERE id = :id"),
        Statement(any, "UPDATE jobs SET state = 'cancelled' WHERE id = :id"),
        Statement(
            waiting, "UPDATE jobs SET state = 'cancelled', finished_at = \(now) WHERE id = :id"),
        Statement(
            "SELECT id, lead_id FROM jobs WHERE state = 'cancelled'",
            "UPDATE jobs SET state = 'queued', finished_at = NULL WHERE id = :id"),
        Statement(
            "SELECT id, lead_id FROM jobs WHERE state = 'failed' AND may_be_converted = 0",
            """
            UPDATE jobs SET state = 'queued', finished_at = NULL, attempts = 0, error_code = NULL
            WHERE id = :id
            """),
        Statement(any, "DELETE FROM jobs WHERE id = :id", tampers: true),
        Statement(waiting, "DELETE FROM jobs WHERE id = :id", tampers: true),
        Statement(
            any,
            """
            REPLACE INTO jobs (lead_id, converted_status, batch_id, run_at, created_at, updated_at)
            SELECT lead_id, 'Qualified', batch_id, \(now), \(now), \(now) FROM jobs WHERE id = :id
            """, tampers: true),
        Statement(
            any,
            """
            INSERT OR IGNORE INTO jobs (
                lead_id, converted_status, batch_id, run_at, created_at, updated_at)
            SELECT lead_id, 'Qualified', batch_id, \(now), \(now), \(now) FROM jobs WHERE id = :id
            """, tampers: true),
        Statement(
            waiting,
            """
            UPDATE jobs SET run_at = strftime('%Y-%m-%dT%H:%M:%fZ', :now, '+20 seconds')
            WHERE id = :id
            """),
        Statement(waiting, "UPDATE jobs SET priority = id % 3 - 1 WHERE id = :id"),
        Statement(
            waiting, "UPDATE jobs SET batch_id = (SELECT max(id) FROM batches) WHERE id = :id"),
        Statement(batch, "UPDATE batches SET paused = 1 WHERE id = :id"),
        Statement(batch, "UPDATE batches SET paused = 0 WHERE id = :id"),
        Statement(batch, "DELETE FROM batches WHERE id = :id"),
        Statement(batch, "UPDATE batches SET name = 'renamed ' || id WHERE id = :id"),
        Statement(
            batch,
            """
            UPDATE policies SET jitter = :id % 2, base_delay_ms = 1000 * (:id % 20), factor = 1.5
            WHERE name = 'default'
            """),
        Statement(batch, "UPDATE policies SET on_failure = 'pause' WHERE name = 'default'"),
        Statement(batch, "UPDATE policies SET on_failure = 'continue' WHERE name = 'default'"),
        Statement(batch, "UPDATE queue SET paused = 0"),
    ]

    private static let followUp = """
        SELECT follow_ups.id, lead_id FROM follow_ups JOIN jobs ON jobs.id = job_id
        WHERE follow_ups.state IN ('waiting', 'verifying')
        """
    private static let inDoubt = "SELECT id, lead_id FROM jobs WHERE state = 'verifying'"
    private static let lastCall = """
        SELECT call_id, lead_id FROM jobs WHERE state IN ('verifying', 'finishing')
        """
    private static let most = "9223372036854775807"
    private static let least = "(-9223372036854775807 - 1)"

    static let odd: [Statement] =
        [
            "attempts = \(most)", "attempts = -1", "attempts = 1000000", "run_at = ''",
            "run_at = 'soon'", "run_at = '2026-02-31T00:00:00.000Z'",
            "run_at = '0000-01-01T00:00:00.000Z'",
            "run_at = CAST(x'ff' AS TEXT)", "priority = \(most)", "priority = \(least)",
            "split = \(least)", "batch_id = \(most)", "object = ''", "record_id = ''",
            "record_id = CAST(x'c328' AS TEXT)", "account_id = ''", "code = '', message = NULL",
            "updated_at = ''", "job_id = 999999999", "call_id = 999999999", "call_id = NULL",
            "state = 'done'", "state = 'failed'", "doubt = NULL",
        ].map { Statement(followUp, "UPDATE follow_ups SET \($0) WHERE id = :id", tampers: true) }
        + [
            "attempts = 1000000", "priority = \(most)", "priority = \(least)", "split = \(most)",
            "deferred_for = ''", "deferred_for = 'address '", "deferred_for = 'elsewhere'",
            "position = 1", "matched = 'contact'", "matched_account = 'account'",
            "matched_at = 'long ago'", "error_code = '', error_message = ''", "updated_at = ''",
            "created_at = 'never'", "call_id = \(least)", "may_be_converted = 1",
            "state = 'verifying', doubt = 'no_answer'", "joined_account = 1",
            "needs_fallback_owner = 1", "dropped_account_id = ''",
        ].map { Statement(waiting, "UPDATE jobs SET \($0) WHERE id = :id", tampers: true) }
        + [
            "attempts = 1000000", "run_at = ''", "doubt = NULL", "doubt = 'crash'",
            "call_id = 999999999", "call_id = NULL", "error_code = NULL", "error_code = ''",
            "created_at = ''", "split = \(most)",
            "state = 'failed', finished_at = \(now)",
            "state = 'converted', finished_at = \(now)",
        ].flatMap { set in
            [inDoubt, "\(any) WHERE state = 'sending'", "\(any) WHERE state = 'finishing'"].map {
                Statement($0, "UPDATE jobs SET \(set) WHERE id = :id", tampers: true)
            }
        }
        + [
            "started_at = ''", "started_at = '9999-12-31T23:59:59.999Z'", "size = \(most)",
            "size = -1", "uptime_ms = \(least)", "uptime_ms = \(most)", "boot_id = ''",
            "code = ''",
        ].map { Statement(lastCall, "UPDATE calls SET \($0) WHERE id = :id", tampers: true) }
        + [
            Statement(lastCall, "DELETE FROM calls WHERE id = :id", tampers: true),
            Statement(followUp, "DELETE FROM follow_ups WHERE id = :id", tampers: true),
            Statement(
                any,
                """
                INSERT INTO follow_ups (job_id, priority, kind, object, record_id, state, run_at)
                VALUES (:id, 0, 'note', 'Contact', '', 'waiting', '2000-01-01T00:00:00.000Z')
                """, tampers: true),
            Statement(
                any,
                """
                INSERT INTO follow_ups (job_id, priority, kind, object, record_id, state, run_at, doubt)
                VALUES (:id + 1000000, 0, 'task', 'x', 'x', 'verifying',
                    '2000-01-01T00:00:00.000Z', 'crash')
                """, tampers: true),
            Statement(any, "INSERT OR IGNORE INTO delays VALUES ('account 001', 'tomorrow')"),
            Statement(any, "INSERT OR IGNORE INTO delays VALUES ('', '')"),
            Statement(batch, "UPDATE batches SET held_up_to = \(most) WHERE id = :id"),
            Statement(batch, "UPDATE batches SET paused_by = -1 WHERE id = :id"),
            Statement(batch, "UPDATE batches SET total = \(least) WHERE id = :id"),
            Statement(batch, "UPDATE limiter SET usage_current = \(least)"),
            Statement(batch, "UPDATE queue SET clock_uptime_ms = \(least)"),
        ]
}

extension World {
    /// Lets people write from now on, one statement after the other.
    func letPeopleWrite() {
        guard let people = trouble.plainSQL else { return }
        for (statements, count) in [
            (PlainSQL.ofOperators, people.operations), (PlainSQL.odd, people.oddRows),
        ] {
            var at: Int64 = 0
            for _ in 0..<count {
                at += Int64.random(in: 0...people.pauseMS, using: &chance)
                later(at) { try $0.write(oneOf: statements) }
            }
        }
    }

    /// As a program does that knows nothing of the daemon. What the schema refuses is not written.
    private func write(oneOf statements: [PlainSQL.Statement]) throws {
        guard !isQuiet, let statement = statements.randomElement(using: &chance) else { return }
        let place = Int.random(in: 0..<1_000_000, using: &chance)
        do {
            let other = try DatabaseQueue(path: path)
            defer { try? other.close() }
            let leads = try other.write { try statement.run($0, place, now: now.wall) }
            trace("wrote \(statement.sql)")
            if statement.tampers || statement.sql.contains("'cancelled'") {
                for lead in leads { try tamper(with: lead) }
            }
        } catch let error as DatabaseError {
            trace("refused: \(error.message ?? "\(error)")")
            guard
                [.SQLITE_CONSTRAINT, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL]
                    .contains(error.resultCode)
            else { throw error }
        }
        wakeAt = isDown ? wakeAt : now
    }

    /// What becomes of this lead, and of those that wait for it, is whoever wrote that's business.
    private func tamper(with lead: String) throws {
        let id = try RecordID(lead, of: .lead)
        tampered.insert(id)
        org.forget(id)
        trace("tampered with \(id)")
    }

    /// What operators have held is released, so that all can end.
    func releaseHeld() throws {
        guard trouble.plainSQL != nil else { return }
        try queue.database.write { database in
            try database.execute(
                sql: """
                    UPDATE policies SET on_failure = 'continue';
                    UPDATE batches SET paused = 0, paused_by = NULL, held_up_to = NULL;
                    UPDATE jobs SET state = 'queued' WHERE state = 'held';
                    """)
        }
    }
}

extension PlainSQL.Statement {
    /// - Returns: The leads that it is about, if anything was changed: of a call, all that it carried.
    fileprivate func run(
        _ database: Database, _ place: Int, now: Timestamp
    ) throws -> [String] {
        let rows = try Row.fetchAll(database, sql: "\(row) ORDER BY 1")
        guard !rows.isEmpty else { return [] }
        let chosen = rows[place % rows.count]
        let before = database.totalChangesCount
        let prepared = try database.makeStatement(sql: sql)
        let all: [String: (any DatabaseValueConvertible)?] = [
            "id": chosen[0] as Int64?, "now": now.description,
        ]
        let names = all.filter { sql.contains(":\($0.key)") }
        try prepared.execute(arguments: StatementArguments(names))
        guard database.totalChangesCount > before else { return [] }
        guard sql.contains("calls") else { return [chosen[1] as String?].compactMap(\.self) }
        let carried = "SELECT lead_id FROM run_log WHERE call_id = ?"
        return try String.fetchAll(database, sql: carried, arguments: [chosen[0] as Int64?])
    }
}
