/// Ends a record at a line break: an object a line.
struct LineBoundary: RecordBoundary {
    private var isInside = false

    mutating func take(_ byte: UInt8, line: Int) -> BoundaryVerdict {
        if byte.isLineBreak {
            isInside = false
            return .behind
        }
        isInside = isInside || !byte.isBlank
        return isInside ? .inside : .before
    }

    func finish(line: Int) -> RowFault? { nil }
}
