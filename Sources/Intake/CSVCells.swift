/// The cells of one CSV record, as places in its bytes.
struct CSVCells {
    private struct Cell {
        /// Its bytes, without the quotes around them.
        let range: Range<Int>
        /// Whether it holds quotes that are written twice.
        let hasPairs: Bool
    }

    private let bytes: ArraySlice<UInt8>
    private var cells: [Cell] = []

    /// - Throws: when something stands behind a closing quote.
    init(_ bytes: ArraySlice<UInt8>, delimiter: UInt8) throws(RowFault) {
        self.bytes = bytes
        var place = bytes.startIndex
        while true {
            let isQuoted = place < bytes.endIndex && bytes[place] == .quote
            let cell = isQuoted ? quoted(from: place + 1) : plain(from: place, delimiter)
            cells.append(cell)
            place = cell.range.upperBound + (isQuoted ? 1 : 0)
            guard place < bytes.endIndex else { return }
            guard bytes[place] == delimiter else {
                throw RowFault(
                    "cell \(cells.count) goes on behind its closing quote: put the whole cell "
                        + "in quotes, and write a quote within quotes twice"
                )
            }
            place += 1
        }
    }

    /// How many there are.
    var count: Int { cells.count }

    /// The text of one.
    subscript(index: Int) -> String {
        let cell = cells[index]
        guard cell.hasPairs else { return String(decoding: bytes[cell.range], as: UTF8.self) }
        var wasQuote = false
        let single = bytes[cell.range].filter { byte in
            // The second quote of each pair goes.
            wasQuote = byte == .quote && !wasQuote
            return byte != .quote || wasQuote
        }
        return String(decoding: single, as: UTF8.self)
    }

    private func plain(from start: Int, _ delimiter: UInt8) -> Cell {
        var end = start
        while end < bytes.endIndex, bytes[end] != delimiter { end += 1 }
        return Cell(range: start..<end, hasPairs: false)
    }

    private func quoted(from start: Int) -> Cell {
        var end = start
        var hasPairs = false
        while end < bytes.endIndex {
            if bytes[end] == .quote {
                guard end + 1 < bytes.endIndex, bytes[end + 1] == .quote else { break }
                hasPairs = true
                end += 1
            }
            end += 1
        }
        return Cell(range: start..<end, hasPairs: hasPairs)
    }
}
