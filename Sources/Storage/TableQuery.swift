import GRDB

/// A list to read: its columns, its conditions, its order.
struct TableQuery {
    /// What the rows are ordered by; the same again backwards to find the newest.
    var order = ["id"]
    private(set) var arguments: StatementArguments = []

    private let columns: String
    private let table: String
    private let limit: Int?
    private var conditions: [String] = []

    /// - Parameter limit: Only so many, the last in the order.
    init(_ columns: String, from table: String, limit: Int?) {
        self.columns = columns
        self.table = table
        self.limit = limit
    }

    /// Whether there is no condition yet.
    var isWhole: Bool { conditions.isEmpty }

    /// Adds a condition on one value.
    mutating func add(_ condition: String, _ value: any DatabaseValueConvertible) {
        conditions.append(condition)
        arguments += [value]
    }

    /// The query, with a place for each argument.
    var sql: String {
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
        let select = "SELECT \(columns)\nFROM \(table)\n\(filter)"
        let forwards = order.joined(separator: ", ")
        guard let limit else { return "\(select)\nORDER BY \(forwards)" }
        let backwards = order.map { "\($0) DESC" }.joined(separator: ", ")
        return """
            SELECT * FROM (\(select) ORDER BY \(backwards) LIMIT \(limit)) ORDER BY \(forwards)
            """
    }
}
