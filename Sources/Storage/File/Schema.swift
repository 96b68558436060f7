import Conversion
import Foundation
import GRDB

/// The migrations of `migrations/`, compiled in, in the order in which they apply.
///
/// A migration that has shipped is never edited: the next change is a new file.
enum Schema {
    /// What `PRAGMA application_id` answers in a file of ours: "LCNV".
    static let applicationID = 0x4C43_4E56

    static let migrations: [(name: String, sql: [UInt8])] = [
        ("v1_jobs", PackageResources.v1_jobs_sql)
    ]

    /// Brings the file up to date, unless it is somebody else's or from a newer version.
    ///
    /// All of it is one transaction: of several programs that open a new file at once one makes it,
    /// and one that is killed while it does leaves nothing behind. Which migrations were applied is
    /// written as GRDB's migrator writes it, whose own transactions would be several.
    static func apply(to database: DatabaseQueue, at path: String) throws {
        let isUpToDate = try database.read { try check($0, path) }
        guard !isUpToDate else { return }
        try database.write { database in
            try check(database, path)
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS grdb_migrations (
                        identifier TEXT NOT NULL PRIMARY KEY)
                    """)
            let applied = try applied(in: database)
            for (name, sql) in migrations where !applied.contains(name) {
                try database.execute(sql: String(decoding: sql, as: UTF8.self))
                try database.execute(
                    sql: "INSERT INTO grdb_migrations (identifier) VALUES (?)", arguments: [name])
            }
        }
    }

    /// Whether the file is up to date already; throws if it must be left alone.
    @discardableResult
    static func check(_ database: Database, _ path: String) throws -> Bool {
        let id = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let others = "SELECT count(*) FROM sqlite_master WHERE tbl_name <> 'grdb_migrations'"
        let isEmpty = try Int.fetchOne(database, sql: others) == 0
        let applied = try applied(in: database)
        guard id == applicationID || (id == 0 && isEmpty && applied.isEmpty) else {
            throw OperatorError(
                .configuration, "\(path) is a SQLite file, but not a queue of leads.",
                remedy: "Name another file with --db or LEADCONVERT_DB.")
        }
        let known = Set(migrations.map(\.name))
        guard applied.isSubset(of: known) else {
            throw OperatorError(
                .configuration, "\(path) was made by a newer version of leadconvertd.",
                remedy: "Install that version, or restore a copy from before the upgrade.")
        }
        return applied == known
    }

    private static func applied(in database: Database) throws -> Set<String> {
        guard try database.tableExists("grdb_migrations") else { return [] }
        return try Set(
            String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations"))
    }
}
