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

/// A queue's file as it is found, before anybody opens it to work on it: looking makes no file and
/// no schema.
public enum QueueFile: Sendable, Equatable {
    case missing
    /// It is a queue, or empty, and the next who opens it brings its schema up to date.
    case outdated
    /// It is a queue with the schema that this program knows.
    case upToDate

    /// The migrations that this program knows, oldest first.
    public static var migrations: [String] { Schema.migrations.map(\.name) }

    /// Looks at what is there.
    /// - Throws: `OperatorError`: 74 can't be read or is corrupt, 75 locked, 78 not ours or newer
    ///   than this program.
    public static func look(at path: String) throws -> QueueFile {
        guard FileManager.default.fileExists(atPath: path) else { return .missing }
        return try DatabaseFailure.explained(path) {
            let database = try DatabaseQueue(path: path, configuration: .reading(waiting: 5))
            return try database.read { try Schema.check($0, path) } ? .upToDate : .outdated
        }
    }
}

/// A version of SQLite, and what is known of it.
public struct SQLiteVersion: Sendable, Equatable, CustomStringConvertible {
    /// Major, minor, patch.
    public let numbers: [Int]

    /// Reads a version such as `3.40.1`.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        numbers = parts.compactMap { Int($0) }
        guard parts.count == 3, numbers.count == 3 else { return nil }
    }

    private init(numbers: [Int]) {
        self.numbers = numbers
    }

    /// The library that this program runs with. Its number has three digits for minor and patch.
    public static let ofTheLibrary: SQLiteVersion = {
        let number = Int(Database.sqliteLibVersionNumber)
        return SQLiteVersion(numbers: [number / 1_000_000, number / 1000 % 1000, number % 1000])
    }()

    /// `3.40.1`.
    public var description: String { numbers.map(String.init).joined(separator: ".") }

    /// Whether two connections that checkpoint at the same time can lose what was just written.
    ///
    /// Source: sqlite.org, "WAL Mode", "The WAL-Reset Bug": fixed in 3.51.3, and in 3.50.7 and
    /// 3.44.6 for systems that stay with these.
    public var hasWALResetRace: Bool {
        switch (numbers[0], numbers[1]) {
        case (3, 44): numbers[2] < 6
        case (3, 50): numbers[2] < 7
        default: numbers.lexicographicallyPrecedes([3, 51, 3])
        }
    }

    /// Whether it knows all the SQL that we use; STRICT tables came last, with 3.37.
    public var knowsOurSQL: Bool { !numbers.lexicographicallyPrecedes([3, 37, 0]) }
}
