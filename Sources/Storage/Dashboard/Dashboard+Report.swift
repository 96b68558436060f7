public import Conversion
import GRDB

/// An attempt of a batch's job, for its report.
public struct ReportedAttempt: Sendable, Equatable {
    /// A word of `run_log.kind`.
    public var kind: String
    public var call: Int64?
    /// A word of `run_log.outcome`.
    public var outcome: String?
    /// When it began.
    public var startedAt: Timestamp?
    /// When it was settled.
    public var finishedAt: Timestamp?
}

extension Dashboard {
    /// Reads a batch's jobs in input order with their attempts, so many at a time, each in a read of
    /// its own: jobs that are settled meanwhile are told as they are by then.
    public func readJobs(
        ofBatch batch: Int64, at once: Int = 200,
        _ body: ([JobSummary], [ReportedAttempt]) throws -> Void
    ) throws {
        // SQL alone may leave out the position; such jobs come first.
        var place: (position: Int64?, id: Int64) = (nil, 0)
        while true {
            let (jobs, last) = try page(ofBatch: batch, after: place, limit: once)
            if let last {
                place = last
                try body(jobs, try attempts(ofJobs: jobs.map(\.id)))
            } else if place.position == nil {
                place = (.min, 0)
            } else {
                return
            }
        }
    }

    private func page(
        ofBatch batch: Int64, after place: (position: Int64?, id: Int64), limit: Int
    ) throws -> (jobs: [JobSummary], last: (position: Int64?, id: Int64)?) {
        let bound =
            place.position == nil
            ? "jobs.position IS NULL AND jobs.id > ? ORDER BY jobs.id"
            : "(jobs.position, jobs.id) > (?, ?) ORDER BY jobs.position, jobs.id"
        let arguments: StatementArguments =
            place.position.map { [batch, $0, place.id] } ?? [batch, place.id]
        let sql = """
            SELECT \(JobSummary.columns), jobs.position
            FROM jobs INDEXED BY jobs_by_batch LEFT JOIN batches ON batches.id = jobs.batch_id
            WHERE jobs.batch_id = ? AND \(bound) LIMIT \(limit)
            """
        return try read { database in
            let rows = try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments)
            let last = rows.last.map { row in
                (position: row["position"] as Int64?, id: row[0] as Int64)
            }
            return (rows.compactMap(JobSummary.init), last)
        }
    }

    private func attempts(ofJobs ids: [Int64]) throws -> [ReportedAttempt] {
        try read { database in
            let sql = """
                SELECT kind, call_id, outcome, started_at, finished_at FROM run_log
                WHERE job_id IN (SELECT value FROM json_each(?))
                """
            return try Row.fetchAll(database.cachedStatement(sql: sql), arguments: [ids.json]).map {
                ReportedAttempt(
                    kind: $0[0], call: $0[1], outcome: $0[2], startedAt: $0.time(3),
                    finishedAt: $0.time(4))
            }
        }
    }
}
