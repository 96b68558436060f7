/// The first line of a CSV input: which column is what.
struct CSVHeader {
    /// What stands between the cells of this input.
    let delimiter: UInt8
    /// The columns.
    let columns: ColumnNames

    /// Reads the header and holds it against what the mapping needs.
    init(_ bytes: ArraySlice<UInt8>, line: Int, mapping: Mapping) throws(InputFault) {
        delimiter = Self.delimiter(of: bytes)
        let cells: CSVCells
        do {
            cells = try CSVCells(bytes, delimiter: delimiter)
        } catch {
            throw InputFault(line: line, sentence: error.reason, remedy: "Mend the header line.")
        }
        do {
            let names = (0..<cells.count).map { cells[$0] }
            columns = try ColumnNames(names, of: "header", mapping: mapping)
        } catch {
            throw InputFault(line: line, sentence: error.sentence, remedy: error.remedy)
        }
    }

    /// What stands most often outside quotes; the first of those known when none does.
    private static func delimiter(of bytes: ArraySlice<UInt8>) -> UInt8 {
        var counts = CSVBoundary.known.map { _ in 0 }
        var isQuoted = false
        for byte in bytes {
            if byte == .quote { isQuoted.toggle() }
            if !isQuoted, let index = CSVBoundary.known.firstIndex(of: byte) { counts[index] += 1 }
        }
        let most = counts.max() ?? 0
        return CSVBoundary.known[counts.firstIndex(of: most) ?? 0]
    }
}
