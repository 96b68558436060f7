import GRDB

/// A row as a query gave it, for those who print it: names and values in the query's order.
public struct TableRow: Sendable, Equatable {
    /// A value of SQLite.
    public enum Value: Sendable, Equatable {
        /// NULL.
        case null
        /// A whole number.
        case integer(Int64)
        /// A number.
        case real(Double)
        /// A text.
        case text(String)
    }

    /// The columns' names.
    public var columns: [String]
    /// Their values.
    public var values: [Value]

    /// The value of a column; NULL when there is no such column.
    public subscript(column: String) -> Value {
        columns.firstIndex(of: column).map { values[$0] } ?? .null
    }
}

extension TableRow {
    /// The first columns of a row.
    init(_ row: Row, columns: [String]) {
        self.columns = columns
        values = columns.indices.map { index in
            switch (row[index] as DatabaseValue).storage {
            case .null: .null
            case .int64(let number): .integer(number)
            case .double(let number): .real(number)
            case .string(let text): .text(text)
            case .blob(let bytes): .text("\(bytes.count) bytes")
            }
        }
    }
}
