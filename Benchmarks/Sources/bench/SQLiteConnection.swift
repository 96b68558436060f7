import CSQLite

/// SQLite's C API with nothing around it but error codes.
final class SQLiteConnection {
    private var handle: OpaquePointer?

    init(path: String) throws {
        // Without the mutex, which one thread does not need.
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        try check(sqlite3_open_v2(path, &handle, flags, nil))
        sqlite3_busy_timeout(handle, 5000)
        try execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    }

    deinit {
        sqlite3_close_v2(handle)
    }

    /// Has it run no triggers.
    func leaveTriggersOut() throws {
        try check(leave_triggers_out(handle))
    }

    func execute(_ sql: String) throws {
        try check(sqlite3_exec(handle, sql, nil, nil, nil))
    }

    func prepare(_ sql: String) throws -> Statement {
        var statement: OpaquePointer?
        try check(
            sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
        guard let statement else { throw Failure(code: SQLITE_MISUSE, message: "No statement.") }
        return Statement(statement)
    }

    /// The first column of the first row.
    func integer(_ sql: String) throws -> Int64 {
        let statement = try prepare(sql)
        guard try statement.step() else { return 0 }
        return statement.integer(at: 0)
    }

    private func check(_ code: CInt) throws {
        guard code == SQLITE_OK else {
            throw Failure(code: code, message: String(cString: sqlite3_errmsg(handle)))
        }
    }

    struct Failure: Error {
        var code: CInt
        var message: String
    }
}

/// A prepared statement.
final class Statement {
    private let pointer: OpaquePointer

    fileprivate init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        sqlite3_finalize(pointer)
    }

    func bind(_ number: Int64, at index: CInt) {
        sqlite3_bind_int64(pointer, index, number)
    }

    func bind(_ text: String, at index: CInt) {
        // SQLite copies it: Swift's text stands still no longer than this call.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        sqlite3_bind_text(pointer, index, text, -1, copied)
    }

    /// Binds a text that is never freed, without a copy.
    func bind(_ text: StaticString, at index: CInt) {
        text.withUTF8Buffer {
            let bytes = UnsafeRawPointer($0.baseAddress)?.assumingMemoryBound(to: CChar.self)
            sqlite3_bind_text(pointer, index, bytes, CInt($0.count), nil)
        }
    }

    /// Runs a statement that gives no rows.
    func run() throws {
        while try step() {}
    }

    /// Goes to the next row; after the last one, back to the beginning.
    func step() throws -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(pointer)
            return false
        case let code:
            throw SQLiteConnection.Failure(
                code: code, message: String(cString: sqlite3_errmsg(sqlite3_db_handle(pointer))))
        }
    }

    func integer(at column: CInt) -> Int64 {
        sqlite3_column_int64(pointer, column)
    }
}
