import GRDB

/// Rows of an index to count, in an order in which the index has them.
struct SlicedCount {
    /// The table with its index: `jobs INDEXED BY jobs_by_state`.
    let source: String
    /// What the rows have in common: the first columns of the index.
    let condition: String
    let arguments: [(any DatabaseValueConvertible)?]
    /// The rest of the index's columns, as far as it takes to tell the rows apart.
    let order: [String]

    /// Rows in one read: some milliseconds' worth.
    static let rows = 20_000

    /// The row that ends the next slice. The rows before it are passed over inside SQLite.
    fileprivate func end(after place: Row?) -> (sql: String, arguments: StatementArguments) {
        let columns = order.joined(separator: ", ")
        return (
            """
            SELECT \(columns) FROM \(source) WHERE \(bounds(place))
            ORDER BY \(columns) LIMIT 1 OFFSET \(Self.rows - 1)
            """, bound(place)
        )
    }

    /// How many rows there are, where there is no whole slice any more.
    fileprivate func rest(after place: Row?) -> (sql: String, arguments: StatementArguments) {
        ("SELECT count(*) FROM \(source) WHERE \(bounds(place))", bound(place))
    }

    private func bounds(_ place: Row?) -> String {
        guard place != nil else { return condition }
        let marks = order.map { _ in "?" }.joined(separator: ", ")
        // The first column alone, too: of a pair of which one is an expression SQLite finds no start.
        return
            "\(condition) AND \(order[0]) >= ? AND (\(order.joined(separator: ", "))) > (\(marks))"
    }

    private func bound(_ place: Row?) -> StatementArguments {
        guard let values = place.map({ Array($0.databaseValues) }) else {
            return StatementArguments(arguments)
        }
        return StatementArguments(arguments) + StatementArguments([values[0]] + values)
    }
}

extension Dashboard {
    /// Counts rows in as many reads as it takes. Rows that come or go meanwhile may be missed: it
    /// is a count for people.
    func count(_ rows: SlicedCount) throws -> Int {
        var count = 0
        var place: Row?
        while true {
            let (end, rest) = try read { database -> (Row?, Int) in
                let (sql, arguments) = rows.end(after: place)
                let end = try Row.fetchOne(
                    database.cachedStatement(sql: sql), arguments: arguments)
                guard end == nil else { return (end, SlicedCount.rows) }
                let (restSQL, restArguments) = rows.rest(after: place)
                return (
                    nil,
                    try Int.fetchOne(
                        database.cachedStatement(sql: restSQL), arguments: restArguments) ?? 0
                )
            }
            count += rest
            guard let end else { return count }
            place = end
        }
    }
}
