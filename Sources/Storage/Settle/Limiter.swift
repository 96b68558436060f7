public import Conversion
import GRDB

/// The token bucket and the org's usage as the file keeps them.
public struct LimiterState: Hashable, Sendable {
    /// Calls that may start now.
    public var tokens: Double
    /// Calls that may start at once after a long rest.
    public var capacity: Double
    /// Calls a second that come in.
    public var rate: Double
    /// When the tokens were counted.
    public var at: Moment
    /// The org's own count as the last answer carried it.
    public var usage: OrgUsage?
    /// When that answer came.
    public var usageAt: Timestamp?

    /// A state.
    public init(
        tokens: Double, capacity: Double, rate: Double, at: Moment, usage: OrgUsage? = nil,
        usageAt: Timestamp? = nil
    ) {
        self.tokens = tokens
        self.capacity = capacity
        self.rate = rate
        self.at = at
        self.usage = usage
        self.usageAt = usageAt
    }
}

extension Settlements {
    /// The limiter as the last daemon left it; nil on a new file.
    public func limiter() throws -> LimiterState? {
        try store.read { database in
            let sql = """
                SELECT tokens, capacity, rate, at, uptime_ms, boot_id,
                    usage_current, usage_limit, usage_at
                FROM limiter
                """
            guard let row = try Row.fetchOne(database, sql: sql) else { return nil }
            let wall = Timestamp(row["at"] as String) ?? Timestamp(milliseconds: 0)
            var state = LimiterState(
                tokens: row["tokens"], capacity: row["capacity"], rate: row["rate"],
                at: Moment(wall: wall, uptimeMS: row["uptime_ms"], bootID: row["boot_id"]))
            if let current: Int = row["usage_current"], let limit: Int = row["usage_limit"] {
                state.usage = OrgUsage(current: current, limit: limit)
                state.usageAt = (row["usage_at"] as String?).flatMap { Timestamp($0) }
            }
            return state
        }
    }

    /// Calls of the last 24 hours that count against the org's allowance, by whole minutes since
    /// their start; requests for a token don't count.
    ///
    /// A call of this boot is as old as the uptime says, whatever was done to the wall clock.
    public func callsOfTheLastDay(at now: Moment) throws -> [(minutesAgo: Int64, calls: Int)] {
        try store.read { database in
            // Newest first: what comes after the first that is older than a day is older still.
            let sql = """
                SELECT started_at, uptime_ms, boot_id FROM calls
                WHERE kind <> 'token' ORDER BY id DESC
                """
            var calls: [Int64: Int] = [:]
            let rows = try Row.fetchCursor(database, sql: sql)
            while let row = try rows.next() {
                let isOfThisBoot = row["boot_id"] == now.bootID
                let wall =
                    isOfThisBoot ? now.wall : Timestamp(row["started_at"] as String) ?? now.wall
                let age =
                    isOfThisBoot ? now.uptimeMS - (row["uptime_ms"] as Int64) : now.wall - wall
                guard age < 86_400_000 + 60_000 else { break }
                calls[max(0, age) / 60_000, default: 0] += 1
            }
            return calls.map { ($0.key, $0.value) }
        }
    }

    /// Writes what the queue waits for, for whoever looks from outside; nil when it doesn't.
    public func note(waitingFor reason: WaitReason?, until: Timestamp?) throws {
        try store.write { database in
            try database.execute(
                sql: "UPDATE queue SET waiting_for = ?, waiting_until = ?",
                arguments: [reason?.rawValue, until?.description])
        }
    }
}

extension Database {
    /// Writes the limiter in the transaction that spends from it.
    func save(_ limiter: LimiterState) throws {
        let sql = """
            INSERT OR REPLACE INTO limiter (id, tokens, capacity, rate, at, uptime_ms, boot_id,
                usage_current, usage_limit, usage_at)
            VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        try cachedStatement(sql: sql).execute(arguments: [
            limiter.tokens, limiter.capacity, limiter.rate, limiter.at.wall.description,
            limiter.at.uptimeMS, limiter.at.bootID, limiter.usage?.current, limiter.usage?.limit,
            limiter.usageAt?.description,
        ])
    }
}
