public import Conversion

/// Reads conversions from the rows of a table, as a query gives them.
///
///     var table = try TableReader("other.db", columns: ["Id", "Status"], mapping: mapping)
///     let row = table.read(["00QWs000001AbcDMAS", nil])
public struct TableReader {
    private let columns: ColumnNames
    private let mapping: Mapping
    private var position = 0
    private var leadsOfQueues = 0

    /// Holds the columns against what the mapping needs.
    /// - Parameter name: What the rows come from, for messages.
    /// - Throws: 65 when a field that is required has no column, or one has two.
    public init(_ name: String, columns: [String], mapping: Mapping) throws(OperatorError) {
        try mapping.requireFields()
        self.mapping = mapping
        do throws(InputError) {
            self.columns = try ColumnNames(columns, of: .query, mapping: mapping)
        } catch {
            throw error.of(name)
        }
    }

    /// What was read otherwise than the rows say by themselves.
    public var notes: [String] { RowReader.note(onLeadsOfQueues: leadsOfQueues) }

    /// Reads the next row: a cell for each column, nil where there is nothing. Its `line` is its
    /// number, counted from 1.
    public mutating func read(_ cells: [String?]) -> IntakeRow {
        position += 1
        let row = RowResult(line: position, mapping) { TableCells(cells: cells, columns: columns) }
        if row.leavesOutQueue { leadsOfQueues += 1 }
        return IntakeRow(row)
    }
}

/// A row of a table.
private struct TableCells: Row {
    let cells: [String?]
    let columns: ColumnNames

    func value(of field: LeadField) -> Value? {
        columns.column(of: field).map(value)
    }

    func value(at path: TemplatePath) -> Value? {
        columns.column(at: path).map(value)
    }

    private func value(in column: Int) -> Value {
        cells[column].map(Value.text) ?? .null
    }
}
