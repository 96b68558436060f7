public import Conversion
import GRDB

/// A row as a query gave it, for printing: names and values in the query's order.
public struct TableRow: Sendable, Equatable {
    /// A value of SQLite.
    public enum Value: Sendable, Equatable {
        case null
        case integer(Int64)
        case real(Double)
        case text(String)
        /// What is no value of SQLite, as JSON on one line.
        case json(String)
    }

    public var columns: [String]
    public var values: [Value]

    public init(columns: [String], values: [Value]) {
        self.columns = columns
        self.values = values
    }

    /// The value of a column; NULL when there is no such column.
    public subscript(column: String) -> Value {
        columns.firstIndex(of: column).map { values[$0] } ?? .null
    }
}

extension TableRow {
    /// The first columns of a row.
    init(_ row: Row, columns: [String]) {
        let values = columns.indices.map { index -> Value in
            switch (row[index] as DatabaseValue).storage {
            case .null: .null
            case .int64(let number): .integer(number)
            case .double(let number): .real(number)
            case .string(let text): .text(text)
            case .blob(let bytes): .text("\(bytes.count) bytes")
            }
        }
        self.init(columns: columns, values: values)
    }
}

/// A list to read: its columns, its conditions, its order.
struct TableQuery {
    /// What the rows are ordered by; the same again backwards to find the newest.
    var order = ["id"]
    /// Where their numbers are looked up, with what they are ordered by; nil in the table itself.
    var index: String?
    private(set) var arguments: StatementArguments = []

    private let columns: String
    private let table: String
    private let limit: Int?
    private var conditions: [String] = []

    /// - Parameter columns: Their names, `id` first.
    /// - Parameter limit: Only so many, the last in the order.
    init(_ columns: String, from table: String, limit: Int?) {
        self.columns = columns
        self.table = table
        self.limit = limit
    }

    /// Whether there is no condition yet.
    var isWhole: Bool { conditions.isEmpty }

    /// Whether all rows are wanted, which may be too many to hold even their numbers.
    var isUnlimited: Bool { isWhole && limit == nil }

    /// Adds a condition on one value.
    mutating func add(_ condition: String, _ value: any DatabaseValueConvertible) {
        conditions.append(condition)
        arguments += [value]
    }

    /// The numbers of the rows, with a place for each argument; then what they are ordered by, without
    /// which SQLite would not merge the parts of a view in their orders.
    var sqlOfIDs: String {
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
        let numbers = """
            SELECT \((["id"] + order.filter { $0 != "id" }).joined(separator: ", "))
            FROM \(index ?? table)
            \(filter)
            """
        let forwards = order.joined(separator: ", ")
        guard let limit else { return "\(numbers)\nORDER BY \(forwards)" }
        let backwards = order.map { "\($0) DESC" }.joined(separator: ", ")
        return """
            SELECT id FROM (\(numbers) ORDER BY \(backwards) LIMIT \(limit))
            ORDER BY \(forwards)
            """
    }

    /// The numbers behind one, up to another, a page of them.
    var sqlOfNextIDs: String {
        "SELECT id FROM \(table) WHERE id > ? AND id <= ? ORDER BY id LIMIT \(Self.page)"
    }

    /// The newest number.
    var sqlOfLastID: String { "SELECT id FROM \(table) ORDER BY id DESC LIMIT 1" }

    /// How many rows are read at once.
    static let page = 500

    /// The rows of these numbers, given as a JSON array; the first column is the number.
    var sqlOfRows: String {
        "SELECT \(columns) FROM \(table) WHERE id IN (SELECT value FROM json_each(?))"
    }
}

extension JSON {
    /// A value of SQLite.
    public init(_ value: TableRow.Value) {
        switch value {
        case .null: self = .null
        case .integer(let number): self = .integer(number)
        case .real(let number): self = .real(number)
        case .text(let text): self = .text(text)
        case .json(let line): self = .encoded(line)
        }
    }
}

extension TableRow.Value {
    /// The value as people read it; nothing for NULL.
    public var text: String {
        switch self {
        case .null: ""
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .text(let text), .json(let text): text
        }
    }

    /// A value of JSON.
    public init(_ json: JSON) {
        self =
            switch json {
            case .null: .null
            case .integer(let number): .integer(number)
            case .real(let number): .real(number)
            case .text(let text): .text(text)
            case .bool, .list, .object, .encoded: .json(json.line)
            }
    }
}
