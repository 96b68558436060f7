public import Conversion
import GRDB

extension Settlements {
    /// The limiter as the last daemon left it; nil on a new file.
    public func limiter() throws -> LimiterState? {
        try store.read { try $0.limiter() }
    }

    /// Whether Salesforce converted leads for us in the week before this machine was started, and has not
    /// since: nobody has changed anything who is there to see that it fails.
    public func hasWorkedBeforeThisBoot(_ now: Moment) throws -> Bool {
        let sql = """
            SELECT boot_id <> ? AND started_at > ? FROM (
                SELECT * FROM calls ORDER BY id DESC LIMIT 1000)
            WHERE kind = 'convert' AND http_status = 200 AND code IS NULL
            ORDER BY id DESC LIMIT 1
            """
        let week: Int64 = 7 * 86_400_000
        return try store.read {
            try Bool.fetchOne(
                $0, sql: sql, arguments: [now.bootID, (now.wall + -week).description])
        } ?? false
    }

    /// Calls of the last 24 hours that count against the org's allowance, by whole minutes since
    /// their start; requests for a token don't count.
    ///
    /// A call of this boot is as old as the uptime says, whatever was done to the wall clock; one of
    /// another boot is as old as it says itself, and says nothing of those before it.
    public func callsOfTheLastDay(at now: Moment) throws -> [(minutesAgo: Int64, calls: Int)] {
        let day: Int64 = 86_400_000 + 60_000
        return try store.read { database in
            var ages: [Int64] = []
            // Newest first: what comes after the first that is older than a day is older still.
            let ofThisBoot = """
                SELECT uptime_ms, boot_id FROM calls WHERE kind <> 'token' ORDER BY id DESC
                """
            let rows = try Row.fetchCursor(database, sql: ofThisBoot)
            while let row = try rows.next(), row["boot_id"] == now.bootID {
                let age = now.uptimeMS - (row["uptime_ms"] as Int64)
                guard age < day else { break }
                ages.append(age)
            }
            let ofOthers = """
                SELECT started_at FROM calls INDEXED BY calls_by_start
                WHERE started_at > ? AND kind <> 'token' AND boot_id <> ?
                """
            let times = try String.fetchCursor(
                database, sql: ofOthers, arguments: [(now.wall + -day).description, now.bootID])
            while let time = try times.next() {
                ages.append(Timestamp(time).map { now.wall - $0 } ?? 0)
            }
            return ages.reduce(into: [Int64: Int]()) { $0[max(0, $1) / 60_000, default: 0] += 1 }
                .map { ($0.key, $0.value) }
        }
    }

    /// Writes what the queue waits for, for people who look from outside; nil when it doesn't.
    public func record(waitingFor reason: WaitReason?, until: Timestamp?) throws {
        try store.write { database in
            let sql = """
                UPDATE queue SET waiting_for = ?1, waiting_until = ?2,
                    waiting_since = CASE
                        WHEN waiting_for IS ?1 THEN waiting_since
                        WHEN ?1 IS NOT NULL THEN strftime('%Y-%m-%dT%H:%M:%fZ', 'now') END
                """
            try database.cachedStatement(sql: sql)
                .execute(arguments: [reason?.rawValue, until?.description])
        }
    }
}

extension Database {
    /// The limiter; nil before the first call.
    func limiter() throws -> LimiterState? {
        let sql = """
            SELECT tokens, capacity, rate, at, uptime_ms, boot_id,
                usage_current, usage_limit, usage_at
            FROM limiter
            """
        guard let row = try Row.fetchOne(cachedStatement(sql: sql)) else { return nil }
        var state = LimiterState(
            tokens: row["tokens"], capacity: row["capacity"], rate: row["rate"],
            at: row.moment("at"))
        if let current: Int = row["usage_current"], let limit: Int = row["usage_limit"] {
            state.usage = OrgUsage(current: current, limit: limit)
            state.usageAt = row.time("usage_at")
        }
        return state
    }

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
