public import Conversion
import GRDB

/// What is written of a call before it leaves.
public struct CallStart: Sendable {
    /// When it starts.
    public var at: Moment
    /// What it had to wait for, and how many milliseconds; nil when it didn't.
    public var waited: (reason: WaitReason, milliseconds: Int64)?
    /// The limiter with this call's token taken out; nil for a call that costs none.
    public var limiter: LimiterState?
    /// How many leads it might have carried, and why not as many as the operator set.
    public var size: (limit: Int, reason: SizeReason?)?
    /// Milliseconds after its claim in which a call may be running at Salesforce: so long a lead in
    /// doubt keeps others from its account; nil is until the doubt is cleared up.
    public var lifetimeSinceClaimMS: Int64?
    /// Whether leads may bring inputs of the org's own; where not, those that do fail before any call.
    public var takesExtra = true

    /// A start.
    public init(
        at: Moment, waited: (reason: WaitReason, milliseconds: Int64)? = nil,
        limiter: LimiterState? = nil, size: (limit: Int, reason: SizeReason?)? = nil
    ) {
        self.size = size
        self.at = at
        self.waited = waited
        self.limiter = limiter
    }
}

extension CallKind {
    /// What commands ask beside the daemon, which pays for it: a list for SQL.
    static let besideTheDaemon = "'check', 'intake', 'fetch'"
}

/// What is written of a call when it has ended.
public struct CallEnd: Sendable {
    public var callID: Int64
    /// When it started.
    public var startedAt: Moment
    /// When its end was taken in: later than the answer, if the file was locked.
    public var at: Moment
    /// How long the answer took, in milliseconds.
    public var durationMS: Int64
    /// The HTTP status, if an answer came.
    public var httpStatus: Int?
    /// What was wrong with the call as a whole, if anything.
    public var reason: Reason?
    /// The limiter as it is now; nil where another call that is settled with it carries it.
    public var limiter: LimiterState?
    /// The org's own count as the answer carried it.
    public var usage: OrgUsage?

    /// An end.
    public init(
        callID: Int64, startedAt: Moment, at: Moment, durationMS: Int64? = nil,
        httpStatus: Int? = nil, reason: Reason? = nil, limiter: LimiterState? = nil,
        usage: OrgUsage? = nil
    ) {
        self.callID = callID
        self.startedAt = startedAt
        self.at = at
        self.durationMS = durationMS ?? at.since(startedAt)
        self.httpStatus = httpStatus
        self.reason = reason
        self.limiter = limiter
        self.usage = usage
    }
}

extension Claims {
    /// Records a call that carries no jobs (a token, the limits) before it leaves.
    /// - Returns: The call's number.
    public func begin(_ kind: CallKind, _ start: CallStart) throws -> Int64 {
        try store.write { try $0.begin(kind, size: 0, start) }
    }

    /// How many leads calls could carry at last, and why not more; nil when as many as was set.
    public func lastCallSize() throws -> (limit: Int, reason: SizeReason)? {
        try store.read { database in
            // Halves have their own reason and the limit of all.
            let sql = """
                SELECT size_limit, size_reason FROM calls
                WHERE kind = 'convert' AND size_reason IS NOT 'half' ORDER BY id DESC LIMIT 1
                """
            guard let row = try Row.fetchOne(database, sql: sql),
                let limit: Int = row["size_limit"],
                let reason = (row["size_reason"] as String?).flatMap({ SizeReason(rawValue: $0) })
            else { return nil }
            return (limit, reason)
        }
    }

    /// Records how a call without jobs ended.
    public func end(_ end: CallEnd) throws {
        try store.write { try $0.end(end) }
    }
}

extension Database {
    /// The call's row and the limiter it spends from: both or neither.
    /// - Parameter logID: The number of its first lead's row in the run log, where the leads' jobs and the
    ///   call are their rows.
    func begin(
        _ kind: CallKind, size: Int, _ start: CallStart, logID: Int64? = nil
    ) throws -> Int64 {
        let sql = """
            INSERT INTO calls (kind, size, started_at, boot_id, uptime_ms, waited_ms, waited_for,
                size_limit, size_reason, log_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        try cachedStatement(sql: sql).execute(arguments: [
            kind.rawValue, size, start.at.wall.description, start.at.bootID, start.at.uptimeMS,
            start.waited?.milliseconds, start.waited?.reason.rawValue, start.size?.limit,
            start.size?.reason?.rawValue, logID,
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
            end.reason?.text, end.usage?.current, end.usage?.limit, end.callID,
        ])
        if let limiter = end.limiter { try save(limiter) }
    }
}
