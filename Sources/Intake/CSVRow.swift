/// A row that is a CSV record.
struct CSVRow: Row {
    private let cells: CSVCells
    private let header: CSVHeader

    /// - Throws: when it hasn't as many cells as the header.
    init(_ bytes: ArraySlice<UInt8>, header: CSVHeader) throws(RowFault) {
        self.header = header
        cells = try CSVCells(bytes, delimiter: header.delimiter)
        let count = header.columns.count
        guard cells.count == count else {
            let remedy =
                cells.count > count
                ? "put a cell that holds the separator in quotes" : "leave empty cells empty"
            throw RowFault(
                "the header names \(count) columns, this row has \(cells.count): \(remedy)"
            )
        }
    }

    func value(of field: LeadField) -> Value? {
        header.columns.column(of: field).map { .text(cells[$0]) }
    }

    func value(at path: TemplatePath) -> Value? {
        header.columns.column(at: path).map { .text(cells[$0]) }
    }
}
