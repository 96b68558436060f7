import Conversion
import Foundation
import GRDB

/// A queue's file as it is found, before anybody opens it to work on it: looking makes no file and
/// no schema.
public enum QueueFile: Sendable, Equatable {
    /// There is none.
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
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA query_only = 1; PRAGMA wal_autocheckpoint = 0")
        }
        return try DatabaseFailure.explained(path) {
            let database = try DatabaseQueue(path: path, configuration: configuration)
            return try database.read { try Schema.check($0, path) } ? .upToDate : .outdated
        }
    }
}
