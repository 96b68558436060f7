import GRDB
import SQLiteSwitches
import Synchronization

/// Whether the schema's triggers run for what the daemon writes.
///
/// For each row that a trigger looks at SQLite loads the old one, with its sixty columns, and makes the
/// new one twice: a sixth of the drain's time. The daemon's statements keep the rules by themselves, so its
/// connection runs no triggers; unless somebody has put own ones into the file, which run, too.
final class Triggers: Sendable {
    private let schemaVersion = Mutex<Int64?>(nil)

    /// Looks at the triggers if the schema has changed since. To be called within a transaction.
    func follow(_ database: Database) throws {
        let sql = "PRAGMA schema_version"
        let version = try Int64.fetchOne(database.cachedStatement(sql: sql))
        guard schemaVersion.withLock({ $0 != version }) else { return }
        try database.setTriggers(enabled: try database.hasTriggersOfOthers())
        schemaVersion.withLock { $0 = version }
    }
}

extension Database {
    fileprivate func hasTriggersOfOthers() throws -> Bool {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND instr(?, sql) = 0)"
        let own = Schema.migrations.map { String(decoding: $0.sql, as: UTF8.self) }.joined()
        return try Bool.fetchOne(self, sql: sql, arguments: [own]) ?? true
    }

    /// - Returns: Whether they were on.
    @discardableResult
    func setTriggers(enabled: Bool) throws -> Bool {
        var wasEnabled: Int32 = 0
        let code = set_triggers_enabled(sqliteConnection, enabled ? 1 : 0, &wasEnabled)
        guard code == ResultCode.SQLITE_OK.rawValue else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
        return wasEnabled != 0
    }
}
