import Storage

/// Prints rows as a JSON array, an object a line.
struct JSONPrinter: RowPrinter {
    private let output: Output
    private let object: (Row) -> JSON
    private var array: JSONArray

    /// - Parameters:
    ///   - isLive: Whether somebody reads along.
    ///   - object: What is printed of a row; without it, all columns by their names.
    init(_ output: Output, isLive: Bool = false, object: ((Row) -> JSON)? = nil) {
        self.output = output
        self.object = object ?? { .object(Array(zip($0.columns, $0.values.map { JSON($0) }))) }
        array = JSONArray(isLive: isLive)
    }

    func begin(_ columns: [String]) {}

    mutating func print(_ row: Row) throws {
        try output.write(array.adding(object(row)))
    }

    func finish() throws {
        try output.write(array.end)
    }
}
