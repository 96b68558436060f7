import Storage

/// Prints rows as a JSON array, an object a line.
struct JSONPrinter: RowPrinter {
    private let output: Output
    private let object: (Row) -> JSON
    private let isLive: Bool
    private var isFirst = true

    /// - Parameters:
    ///   - isLive: Whether somebody reads along: then each line ends with its object, and not
    ///     when the next one comes, whose comma it would otherwise wait for.
    ///   - object: What is printed of a row; without it, all columns by their names.
    init(_ output: Output, isLive: Bool = false, object: ((Row) -> JSON)? = nil) {
        self.output = output
        self.isLive = isLive
        self.object = object ?? { .object(Array(zip($0.columns, $0.values.map { JSON($0) }))) }
    }

    func begin(_ columns: [String]) {}

    mutating func print(_ row: Row) throws {
        try output.write(isFirst ? "[\n" : isLive ? "," : ",\n")
        try output.write(object(row).line)
        if isLive { try output.write("\n") }
        isFirst = false
    }

    func finish() throws {
        try output.writeLine(isFirst ? "[]" : isLive ? "]" : "\n]")
    }
}
