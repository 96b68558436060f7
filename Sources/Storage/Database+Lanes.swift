import Conversion
import GRDB

/// What jobs stand in line for.
enum Line {
    case toSend
    case toMatch

    fileprivate var index: String {
        switch self {
        case .toSend: "jobs_to_send"
        case .toMatch: "jobs_to_match"
        }
    }

    /// Who is in line: as the index says it, word for word.
    fileprivate var isWaiting: String {
        switch self {
        case .toSend: "state = 'queued' AND (match_email IS NULL OR matched IS NOT NULL)"
        case .toMatch: "state = 'queued' AND match_email IS NOT NULL AND matched IS NULL"
        }
    }

    /// Who may leave it just now.
    fileprivate var isFree: String {
        switch self {
        case .toSend: Self.hasNoBusyKin
        case .toMatch: Self.hasNoNamesake
        }
    }

    /// Nobody else writes to its account or for its group.
    private static let hasNoBusyKin = """
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

    /// No other lead of its address is about to make the contact that it would then find.
    private static let hasNoNamesake = """
        NOT EXISTS (
            SELECT 1 FROM jobs AS busy
            WHERE lower(busy.match_email) = lower(jobs.match_email)
                AND busy.match_email IS NOT NULL AND busy.finished_at IS NULL
                AND busy.matched = 'nothing' AND busy.state <> 'held')
        """
}

/// What stands at the front of each batch.
extension Database {
    func highestPriority(_ line: Line, upTo bound: Int64) throws -> Int64? {
        let sql = """
            SELECT priority FROM jobs INDEXED BY \(line.index)
            WHERE \(line.isWaiting) AND priority <= ?
            ORDER BY priority DESC LIMIT 1
            """
        return try Int64.fetchOne(cachedStatement(sql: sql), arguments: [bound])
    }

    /// The batches within these numbers that have something to send. It leaps from the front of
    /// one to the front of the next: DISTINCT would look at every job between.
    func lanes(
        _ line: Line, _ priority: Int64, _ batches: ClosedRange<Int64>, _ most: Int,
        at now: Timestamp
    ) throws -> [Lane] {
        let sql = """
            WITH RECURSIVE lanes (batch) AS (
                SELECT (
                    SELECT coalesce(batch_id, 0) FROM jobs INDEXED BY \(line.index)
                    WHERE \(line.isWaiting) AND priority = ?1 AND coalesce(batch_id, 0) >= ?2
                    ORDER BY coalesce(batch_id, 0) LIMIT 1)
                UNION ALL
                SELECT (
                    SELECT coalesce(batch_id, 0) FROM jobs INDEXED BY \(line.index)
                    WHERE \(line.isWaiting) AND priority = ?1
                        AND coalesce(batch_id, 0) > lanes.batch
                    ORDER BY coalesce(batch_id, 0) LIMIT 1)
                FROM lanes WHERE batch < ?3)
            SELECT batch FROM lanes
            WHERE batch <= ?3 AND EXISTS (
                SELECT 1 FROM jobs INDEXED BY \(line.index)
                WHERE \(line.isWaiting) AND priority = ?1 AND coalesce(batch_id, 0) = batch
                    AND run_at <= ?4 AND \(line.isFree))
            LIMIT ?5
            """
        let arguments: StatementArguments = [
            priority, batches.lowerBound, batches.upperBound, now.description, most,
        ]
        return try Int64.fetchAll(cachedStatement(sql: sql), arguments: arguments)
            .map { Lane(priority: priority, batch: $0) }
    }

    func front(
        _ line: Line, of lane: Lane, _ most: Int, after given: Int, at now: Timestamp
    ) throws -> RowCursor {
        // The planner would rather sort: it does not know that the first hundred are all we want.
        let sql = """
            SELECT \(JobRow.columns)
            FROM jobs INDEXED BY \(line.index)
            WHERE \(line.isWaiting) AND priority = ? AND coalesce(batch_id, 0) = ?
                AND run_at <= ? AND \(line.isFree)
            ORDER BY run_at, id
            LIMIT ? OFFSET ?
            """
        return try Row.fetchCursor(
            cachedStatement(sql: sql),
            arguments: [lane.priority, lane.batch, now.description, most, given])
    }
}
