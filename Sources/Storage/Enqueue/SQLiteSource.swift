import Conversion
import Foundation
import GRDB

/// The rows that a query gives from another SQLite file, which is read and never written.
public struct SQLiteSource: Sendable {
    /// The file, as it was named.
    public let path: String
    /// The columns that the query gives.
    public let columns: [String]

    private let sql: String
    private let database: DatabaseQueue

    /// Opens the file and prepares the query, so that its mistakes show before a row is read.
    /// - Throws: `OperatorError`: 64 when the query is none, 65 when the file is not SQLite,
    ///   66 when there is no such file, 74 when it can't be read.
    public init(path: String, sql: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw OperatorError(.notFound, "\(path): no such file.")
        }
        self.path = path
        self.sql = sql
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        (database, columns) = try Self.explained(path) {
            let database = try DatabaseQueue(path: path, configuration: configuration)
            return (database, try database.read { try $0.query(sql).columnNames })
        }
        guard !columns.isEmpty else { throw OperatorError.noRows }
    }

    /// Reads all rows, one at a time: a text for each column, nil for NULL.
    /// - Throws: What `body` throws; 65 at a value that is not text.
    public func read(_ body: ([String?]) throws -> Void) throws {
        try Self.explained(path) {
            try database.read { database in
                let rows = try Row.fetchCursor(try database.query(sql))
                var number = 0
                while let row = try rows.next() {
                    number += 1
                    try body(
                        try columns.indices.map { try text(of: row, column: $0, number: number) })
                }
            }
        }
    }

    /// Bytes count as text where they are some: programs that store text as a blob are many.
    private func text(of row: Row, column: Int, number: Int) throws -> String? {
        switch (row[column] as DatabaseValue).storage {
        case .null: return nil
        case .int64(let number): return String(number)
        case .double(let number): return String(number)
        case .string, .blob:
            let text = try row.withUnsafeData(atIndex: column) { data in
                String(validating: data ?? Data(), as: UTF8.self)
            }
            guard let text else {
                throw OperatorError(
                    .dataRefused, "\(path) row \(number): \(columns[column]) is not UTF-8 text.",
                    remedy: "Leave the column out of the query, or convert it there.")
            }
            return text
        }
    }

    /// SQLite's complaints, told of a file that is not ours.
    private static func explained<Result>(
        _ path: String, _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_NOTADB {
            throw OperatorError(.dataRefused, "\(path) is not a SQLite file.")
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            throw OperatorError(.tryLater, "\(path) is locked by another program.")
        } catch let error as DatabaseError where isMistake(error) {
            throw OperatorError(.usage, "The query fails: \(error.message ?? "\(error)").")
        } catch let error as DatabaseError {
            throw OperatorError(
                .inputOutput, "\(path) can't be read: \(error.message ?? "\(error.resultCode)").")
        }
    }

    /// Misuse is what GRDB calls a statement that wants arguments.
    private static func isMistake(_ error: DatabaseError) -> Bool {
        error.resultCode == .SQLITE_ERROR || error.resultCode == .SQLITE_MISUSE
    }
}

extension OperatorError {
    fileprivate static let noRows = OperatorError(
        .usage, "The query gives no rows.", remedy: "Write one that begins with SELECT.")
}

extension Database {
    /// - Throws: A `DatabaseError` when it is not one statement, or one that would write.
    fileprivate func query(_ sql: String) throws -> Statement {
        let statements = try allStatements(sql: sql)
        guard let statement = try statements.next() else {
            throw OperatorError.noRows
        }
        guard try statements.next() == nil else {
            throw DatabaseError(message: "it has more than one statement; give one SELECT")
        }
        try statement.setArguments([])
        guard statement.isReadonly else {
            throw DatabaseError(message: "it would write; only a SELECT is run")
        }
        return statement
    }
}
