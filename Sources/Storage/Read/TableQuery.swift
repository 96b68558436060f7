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

    /// Whether all rows are wanted, which may be too many to hold even their numbers.
    var isUnlimited: Bool { isWhole && limit == nil }

    /// Adds a condition on one value.
    mutating func add(_ condition: String, _ value: any DatabaseValueConvertible) {
        conditions.append(condition)
        arguments += [value]
    }

    /// The numbers of the rows, with a place for each argument.
    var sqlOfIDs: String {
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
        let forwards = order.joined(separator: ", ")
        guard let limit else {
            return "SELECT id FROM \(table)\n\(filter)\nORDER BY \(forwards)"
        }
        let backwards = order.map { "\($0) DESC" }.joined(separator: ", ")
        return """
            SELECT id FROM (
                SELECT \(order.joined(separator: ", ")) FROM \(table)
                \(filter)
                ORDER BY \(backwards) LIMIT \(limit))
            ORDER BY \(forwards)
            """
    }

    /// The numbers behind one, up to another, a page of them.
    var sqlOfNextIDs: String {
        "SELECT id FROM \(table) WHERE id > ? AND id <= ? ORDER BY id LIMIT \(Self.page)"
    }

    /// The newest number.
    var sqlOfLastID: String { "SELECT max(id) FROM \(table)" }

    /// How many rows are read at once.
    static let page = 500

    /// The rows of these numbers, given as a JSON array, in its order.
    var sqlOfRows: String {
        """
        SELECT \(columns)
        FROM (SELECT value AS given FROM json_each(?))
        CROSS JOIN \(table) ON id = given
        """
    }
}
