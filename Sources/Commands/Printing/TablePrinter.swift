import Conversion
import Storage

/// Prints rows as aligned columns.
struct TablePrinter: RowPrinter {
    /// The columns are as wide as the first rows need: a list of millions is not held back until
    /// its last row is known, so that a later, longer value may stand out.
    private static let rowsMeasured = 500

    private let columns: [String]
    private let output: Output
    private var rows: [[Cell]] = []
    private var widths: [Int]?

    private struct Cell {
        let text: String
        let isNumber: Bool
    }

    init(_ columns: [String], _ output: Output) {
        self.columns = columns
        self.output = output
    }

    func begin(_ columns: [String]) {}

    mutating func print(_ row: TableRow) throws {
        let cells = columns.map { name in
            let value = row[name]
            return Cell(text: value.text.onOneLine, isNumber: value.isNumber)
        }
        if widths == nil {
            rows.append(cells)
            if rows.count == Self.rowsMeasured { try begin() }
        } else {
            try write(cells)
        }
    }

    mutating func finish() throws {
        if widths == nil { try begin() }
    }

    private mutating func begin() throws {
        widths = columns.indices.map { index in
            rows.reduce(columns[index].count) { max($0, $1[index].text.count) }
        }
        let areNumbers = columns.indices.map { index in rows.contains { $0[index].isNumber } }
        try write(zip(columns, areNumbers).map { Cell(text: $0, isNumber: $1) })
        for row in rows { try write(row) }
        rows = []
    }

    private func write(_ cells: [Cell]) throws {
        let line = zip(cells, widths ?? []).map { cell, width in
            let padding = String(repeating: " ", count: max(0, width - cell.text.count))
            return cell.isNumber ? padding + cell.text : cell.text + padding
        }.joined(separator: "  ")
        let end = line.lastIndex { $0 != " " }
        try output.writeLine(end.map { line[...$0] } ?? "")
    }
}

extension TableRow.Value {
    fileprivate var isNumber: Bool {
        switch self {
        case .integer, .real: true
        case .null, .text, .json: false
        }
    }
}
