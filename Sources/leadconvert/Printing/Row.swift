import Storage

/// A row to print: names and values in their order.
struct Row {
    let columns: [String]
    let values: [TableRow.Value]

    /// The value of a column; NULL when there is no such column.
    subscript(column: String) -> TableRow.Value {
        columns.firstIndex(of: column).map { values[$0] } ?? .null
    }
}

extension Row {
    /// A row as the queue gave it.
    init(_ row: TableRow) {
        self.init(columns: row.columns, values: row.values)
    }
}
