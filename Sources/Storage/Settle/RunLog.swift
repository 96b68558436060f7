import Conversion
import GRDB

extension Database {
    /// The number of the next row of the run log, whether it is to stand in `run_log_rows` or in what a
    /// job and its call say. No one else can write before this transaction ends.
    func nextLogNumber() throws -> Int64 {
        let sql = """
            SELECT 1 + max(
                (SELECT coalesce(max(id), 0) FROM run_log_rows),
                (SELECT coalesce(max(log_id), 0) FROM jobs WHERE log_id IS NOT NULL))
            """
        return try Int64.fetchOne(cachedStatement(sql: sql)) ?? 1
    }

    /// Opens a row of the run log for each of these jobs, in their order.
    /// - Returns: The number of the first row; the others follow it without a gap.
    func openLog(
        _ kind: CallKind, of jobs: [Int64], in callID: Int64?, at now: Timestamp
    ) throws -> Int64 {
        let first = try nextLogNumber()
        let sql = """
            INSERT OR ROLLBACK INTO run_log_rows
                (id, job_id, lead_id, batch_id, attempt, call_id, kind, started_at)
            SELECT ? + given.key, jobs.id, lead_id, batch_id, attempts + 1, ?, ?, ?
            FROM json_each(?) AS given
            CROSS JOIN jobs ON jobs.id = given.value
            """
        try cachedStatement(sql: sql).execute(arguments: [
            first, callID, kind.rawValue, now.description, jobs.json,
        ])
        return first
    }

    /// Gives attempts rows of their own whose jobs are about to say something else than that their call
    /// is out, or has converted them.
    /// - Parameter jobs: Jobs whose attempts may have no row in `run_log_rows`.
    func keepLog(of jobs: [Int64]) throws {
        guard !jobs.isEmpty else { return }
        let copy = """
            INSERT INTO run_log_rows SELECT * FROM run_log_of_jobs
            WHERE job_id IN (SELECT value FROM json_each(?))
                AND NOT EXISTS (SELECT 1 FROM run_log_rows WHERE id = run_log_of_jobs.id)
            """
        let forget = """
            UPDATE jobs SET log_id = NULL
            WHERE id IN (SELECT value FROM json_each(?)) AND log_id IS NOT NULL
            """
        for sql in [copy, forget] {
            try cachedStatement(sql: sql).execute(arguments: [jobs.json])
        }
    }

    /// Whether a row of the run log is still without its end.
    func isLogOpen(_ entry: Int64) throws -> Bool {
        let sql = "SELECT finished_at IS NULL FROM run_log_rows WHERE id = ?"
        return try Bool.fetchOne(cachedStatement(sql: sql), arguments: [entry]) ?? false
    }

    /// Closes a row of the run log.
    func closeLog(
        _ entry: Int64, _ outcome: Outcome, code: String?, message: String?, durationMS: Int64,
        backoffMS: Int64? = nil, nextRunAt: Timestamp? = nil,
        records: ConvertedRecords? = nil, at time: String
    ) throws {
        let sql = """
            UPDATE run_log_rows SET finished_at = ?, duration_ms = ?, outcome = ?, code = ?,
                message = ?, backoff_ms = ?, next_run_at = ?, account_id = ?, contact_id = ?,
                opportunity_id = ?
            WHERE id = ?
            """
        try cachedStatement(sql: sql).execute(
            with: time, durationMS, outcome.rawValue, code, message, backoffMS,
            nextRunAt?.description, records?.accountID, records?.contactID,
            records?.opportunityID, entry)
    }
}

extension [Int64] {
    /// A JSON array, for `json_each`: one statement for all of them instead of one for each.
    var json: String { "[\(map { String($0) }.joined(separator: ","))]" }
}

extension Database {
    /// Settles a job whose row can't be read: no call can carry it, and no verification can clear it up.
    /// - Parameter isLogged: Whether the run log can tell of it.
    func fail(
        _ row: MalformedRow, asking kind: CallKind, isLogged: Bool = true, at now: Timestamp
    ) throws {
        let lookUp =
            kind == .verify ? " Its call may have converted the lead: look that up first." : ""
        let reason = Reason(row.code, row.sentence + lookUp)
        let hasFailed = try fail(
            row.id, in: row.batchID, reason, by: nil, asking: kind, isLogged: isLogged, at: now)
        guard hasFailed, row.pausesBatch, let batch = row.batchID else { return }
        try hold(batch: batch, for: row.id, at: now)
    }

    /// Settles a job that no call could carry; no attempt is used up. One that was settled
    /// meanwhile is left alone.
    /// - Parameter callID: The call that brought it to light, if one did.
    /// - Returns: Whether it was settled.
    @discardableResult
    func fail(
        _ id: Int64, in batchID: Int64?, _ reason: Reason, by callID: Int64?,
        asking kind: CallKind = .convert, isLogged: Bool = true, at now: Timestamp
    ) throws -> Bool {
        let isExpected =
            kind == .verify ? "state = 'verifying'" : "state IN ('queued', 'held')"
        var hasFailed = false
        try withoutTriggersIfRefused {
            try execute(
                sql: """
                    UPDATE jobs SET state = 'failed', error_code = ?1, error_message = ?2,
                        updated_at = ?3, finished_at = ?3
                    WHERE id = ?4 AND \(isExpected)
                    """,
                arguments: [reason.code, reason.message, now.description, id])
            hasFailed = changesCount == 1
        }
        guard hasFailed else { return false }
        if isLogged {
            let entry = try openLog(kind, of: [id], in: callID, at: now)
            try closeLog(
                entry, .failed, code: reason.code, message: reason.message, durationMS: 0,
                at: now.description)
        }
        if let batchID { try finish(batches: [batchID], at: now) }
        return true
    }
}
