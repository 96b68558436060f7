import Storage

/// Prints rows as CSV, RFC 4180, below a header.
struct CSVPrinter: RowPrinter {
    private let output: Output

    init(_ output: Output) {
        self.output = output
    }

    func begin(_ columns: [String]) throws {
        try write(columns)
    }

    func print(_ row: Row) throws {
        try write(row.values.map(\.text))
    }

    func finish() {}

    private func write(_ cells: [String]) throws {
        try output.writeLine(cells.map(Self.quoted).joined(separator: ","))
    }

    private static func quoted(_ cell: String) -> String {
        let needsQuotes = cell.utf8.contains { byte in
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
                || byte == UInt8(ascii: "\r")
        }
        return needsQuotes ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
    }
}
