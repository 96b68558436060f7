public import Conversion
import GRDB

/// An attempt of a job, or a look-up of it, with the call that it was in.
public struct AttemptRow: Sendable, Equatable {
    /// Its number in the run log.
    public var id: Int64
    /// The number of the try that it belongs to.
    public var attempt: Int
    /// A word of `run_log.kind`.
    public var kind: String
    public var call: Int64?
    /// When it began.
    public var startedAt: Timestamp?
    /// When its answer was settled; nil while it is out.
    public var finishedAt: Timestamp?
    /// A word of `run_log.outcome`; nil while it is out.
    public var outcome: String?
    /// Salesforce's code.
    public var code: String?
    /// In Salesforce's words.
    public var message: String?
    /// How long the lead was put off.
    public var backoffMS: Int64?
    /// When it is due again.
    public var nextRunAt: Timestamp?
    /// How many leads were in the call.
    public var leadsInCall: Int?
    /// How long the call waited before it left.
    public var waitedMS: Int64?
    public var waitedFor: WaitReason?
}

/// A request to Salesforce, for the metrics and charts.
public struct CallRow: Sendable, Equatable {
    /// Its number.
    public var id: Int64
    /// A word of `calls.kind`.
    public var kind: String
    /// How many leads it carried.
    public var size: Int
    /// When it was settled; nil while it is out.
    public var finishedAt: Timestamp?
    /// How long its answer took.
    public var durationMS: Int64?
    /// Why it failed.
    public var code: String?
    /// How long it waited before it left.
    public var waitedMS: Int64?
    /// The org's own count as its answer carried it.
    public var usage: OrgUsage?
}

extension Dashboard {
    /// What was done to a job, oldest first; the first 300 rows.
    public func attempts(of job: Int64) throws -> [AttemptRow] {
        try attempts("run_log.job_id = ? ORDER BY run_log.id LIMIT 300", [job])
    }

    /// Rows of the run log above a number, in their order.
    public func attempts(above id: Int64, limit: Int) throws -> [AttemptRow] {
        try attempts("run_log.id > ? ORDER BY run_log.id LIMIT \(limit)", [id])
    }

    /// Rows of the run log by their numbers, as far as they are still there.
    public func attempts(_ ids: [Int64]) throws -> [AttemptRow] {
        try attempts("run_log.id IN (SELECT value FROM json_each(?))", [ids.json])
    }

    /// Requests above a number, in their order.
    public func calls(above id: Int64, limit: Int) throws -> [CallRow] {
        try calls("id > ? ORDER BY id LIMIT \(limit)", [id])
    }

    /// Requests by their numbers, as far as they are still there.
    public func calls(_ ids: [Int64]) throws -> [CallRow] {
        try calls("id IN (SELECT value FROM json_each(?))", [ids.json])
    }

    /// The last numbers before those of a time, in the run log and among the requests, to begin
    /// with.
    public func lastNumbers(before time: Timestamp) throws -> (attempt: Int64, call: Int64) {
        try read { database in
            func last(_ table: String, by times: String) throws -> Int64 {
                // Numbers grow with time; where nothing is as new, all there is lies before.
                let sql = """
                    SELECT id, started_at FROM \(times) WHERE started_at >= ?
                    ORDER BY started_at, id LIMIT 1
                    """
                let arguments: StatementArguments = [time.description]
                if let first = try Int64.fetchOne(database, sql: sql, arguments: arguments) {
                    return first - 1
                }
                let last = "SELECT id FROM \(table) ORDER BY id DESC LIMIT 1"
                return try Int64.fetchOne(database, sql: last) ?? 0
            }
            return (try last("run_log", by: "run_log_by_time"), try last("calls", by: "calls"))
        }
    }

    private func attempts(
        _ condition: String, _ arguments: StatementArguments
    ) throws -> [AttemptRow] {
        let sql = """
            SELECT run_log.id, run_log.attempt, run_log.kind, run_log.call_id, run_log.started_at,
                run_log.finished_at, run_log.outcome, run_log.code, run_log.message,
                run_log.backoff_ms, run_log.next_run_at, calls.size, calls.waited_ms,
                calls.waited_for
            FROM run_log LEFT JOIN calls ON calls.id = run_log.call_id
            WHERE \(condition)
            """
        return try read { database in
            try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments).map { row in
                AttemptRow(
                    id: row[0], attempt: row[1], kind: row[2], call: row[3], startedAt: row.time(4),
                    finishedAt: row.time(5), outcome: row[6], code: row[7], message: row[8],
                    backoffMS: row[9], nextRunAt: row.time(10), leadsInCall: row[11],
                    waitedMS: row[12],
                    waitedFor: (row[13] as String?).flatMap(WaitReason.init))
            }
        }
    }

    private func calls(
        _ condition: String, _ arguments: StatementArguments
    ) throws -> [CallRow] {
        let sql = """
            SELECT id, kind, size, finished_at, duration_ms, code, waited_ms, usage_current,
                usage_limit
            FROM calls WHERE \(condition)
            """
        return try read { database in
            try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments).map { row in
                var call = CallRow(
                    id: row[0], kind: row[1], size: row[2], finishedAt: row.time(3),
                    durationMS: row[4], code: row[5], waitedMS: row[6])
                if let current = row[7] as Int?, let limit = row[8] as Int? {
                    call.usage = OrgUsage(current: current, limit: limit)
                }
                return call
            }
        }
    }
}
