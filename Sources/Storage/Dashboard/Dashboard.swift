import Foundation
import GRDB

/// The queue for people who look at it while others work on it: the status page, its metrics, the
/// report and `status --watch`.
///
/// It has a connection of its own, which cannot write, and each read is bounded, however large the
/// queue is: an open read keeps the daemon's checkpoints from moving the write-ahead log into the
/// file. What has to be counted is counted in slices, each a read of its own.
public final class Dashboard: Sendable {
    /// The queue's file.
    public let path: String
    let database: DatabaseQueue

    /// Opens the file, which must be there and up to date.
    /// - Throws: `OperatorError`: 74 can't be read or is corrupt, 75 locked.
    public init(path: String) throws {
        self.path = path
        database = try DatabaseFailure.explained(path) {
            try DatabaseQueue(path: path, configuration: .reading(waiting: 1))
        }
    }

    /// Runs one short reading transaction.
    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try DatabaseFailure.explained(path) { try database.readInTransaction(body) }
    }

    /// A number that changes when anybody has committed.
    public func changes() throws -> Int64 {
        try DatabaseFailure.explained(path) { try database.dataVersion() }
    }

    /// Bytes of the file and of its write-ahead log.
    public func fileSizes() -> (file: Int64, log: Int64) {
        (Self.size(path), Self.size(path + "-wal"))
    }

    private static func size(_ path: String) -> Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.int64Value ?? 0
    }
}
