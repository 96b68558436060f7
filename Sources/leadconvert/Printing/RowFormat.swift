import ArgumentParser
import Storage

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

    /// Lets `print` print rows: all their columns, or, as a table, those that fit before
    /// somebody's eyes.
    static func print(
        _ format: RowFormat?, table columns: [String],
        _ print: (inout any RowPrinter) throws -> Void
    ) throws {
        let output = Output()
        var printer: any RowPrinter =
            switch format {
            case nil: TablePrinter(columns, output)
            case .json: JSONPrinter(output)
            case .csv: CSVPrinter(output)
            }
        try print(&printer)
        try printer.finish()
        try output.flush()
    }
}
