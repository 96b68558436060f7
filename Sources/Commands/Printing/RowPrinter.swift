import ArgumentParser
import Conversion
import Storage

/// A way to print rows, one after the other.
protocol RowPrinter {
    /// Begins, before the first row, if any comes.
    mutating func begin(_ columns: [String]) throws
    /// Prints a row, now or later.
    mutating func print(_ row: TableRow) throws
    /// Prints what is left.
    mutating func finish() throws
}

/// Prints rows as CSV, RFC 4180, below a header.
struct CSVPrinter: RowPrinter {
    private let output: Output

    init(_ output: Output) {
        self.output = output
    }

    func begin(_ columns: [String]) throws {
        try write(columns)
    }

    func print(_ row: TableRow) throws {
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

/// Prints rows as a JSON array, an object a line.
struct JSONPrinter: RowPrinter {
    private let output: Output
    private let object: (TableRow) -> JSON
    private var array: JSONArray

    /// - Parameters:
    ///   - isLive: Whether somebody reads along.
    ///   - object: What is printed of a row; without it, all columns by their names.
    init(_ output: Output, isLive: Bool = false, object: ((TableRow) -> JSON)? = nil) {
        self.output = output
        self.object = object ?? { .object(Array(zip($0.columns, $0.values.map { JSON($0) }))) }
        array = JSONArray(isLive: isLive)
    }

    func begin(_ columns: [String]) {}

    mutating func print(_ row: TableRow) throws {
        try output.write(array.adding(object(row)))
    }

    func finish() throws {
        try output.write(array.end)
    }
}

/// How rows are printed; a table without any of these.
enum RowFormat: String, EnumerableFlag {
    case json
    case csv

    static func help(for value: RowFormat) -> ArgumentHelp? {
        switch value {
        case .json: "Print a JSON array of objects, with all columns."
        case .csv: "Print CSV with a header, with all columns."
        }
    }

    static func printer(
        _ format: RowFormat?, table columns: [String], _ output: Output
    ) -> any RowPrinter {
        switch format {
        case nil: TablePrinter(columns, output)
        case .json: JSONPrinter(output)
        case .csv: CSVPrinter(output)
        }
    }

    /// Lets `print` print rows: all their columns, or, as a table, those that fit on a screen.
    static func print(
        _ format: RowFormat?, table columns: [String],
        _ print: (inout any RowPrinter) throws -> Void
    ) throws {
        let output = Output()
        var printer = printer(format, table: columns, output)
        try print(&printer)
        try printer.finish()
        try output.flush()
    }
}
