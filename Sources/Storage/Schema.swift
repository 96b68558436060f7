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

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (name, sql) in migrations {
            migrator.registerMigration(name) { database in
                try database.execute(sql: String(decoding: sql, as: UTF8.self))
            }
        }
        return migrator
    }

    /// Brings the file up to date, unless it is somebody else's or from a newer version.
    static func apply(to database: DatabaseQueue, at path: String) throws {
        let isUpToDate = try database.read { try check($0, path) }
        guard !isUpToDate else { return }
        try migrator.migrate(database)
    }

    /// Whether the file is up to date already; throws if it must be left alone.
    static func check(_ database: Database, _ path: String) throws -> Bool {
        let id = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard id == applicationID || (id == 0 && tables == 0) else {
            throw OperatorError(
                .configuration, "\(path) is a SQLite file, but not a queue of leads.",
                remedy: "Name another file with --db or LEADCONVERT_DB.")
        }
        if try migrator.hasBeenSuperseded(database) {
            throw OperatorError(
                .configuration, "\(path) was made by a newer version of leadconvertd.",
                remedy: "Install that version, or restore a copy from before the upgrade.")
        }
        return try migrator.hasCompletedMigrations(database)
    }
}
