public import Conversion
import GRDB

extension Reports {
    /// All retry policies as they are stored, by name.
    public func policies() throws -> [TableRow] {
        try store.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM policies ORDER BY name").map {
                TableRow($0, columns: Array($0.columnNames))
            }
        }
    }
}

extension Operations {
    /// Makes a policy, or changes the one of that name; attempts from now on go by it.
    /// - Throws: `OperatorError` 65 naming the rule, when a value is out of its range.
    public func set(_ policy: RetryPolicy, named name: String) throws {
        try changePolicy(named: name) { $0 = policy }
    }

    /// Changes the policy of that name, or makes one like the default with these changes.
    /// - Returns: Whether there was one.
    /// - Throws: `OperatorError` 65 naming the rule, when a value is out of its range.
    @discardableResult
    public func changePolicy(
        named name: String, _ change: (inout RetryPolicy) -> Void
    ) throws -> Bool {
        let sql = """
            UPDATE policies SET (max_attempts, base_delay_ms, factor, max_delay_ms, jitter, on_failure,
                allow_duplicates, on_duplicates, on_many_matches, on_no_match, fallback_owner,
                suppress_feed, truncate_fields) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            WHERE name = ?
            """
        return try store.write { database in
            let known = try database.policies()
            var policy = known[name] ?? known["default"] ?? RetryPolicy()
            change(&policy)
            try database.execute(
                sql: "INSERT INTO policies (name) VALUES (?) ON CONFLICT (name) DO NOTHING",
                arguments: [name])
            try database.execute(
                sql: sql,
                arguments: [
                    policy.maxAttempts, policy.baseDelayMS, policy.factor, policy.maxDelayMS,
                    policy.jitter, policy.onFailure.rawValue, policy.onDuplicates == .allow,
                    policy.onDuplicates.rawValue, policy.onManyMatches.rawValue,
                    policy.onNoMatch.rawValue, policy.fallbackOwner?.description,
                    policy.suppressesFeed, policy.truncatesFields, name,
                ])
            return known[name] != nil
        }
    }
}

extension Database {
    /// All retry policies by name: a handful of rows, read again for each call so that a change
    /// applies to the next attempt.
    func policies() throws -> [String: RetryPolicy] {
        let sql = """
            SELECT name, max_attempts, base_delay_ms, factor, max_delay_ms, jitter, on_failure,
                on_duplicates, on_many_matches, on_no_match, fallback_owner, suppress_feed,
                truncate_fields
            FROM policies
            """
        var policies: [String: RetryPolicy] = [:]
        let rows = try Row.fetchCursor(cachedStatement(sql: sql))
        while let row = try rows.next() { policies[row["name"]] = RetryPolicy(row) }
        return policies
    }
}

extension RetryPolicy {
    fileprivate init(_ row: Row) {
        self.init(
            maxAttempts: row["max_attempts"], baseDelayMS: row["base_delay_ms"],
            factor: row["factor"], maxDelayMS: row["max_delay_ms"], jitter: row["jitter"],
            onFailure: .init(rawValue: row["on_failure"]) ?? .carryOn,
            // allow_duplicates says the same: the schema sees to that.
            onDuplicates: .init(rawValue: row["on_duplicates"]) ?? .fail)
        onManyMatches = .init(rawValue: row["on_many_matches"]) ?? .fail
        onNoMatch = .init(rawValue: row["on_no_match"]) ?? .create
        // Of two characters that are mistyped the schema knows nothing: the first fifteen count.
        let owner = (row["fallback_owner"] as String?)?.prefix(15)
        fallbackOwner = owner.flatMap { RecordID(stem: $0, of: .user) }
        suppressesFeed = row["suppress_feed"]
        truncatesFields = row["truncate_fields"]
    }
}
