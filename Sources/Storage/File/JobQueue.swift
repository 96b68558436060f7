import Conversion
import Foundation
import GRDB
import Glibc
import SQLiteSwitches

/// The queue's SQLite file: jobs, batches, policies, the run log, the calls, the limiter.
///
/// Many processes may write jobs; one daemon at a time claims and settles them, under its `DaemonLock`.
public struct JobQueue: Sendable {
    public enum Role: Sendable {
        /// The daemon: its commits are on disk when they return, and it alone checkpoints.
        case daemon
        /// Everybody else. Two connections that checkpoint at once can lose a WAL frame in SQLite
        /// before 3.51.3, so these leave it to the daemon.
        case client
    }

    /// The file, as it was named.
    public let path: String
    let database: DatabaseQueue
    private let files: OpenFiles
    private let lock: DaemonLock?
    /// Of the daemon's connection.
    private let triggers: Triggers?

    /// Opens the file; makes it, and brings its schema up to date, where that is needed.
    /// - Parameters:
    ///   - busyTimeout: Seconds to wait for another writer.
    ///   - lock: The daemon's, without which nothing is read or written any more.
    /// - Throws: `OperatorError`: 73 can't be made, 74 can't be read or written or is corrupt,
    ///   75 locked, 78 not ours or newer than this program.
    public init(
        path: String, as role: Role, busyTimeout: Double = 5, lock: DaemonLock? = nil
    ) throws {
        self.path = path
        self.lock = lock
        triggers = role == .daemon ? Triggers() : nil
        _ = Self.memoryIsNotCounted
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { database in
            // Prune gives space back through it. On a new file only, and first: later it has no
            // effect and would still want the write lock, just to look.
            if try Int.fetchOne(database, sql: "PRAGMA page_count") == 0 {
                try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            }
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = FULL")
            // Otherwise each statement's own journal begins with a buffer of 64 KB, which glibc
            // gives back to the kernel when the statement ends: a system call or two for every
            // row of a file that is enqueued.
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
            let pages = role == .daemon ? 1000 : 0
            try database.execute(sql: "PRAGMA wal_autocheckpoint = \(pages)")
        }
        let logMayBeForeign = OpenFiles.logMayBeForeign(to: path)
        database = try DatabaseFailure.explained(path) {
            try FilePermission.keepingOthersOut {
                FilePermission.make(path)
                return try Self.waiting(busyTimeout) {
                    let database = try DatabaseQueue(path: path, configuration: configuration)
                    if logMayBeForeign { try Self.refuseForeignLog(database, at: path) }
                    try Schema.apply(to: database, at: path)
                    return database
                }
            }
        }
        // SQLite keeps the write-ahead log beside the file, not beside a link to it.
        files = OpenFiles(path: QueuePath.resolved(path))
    }

    /// Nobody asks SQLite how much memory it has; to count it takes a twentieth of a row's time.
    private static let memoryIsNotCounted = turn_memory_statistics_off()

    /// A copy that was put in the file's place beside the old write-ahead log: SQLite takes the one for
    /// the other's, and what comes of it is neither.
    private static func refuseForeignLog(_ database: DatabaseQueue, at path: String) throws {
        let isWhole = try database.inDatabase { database in
            do {
                let sql = "PRAGMA integrity_check(1)"
                return try String.fetchOne(database, sql: sql) == "ok"
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                return false
            }
        }
        guard !isWhole else { return }
        // Closed, it would copy the log over the file: it is kept until the process ends.
        _ = Unmanaged.passRetained(database)
        throw OperatorError(
            .inputOutput, "\(path) and \(path)-wal do not belong together.",
            remedy: "Where a copy was restored: put it in place again, and remove \(path)-wal and "
                + "\(path)-shm before anything opens it.")
    }

    /// Where another opens a new file at the same time, SQLite does not wait for it: only one can
    /// turn the file to a write-ahead log, and the other is told at once that it is locked.
    private static func waiting<Result>(
        _ seconds: Double, _ open: () throws -> Result
    ) throws -> Result {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            do {
                return try open()
            } catch let error as DatabaseError
                where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < end
            {
                usleep(10_000)
            }
        }
    }

    /// Runs one writing transaction, or a part of the one that `together` runs.
    func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try inTransaction(body) { database in
            var written: Result?
            try database.inTransaction {
                try triggers?.follow(database)
                written = try body(database)
                return .commit
            }
            guard let written else { preconditionFailure("What is committed was run.") }
            return written
        }
    }

    /// Runs one reading transaction, or a part of the one that `together` runs.
    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try inTransaction(body) { try $0.readInTransaction(body) }
    }

    /// Runs `body` in the transaction that there is, or else `begun`.
    private func inTransaction<Result>(
        _ body: (Database) throws -> Result, orElse begun: (Database) throws -> Result
    ) throws -> Result {
        try DatabaseFailure.explained(path) {
            try database.unsafeReentrantWrite { database in
                if database.isInsideTransaction { return try body(database) }
                try checkFiles()
                return try begun(database)
            }
        }
    }

    /// Runs `body` with all that it reads and writes of this queue in one transaction.
    /// - Returns: nil, with nothing written, where that must be done in more than one: a row breaks a
    ///   rule, or so much is in the way that others have to be let in between.
    public func together<Result>(_ body: () throws -> Result) throws -> Result? {
        do {
            return try write { _ in try body() }
        } catch is NeedsMoreTransactions {
            return nil
        } catch let error as OperatorError where error.status == .dataRefused {
            return nil
        }
    }

    /// Whether this is a part of what `together` runs.
    var isTogether: Bool { database.unsafeReentrantWrite { $0.isInsideTransaction } }

    /// Ends what `together` runs.
    struct NeedsMoreTransactions: Error {}

    /// - Throws: `OperatorError` 74 when the files are others than those that were opened.
    private func checkFiles() throws {
        do {
            try files.check()
            try lock?.check()
        } catch {
            // Closed, the connection would copy its write-ahead log over what is there now: it is kept
            // until the process ends.
            _ = Unmanaged.passRetained(database)
            throw error
        }
    }

    /// Moves all of the write-ahead log into the file, so that a copy of that alone is whole. Only for
    /// the daemon, and only at its end: readers may still keep a part of it out.
    public func checkpoint() throws {
        try checkFiles()
        try DatabaseFailure.explained(path) {
            try database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        }
    }

    /// Keeps the number of a call that is about to leave, so that an older copy of the file is known.
    public func keep(call: Int64) { lock?.keep(call: call) }

    /// The last call that was made on a file of this name; nil when none is known.
    var lastCall: Int64? { lock?.lastCall }
    /// Whether the file is a daemon's, and not a test's.
    var isLocked: Bool { lock != nil }

    /// A number that changes when another connection has committed.
    public func dataVersion() throws -> Int64 {
        try DatabaseFailure.explained(path) { try database.dataVersion() }
    }
}

extension JobQueue {
    /// What the daemon takes into calls.
    public var claims: Claims { Claims(store: self) }
    /// What came of the calls, and what outlives a daemon.
    public var settlements: Settlements { Settlements(store: self) }
    /// The commands of finished batches.
    public var commands: BatchCommands { BatchCommands(store: self) }
    /// What an operator does to the queue.
    public var operations: Operations { Operations(store: self) }
    /// What there is to read.
    public var reports: Reports { Reports(store: self) }
}

/// Puts jobs into calls. Each method is one transaction, or several where very many rows are in the way;
/// within `JobQueue.together` it is a part of that one.
public struct Claims: Sendable { let store: JobQueue }

/// Settles the calls, and keeps the limiter and the clock. Each method is one transaction, or a part of
/// `JobQueue.together`.
public struct Settlements: Sendable { let store: JobQueue }

/// Starts and ends the commands of finished batches; each method is one transaction.
public struct BatchCommands: Sendable { let store: JobQueue }

/// Retries, cancels, pauses, prunes, copies.
public struct Operations: Sendable { let store: JobQueue }

/// Reads what the queue holds. What may be long is read in pages, each in a transaction of its own.
public struct Reports: Sendable { let store: JobQueue }

extension Statement {
    /// Runs a statement that runs once for each lead.
    func execute<each Value: StatementBinding>(with values: repeat each Value) throws {
        try execute { binder in
            for value in repeat each values { binder.bind(value) }
        }
    }

    /// Runs a statement with the values that `body` binds, from the first place to the last.
    ///
    /// They are bound as they come; `execute(arguments:)` boxes them first, which takes as long
    /// again as SQLite takes for the row.
    func execute(binding body: (inout StatementBinder) throws -> Void) throws {
        setUncheckedArguments([])
        var binder = StatementBinder(statement: sqliteStatement)
        try body(&binder)
        try execute()
    }
}

/// Binds values to the places of a statement, one after the other.
struct StatementBinder {
    fileprivate let statement: SQLiteStatement
    private var index: CInt = 0

    fileprivate init(statement: SQLiteStatement) {
        self.statement = statement
    }

    mutating func bind(_ value: some StatementBinding) {
        index += 1
        let code = value.bind(to: statement, at: index)
        precondition(code == ResultCode.SQLITE_OK.rawValue, "A statement takes its values.")
    }
}
