/// Ends a CSV record at a line break that no quotes enclose.
struct CSVBoundary: RecordBoundary {
    /// What stands between cells; any of those that people use, until the header has told.
    var delimiters: [UInt8] = Self.known {
        didSet { onlyDelimiter = delimiters.count == 1 ? delimiters.first : nil }
    }

    /// The delimiters that are looked for in a header, in this order: the comma, what
    /// spreadsheets write where the comma is the decimal sign, and the tab.
    static let known = [UInt8(ascii: ","), UInt8(ascii: ";"), .tab]

    private enum Place {
        case cellStart, plain, quoted, afterQuote
    }

    private var place = Place.cellStart
    private var quoteLine = 0
    private var onlyDelimiter: UInt8?

    mutating func take(_ byte: UInt8, line: Int) -> BoundaryVerdict {
        if place == .quoted {
            if byte == .quote { place = .afterQuote }
            return .inside
        }
        if byte.isLineBreak {
            place = .cellStart
            return .behind
        }
        if byte == .quote, place != .plain {
            // At a cell's start it opens the cell; behind a quote it is the second of a pair.
            if place == .cellStart { quoteLine = line }
            place = .quoted
        } else {
            place = isDelimiter(byte) ? .cellStart : .plain
        }
        return .inside
    }

    func finish(line: Int) -> RowFault? {
        guard place == .quoted else { return nil }
        return RowFault(
            "the quote that opens in line \(quoteLine) never closes: close it, "
                + "and write a quote within quotes twice"
        )
    }

    private func isDelimiter(_ byte: UInt8) -> Bool {
        onlyDelimiter.map { $0 == byte } ?? delimiters.contains(byte)
    }
}
