import Conversion
import GRDB

/// What stands at the front of each batch.
extension Database {
    /// Nobody else writes to its account or for its group just now.
    private static let isFree = """
        (account_id IS NULL OR NOT EXISTS (
            SELECT 1 FROM jobs AS busy
            WHERE substr(busy.account_id, 1, 15) = substr(jobs.account_id, 1, 15)
                AND busy.account_id IS NOT NULL
                AND busy.state IN ('sending', 'verifying')))
        AND (group_key IS NULL OR NOT EXISTS (
            SELECT 1 FROM jobs AS busy
            WHERE busy.group_key = jobs.group_key AND busy.group_key IS NOT NULL
                AND busy.state IN ('sending', 'verifying')))
        """

    func highestPriority(upTo bound: Int64) throws -> Int64? {
        let sql = """
            SELECT priority FROM jobs INDEXED BY jobs_to_send
            WHERE state = 'queued' AND priority <= ?
            ORDER BY priority DESC LIMIT 1
            """
        return try Int64.fetchOne(cachedStatement(sql: sql), arguments: [bound])
    }

    /// The batches within these numbers that have something to send. It leaps from the front of
    /// one to the front of the next: DISTINCT would look at every job between.
    func lanes(
        _ priority: Int64, _ batches: ClosedRange<Int64>, _ most: Int, at now: Timestamp
    ) throws -> [Lane] {
        let sql = """
            WITH RECURSIVE lanes (batch) AS (
                SELECT (
                    SELECT coalesce(batch_id, 0) FROM jobs INDEXED BY jobs_to_send
                    WHERE state = 'queued' AND priority = ?1 AND coalesce(batch_id, 0) >= ?2
                    ORDER BY coalesce(batch_id, 0) LIMIT 1)
                UNION ALL
                SELECT (
                    SELECT coalesce(batch_id, 0) FROM jobs INDEXED BY jobs_to_send
                    WHERE state = 'queued' AND priority = ?1
                        AND coalesce(batch_id, 0) > lanes.batch
                    ORDER BY coalesce(batch_id, 0) LIMIT 1)
                FROM lanes WHERE batch < ?3)
            SELECT batch FROM lanes
            WHERE batch <= ?3 AND EXISTS (
                SELECT 1 FROM jobs INDEXED BY jobs_to_send
                WHERE state = 'queued' AND priority = ?1 AND coalesce(batch_id, 0) = batch
                    AND run_at <= ?4 AND \(Self.isFree))
            LIMIT ?5
            """
        let arguments: StatementArguments = [
            priority, batches.lowerBound, batches.upperBound, now.description, most,
        ]
        return try Int64.fetchAll(cachedStatement(sql: sql), arguments: arguments)
            .map { Lane(priority: priority, batch: $0) }
    }

    func front(
        of lane: Lane, _ most: Int, after given: Int, at now: Timestamp
    ) throws -> RowCursor {
        // The planner would rather sort: it does not know that the first hundred are all we want.
        let sql = """
            SELECT \(JobRow.columns)
            FROM jobs INDEXED BY jobs_to_send
            WHERE state = 'queued' AND priority = ? AND coalesce(batch_id, 0) = ?
                AND run_at <= ? AND \(Self.isFree)
            ORDER BY run_at, id
            LIMIT ? OFFSET ?
            """
        return try Row.fetchCursor(
            cachedStatement(sql: sql),
            arguments: [lane.priority, lane.batch, now.description, most, given])
    }

    /// A job that no call could carry is settled here and now.
    func fail(_ row: MalformedRow, at now: Timestamp) throws {
        let entry = try openLog(.convert, of: [row.id], in: nil, at: now)
        try execute(
            sql: """
                UPDATE jobs SET state = 'failed', error_code = 'MALFORMED_ID', error_message = ?,
                    updated_at = ?, finished_at = ?
                WHERE id = ?
                """,
            arguments: [row.sentence, now.description, now.description, row.id])
        try execute(
            sql: """
                UPDATE run_log SET finished_at = ?, duration_ms = 0, outcome = 'failed',
                    code = 'MALFORMED_ID', message = ?
                WHERE id = ?
                """,
            arguments: [now.description, row.sentence, entry])
        if let batchID = row.batchID { try finish(batches: [batchID], at: now) }
    }
}
