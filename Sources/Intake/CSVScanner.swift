import Conversion

/// Cuts CSV, RFC 4180, into rows and their cells.
///
/// Each byte is looked at once, which finds the cells, the row's end, the lines, and whether there is
/// anything but ASCII; only rows that have other characters are looked at again. One piece of the
/// input and one row are held at a time.
struct CSVScanner {
    /// The delimiters that are looked for in a header, in this order: the comma, what
    /// spreadsheets write where the comma is the decimal sign, the tab, and what databases write.
    static let known = [UInt8(ascii: ","), UInt8(ascii: ";"), .tab, UInt8(ascii: "|")]

    /// What stands between cells; any of those known until the header has told.
    private var delimiter: UInt8?
    private let source: ByteSource
    private let longestRow: Int
    /// The row at hand from its first byte, and what was read behind it.
    private var bytes: [UInt8] = []
    private var start = 0
    private var place = 0
    private var line = 1
    private var endedWithCR = false

    private enum State {
        case cellStart, plain, quoted, afterQuote
    }

    // Of the row at hand.
    private var state = State.cellStart
    private var cells: [CSVRecord.Cell] = []
    private var cellStart = 0
    private var hasPairs = false
    private var quoteLine = 0
    private var firstLine = 1
    private var usedBits: UInt8 = 0
    private var hasZero = false
    private var isTooLong = false
    private var error: RowError?
    private var followsBlankLine = false

    /// - Parameter longestRow: In bytes: a longer row is read to its end and refused.
    init(_ source: ByteSource, longestRow: Int = RowError.longestRow) {
        self.source = source
        self.longestRow = longestRow
    }

    /// Reads the first row that isn't blank, and takes from it what stands between cells: what is
    /// there most often outside quotes.
    mutating func header() throws(OperatorError) -> CSVRecord? {
        guard let record = try next() else { return nil }
        guard case .success = record.content else { return record }
        if let named = record.namedDelimiter {
            delimiter = named
            return try next()
        }
        var counts = Self.known.map { _ in 0 }
        var isQuoted = false
        for byte in record.bytes {
            if byte == .quote { isQuoted.toggle() }
            if !isQuoted, let index = Self.known.firstIndex(of: byte) { counts[index] += 1 }
        }
        let index = counts.max().flatMap { counts.firstIndex(of: $0) } ?? 0
        delimiter = Self.known[index]
        // Once more, now that cells can be told.
        line = record.line
        endedWithCR = false
        place = record.bytes.startIndex
        begin()
        return try next()
    }

    /// The next row that isn't blank, or nil at the end.
    mutating func next() throws(OperatorError) -> CSVRecord? {
        while true {
            if scan() {
                if let record = try record() { return record }
            } else if try refill() == false {
                let isRest = place > start || isTooLong
                if state == .quoted {
                    error = RowError(
                        "the quote that opens in line \(quoteLine) never closes: close it, "
                            + "and write a quote within quotes twice")
                } else if isRest {
                    endCell(at: place)
                }
                guard isRest, let record = try record() else { return nil }
                return record
            }
        }
    }

    // MARK: Reading

    /// Reads on until the row ends or the bytes do.
    /// - Returns: Whether the row has ended.
    private mutating func scan() -> Bool {
        // A copy of the reference: the array itself must not be borrowed while self changes.
        let bytes = bytes
        return bytes.withUnsafeBufferPointer { buffer in
            let only = delimiter ?? 0
            while place < buffer.count {
                if only != 0, skipOrdinary(buffer, only) { continue }
                let byte = buffer[place]
                usedBits |= byte
                if byte == 0 { hasZero = true }
                if state == .quoted {
                    if byte == .quote { state = .afterQuote }
                    count(byte)
                } else if byte == only || only == 0 && Self.known.contains(byte) {
                    endedWithCR = false
                    endCell(at: place)
                    cellStart = place + 1
                    state = .cellStart
                } else if byte.isLineBreak {
                    // The second half of a line's end belongs to the first.
                    let isSecondHalf = byte == .lineFeed && endedWithCR && place == start
                    count(byte)
                    if !isSecondHalf { endCell(at: place) }
                    place += 1
                    if isSecondHalf { begin() } else { return true }
                    continue
                } else {
                    endedWithCR = false
                    takeInCell(byte)
                }
                place += 1
            }
            return false
        }
    }

    /// Passes over the bytes that change nothing, which are nearly all: without a look at the state for
    /// each of them it takes a fifth of the time.
    /// - Returns: Whether there were any.
    private mutating func skipOrdinary(
        _ buffer: UnsafeBufferPointer<UInt8>, _ delimiter: UInt8
    ) -> Bool {
        let isQuoted = state == .quoted
        guard isQuoted || state == .plain || state == .cellStart && buffer[place] != .quote else {
            return false
        }
        let stop = isQuoted ? UInt8.quote : delimiter
        var (end, bits) = (place, usedBits)
        while end < buffer.count {
            let byte = buffer[end]
            if byte == stop || byte == .lineFeed || byte == .carriageReturn || byte == 0 { break }
            bits |= byte
            end += 1
        }
        guard end > place else { return false }
        (place, usedBits, endedWithCR) = (end, bits, false)
        if !isQuoted { state = .plain }
        return true
    }

    private mutating func takeInCell(_ byte: UInt8) {
        switch (state, byte) {
        case (.cellStart, .quote):
            quoteLine = line
            state = .quoted
        case (.afterQuote, .quote):
            hasPairs = true
            state = .quoted
        case (.afterQuote, _):
            if error == nil {
                error = RowError(
                    "cell \(cells.count + 1) goes on behind its closing quote: put the whole cell "
                        + "in quotes, and write a quote within quotes twice")
            }
            state = .plain
        default:
            state = .plain
        }
    }

    private mutating func endCell(at end: Int) {
        // Where it began is gone with the pieces that were given up.
        guard !isTooLong else { return }
        // Without the quotes around it.
        let isQuoted = state == .afterQuote
        cells.append(
            CSVRecord.Cell(
                range: isQuoted ? cellStart + 1..<end - 1 : cellStart..<end, hasPairs: hasPairs))
        hasPairs = false
    }

    /// Lines end with LF, CR or both, as they do in the editor in which a person looks the row up.
    private mutating func count(_ byte: UInt8) {
        if byte == .carriageReturn || byte == .lineFeed && !endedWithCR { line += 1 }
        endedWithCR = byte == .carriageReturn
    }

    /// - Returns: Whether there is more.
    private mutating func refill() throws(OperatorError) -> Bool {
        let piece = try source.next()
        guard !piece.isEmpty else { return false }
        if bytes.count - start > longestRow {
            isTooLong = true
            cells = []
            (bytes, start, place, cellStart) = (piece, 0, 0, 0)
            return true
        }
        guard start < bytes.count else {
            (bytes, start, place, cellStart) = (piece, 0, 0, 0)
            return true
        }
        bytes.removeSubrange(..<start)
        bytes += piece
        cells = cells.map { $0.moved(by: -start) }
        place -= start
        cellStart -= start
        start = 0
        return true
    }

    // MARK: Rows

    /// The row that ends here, and then the next one begins; nil when it is blank.
    private mutating func record() throws(OperatorError) -> CSVRecord? {
        defer { begin() }
        let row = bytes[start..<place]
        guard isTooLong || error != nil || !isBlank(row) else {
            followsBlankLine = true
            return nil
        }
        defer { followsBlankLine = false }
        if isTooLong || row.count > longestRow { error = .tooLong }
        let isText =
            !hasZero && (usedBits < 0x80 || String(validating: row, as: UTF8.self) != nil)
        guard isText || isTooLong else {
            throw InputError.notText(line: firstLine).of(source.name)
        }
        return CSVRecord(
            line: firstLine, followsBlankLine: followsBlankLine, bytes: row,
            content: error.map { .failure($0) } ?? .success(cells))
    }

    /// Whether a row holds nothing, or nothing but separators: spreadsheets make all rows equally wide,
    /// the emptied ones too.
    private func isBlank(_ row: ArraySlice<UInt8>) -> Bool {
        row.allSatisfy(\.isBlank)
            // Of a longer row the cells are not kept, if its end is in another piece.
            || row.count <= longestRow && cells.allSatisfy { row[$0.range].allSatisfy(\.isBlank) }
    }

    private mutating func begin() {
        start = place
        cellStart = place
        state = .cellStart
        cells.removeAll(keepingCapacity: true)
        hasPairs = false
        firstLine = line
        usedBits = 0
        hasZero = false
        isTooLong = false
        error = nil
    }
}

struct CSVRecord {
    /// Where a cell stands.
    struct Cell {
        /// Its bytes, without the quotes around them.
        let range: Range<Int>
        /// Whether it holds quotes that are written twice.
        let hasPairs: Bool

        fileprivate func moved(by distance: Int) -> Cell {
            Cell(
                range: range.lowerBound + distance..<range.upperBound + distance,
                hasPairs: hasPairs)
        }
    }

    /// The line where it begins.
    let line: Int
    /// Whether the line before it is blank, or holds separators alone.
    let followsBlankLine: Bool
    /// All of it, in UTF-8.
    let bytes: ArraySlice<UInt8>
    /// Its cells, or why it is no row.
    let content: Result<[Cell], RowError>

    /// The delimiter that a first line `sep=;` names, which Excel takes for no row.
    fileprivate var namedDelimiter: UInt8? {
        let line = bytes.filter { !$0.isLineBreak }
        guard line.count == 5, line.starts(with: "sep=".utf8), line[4] != .quote else { return nil }
        return line[4]
    }

    /// The text of a cell.
    func text(of cell: Cell) -> String {
        guard cell.hasPairs else { return String(decoding: bytes[cell.range], as: UTF8.self) }
        var wasQuote = false
        let single = bytes[cell.range].filter { byte in
            // The second quote of each pair goes.
            wasQuote = byte == .quote && !wasQuote
            return byte != .quote || wasQuote
        }
        return String(decoding: single, as: UTF8.self)
    }
}
