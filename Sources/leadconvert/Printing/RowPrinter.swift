/// A way to print rows, one after the other.
protocol RowPrinter {
    /// Begins, before the first row, if any comes.
    mutating func begin(_ columns: [String]) throws
    /// Prints a row, now or later.
    mutating func print(_ row: Row) throws
    /// Prints what is left.
    mutating func finish() throws
}
