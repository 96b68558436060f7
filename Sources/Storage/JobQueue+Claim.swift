import Conversion
import GRDB

extension JobQueue {
    /// Puts jobs into a call: in one transaction, on disk before it returns, the jobs are
    /// `sending`, the call and a run-log row for each are there, and the call's token is spent.
    ///
    /// Jobs are offered in the order priority, `run_at`, number; not those of an account,
    /// or of a group, that another call may still be writing to. `choose` says which of the offered travel together.
    /// - Returns: nil when no job can be sent now.
    public func claim(
        upTo size: Int, _ start: CallStart, choosing choose: ([ClaimedJob]) -> [ClaimedJob]
    ) throws -> ClaimedCall? {
        try write { database in
            let policies = try database.policies()
            var offered: [ClaimedJob] = []
            repeat {
                guard let jobs = try database.offer(size, policies, start.at) else { return nil }
                offered = jobs
            } while offered.isEmpty
            var jobs = choose(offered)
            var start = start
            if jobs.first?.split != nil { start.size?.reason = .half }
            let callID = try database.begin(.convert, size: jobs.count, start)
            let first = try database.send(jobs.map(\.id), in: callID, at: start.at.wall)
            for index in jobs.indices { jobs[index].entry = first + Int64(index) }
            return ClaimedCall(id: callID, jobs: jobs)
        }
    }
}

extension Database {
    /// The next jobs in order; empty when all that were next are malformed, nil when none is next.
    fileprivate func offer(
        _ size: Int, _ policies: [String: RetryPolicy], _ now: Moment
    ) throws -> [ClaimedJob]? {
        // The planner would rather sort: it does not know that the first hundred are all we want.
        let sql = """
            SELECT \(JobRow.columns)
            FROM jobs INDEXED BY jobs_to_send
            WHERE state = 'queued' AND run_at <= ?
                AND (account_id IS NULL OR NOT EXISTS (
                    SELECT 1 FROM jobs AS busy
                    WHERE substr(busy.account_id, 1, 15) = substr(jobs.account_id, 1, 15)
                        AND busy.account_id IS NOT NULL
                        AND busy.state IN ('sending', 'verifying')))
                AND (group_key IS NULL OR NOT EXISTS (
                    SELECT 1 FROM jobs AS busy
                    WHERE busy.group_key = jobs.group_key AND busy.group_key IS NOT NULL
                        AND busy.state IN ('sending', 'verifying')))
            ORDER BY priority DESC, run_at, id
            LIMIT ?
            """
        let statement = try cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: [now.wall.description, size])
        var jobs: [ClaimedJob] = []
        var malformed: [MalformedRow] = []
        while let row = try rows.next() {
            do throws(MalformedRow) {
                jobs.append(try JobRow.job(row, policies))
            } catch {
                malformed.append(error)
            }
        }
        for row in malformed { try fail(row, at: now.wall) }
        return jobs.isEmpty && malformed.isEmpty ? nil : jobs
    }

    /// - Returns: The number of the first job's row in the run log; the others' follow it.
    fileprivate func send(
        _ jobs: [Int64], in callID: Int64, at now: Timestamp
    ) throws -> Int64 {
        // OR ROLLBACK, for a broken rule undoes the transaction anyway: knowing that, SQLite keeps
        // no journal of its own for the statement.
        let sql = """
            UPDATE OR ROLLBACK jobs SET state = 'sending', call_id = ?, updated_at = ?,
                delayed_by = NULL
            WHERE id IN (SELECT value FROM json_each(?))
            """
        try cachedStatement(sql: sql).execute(arguments: [callID, now.description, jobs.json])
        return try openLog(.convert, of: jobs, in: callID, at: now)
    }

    /// A job that no call could carry is settled here and now.
    private func fail(_ row: MalformedRow, at now: Timestamp) throws {
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
