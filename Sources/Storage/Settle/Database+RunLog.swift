import Conversion
import GRDB

extension Database {
    /// Opens a row of the run log for each of these jobs, in their order.
    /// - Returns: The number of the first row. The others follow it without a gap, since no one else
    ///   can write before this transaction ends.
    func openLog(
        _ kind: CallKind, of jobs: [Int64], in callID: Int64?, at now: Timestamp
    ) throws -> Int64 {
        let sql = """
            INSERT OR ROLLBACK INTO run_log (job_id, lead_id, batch_id, attempt, call_id, kind, started_at)
            SELECT jobs.id, lead_id, batch_id, attempts + 1, ?, ?, ?
            FROM json_each(?) AS given
            CROSS JOIN jobs ON jobs.id = given.value
            """
        try cachedStatement(sql: sql).execute(arguments: [
            callID, kind.rawValue, now.description, jobs.json,
        ])
        return lastInsertedRowID - Int64(jobs.count) + 1
    }
}

extension [Int64] {
    /// A JSON array, for `json_each`: one statement for all of them instead of one for each.
    var json: String { "[\(map { String($0) }.joined(separator: ","))]" }
}
