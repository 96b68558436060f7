/// Knows where one record of a text ends and the next begins.
protocol RecordBoundary {
    /// Judges the next byte. `line` is the line it stands in.
    mutating func take(_ byte: UInt8, line: Int) throws(InputFault) -> BoundaryVerdict

    /// Says at the end of the text why its last record isn't whole, or nil.
    mutating func finish(line: Int) throws(InputFault) -> RowFault?
}

/// What a byte is to the record at hand.
enum BoundaryVerdict {
    /// It stands before the record and is no part of it.
    case before
    /// It is part of the record.
    case inside
    /// It stands behind the record and is no part of it.
    case behind
}
