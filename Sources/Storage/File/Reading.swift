import Conversion
import GRDB

extension Configuration {
    /// Of a connection that only reads: it writes nothing, and leaves checkpoints to the daemon.
    /// - Parameter seconds: How long it waits for a lock.
    static func reading(waiting seconds: Double) -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(seconds)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA query_only = 1; PRAGMA wal_autocheckpoint = 0")
        }
        return configuration
    }
}

extension Database {
    /// Runs one reading transaction.
    ///
    /// GRDB's own `read` turns `PRAGMA query_only` on and off around it, after which SQLite
    /// prepares every statement again: here that would be all of them, for each call.
    func readInTransaction<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try beginTransaction(.deferred)
        let result = Swift.Result { try body(self) }
        try rollback()
        return try result.get()
    }
}

extension DatabaseQueue {
    func readInTransaction<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try inDatabase { try $0.readInTransaction(body) }
    }

    /// A number that changes when another connection has committed.
    func dataVersion() throws -> Int64 {
        try inDatabase {
            try Int64.fetchOne($0.cachedStatement(sql: "PRAGMA data_version")) ?? 0
        }
    }
}

extension Row {
    /// A time; nil where there is none, or none that can be read.
    func time(_ column: Int) -> Timestamp? {
        (self[column] as String?).flatMap { Timestamp($0) }
    }

    /// A time; nil where there is none, or none that can be read.
    func time(_ column: String) -> Timestamp? {
        (self[column] as String?).flatMap { Timestamp($0) }
    }

    /// A moment on both clocks, from the columns `uptime_ms` and `boot_id` beside that of its time.
    func moment(_ column: String) -> Moment {
        Moment(
            wall: time(column) ?? Timestamp(milliseconds: 0), uptimeMS: self["uptime_ms"],
            bootID: self["boot_id"])
    }
}
