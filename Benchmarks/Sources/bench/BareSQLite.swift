import GRDBSQLite

/// SQLite's C API with nothing around it but error codes.
final class BareSQLite {
    private var handle: OpaquePointer?

    init(path: String) throws {
        // Without the mutex, which one thread does not need.
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX
        try check(sqlite3_open_v2(path, &handle, flags, nil))
        try execute("PRAGMA synchronous = FULL")
    }

    deinit {
        sqlite3_close_v2(handle)
    }

    var lastInsertedRowID: Int64 { sqlite3_last_insert_rowid(handle) }

    func execute(_ sql: String) throws {
        try check(sqlite3_exec(handle, sql, nil, nil, nil))
    }

    func prepare(_ sql: String) throws -> BareStatement {
        var statement: OpaquePointer?
        try check(
            sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
        guard let statement else { throw Failure(code: SQLITE_MISUSE) }
        return BareStatement(statement)
    }

    private func check(_ code: CInt) throws {
        guard code == SQLITE_OK else { throw Failure(code: code) }
    }

    struct Failure: Error {
        var code: CInt
    }
}

/// A prepared statement.
final class BareStatement {
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

    func bind(_ number: Double, at index: CInt) {
        sqlite3_bind_double(pointer, index, number)
    }

    /// Binds a text without a copy of it: it must live until the statement has run.
    func bind(_ text: BareText, at index: CInt) {
        sqlite3_bind_text(pointer, index, text.bytes.baseAddress, CInt(text.bytes.count), nil)
    }

    /// Runs a statement that gives no rows.
    func run() throws {
        _ = try step()
        sqlite3_reset(pointer)
    }

    /// Goes to the next row; after the last one, back to the beginning.
    func step() throws -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(pointer)
            return false
        case let code: throw BareSQLite.Failure(code: code)
        }
    }

    func integer(at column: CInt) -> Int64 {
        sqlite3_column_int64(pointer, column)
    }
}

/// Text that stays where it is, so that SQLite can read it in place.
final class BareText {
    fileprivate let bytes: UnsafeMutableBufferPointer<CChar>

    init(_ text: String) {
        bytes = .allocate(capacity: text.utf8.count)
        _ = bytes.initialize(from: text.utf8.lazy.map { CChar(bitPattern: $0) })
    }

    deinit {
        bytes.deallocate()
    }
}
