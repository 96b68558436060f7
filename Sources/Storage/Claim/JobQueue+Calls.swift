public import Conversion
import GRDB

extension JobQueue {
    /// Records a call that carries no jobs (a token, the limits) before it leaves.
    /// - Returns: The call's number.
    public func begin(_ kind: CallKind, _ start: CallStart) throws -> Int64 {
        try write { try $0.begin(kind, size: 0, start) }
    }

    /// How many leads calls could carry at last, and why not more; nil when as many as was set.
    public func lastCallSize() throws -> (limit: Int, reason: SizeReason)? {
        try read { database in
            // Halves have their own reason and the limit of all.
            let sql = """
                SELECT size_limit, size_reason FROM calls
                WHERE kind = 'convert' AND size_reason IS NOT 'half' ORDER BY id DESC LIMIT 1
                """
            guard let row = try Row.fetchOne(database, sql: sql), let limit = row[0] as Int?,
                let reason = (row[1] as String?).flatMap({ SizeReason(rawValue: $0) })
            else { return nil }
            return (limit, reason)
        }
    }

    /// Records how a call without jobs ended.
    public func end(_ end: CallEnd) throws {
        try write { try $0.end(end) }
    }
}

extension Database {
    /// The call's row and the limiter it spends from: both or neither.
    func begin(_ kind: CallKind, size: Int, _ start: CallStart) throws -> Int64 {
        let sql = """
            INSERT INTO calls (kind, size, started_at, boot_id, uptime_ms, waited_ms, waited_for,
                size_limit, size_reason)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        try cachedStatement(sql: sql).execute(arguments: [
            kind.rawValue, size, start.at.wall.description, start.at.bootID, start.at.uptimeMS,
            start.waited?.milliseconds, start.waited?.reason.rawValue, start.size?.limit,
            start.size?.reason?.rawValue,
        ])
        let id = lastInsertedRowID
        if let limiter = start.limiter { try save(limiter) }
        return id
    }

    func end(_ end: CallEnd) throws {
        let sql = """
            UPDATE calls SET finished_at = ?, duration_ms = ?, http_status = ?, code = ?,
                message = ?, usage_current = ?, usage_limit = ?
            WHERE id = ? AND finished_at IS NULL
            """
        try cachedStatement(sql: sql).execute(arguments: [
            end.at.wall.description, end.durationMS, end.httpStatus, end.reason?.code,
            end.reason?.message, end.usage?.current, end.usage?.limit, end.callID,
        ])
        if let limiter = end.limiter { try save(limiter) }
    }
}
