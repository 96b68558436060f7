import Conversion

/// The rows of a CSV input, below their header.
struct CSVStream: RowStream {
    private var records: RecordSplitter<CSVBoundary>
    private let header: CSVHeader
    private let mapping: Mapping

    init(_ source: ByteSource, head: [UInt8], mapping: Mapping) throws(OperatorError) {
        var records = RecordSplitter(source, head: head, boundary: CSVBoundary())
        guard let first = try records.nextOfText() else {
            throw OperatorError(
                .dataRefused, "\(source.name): empty, not even a header line.",
                remedy: "Write a header line such as leadId,convertedStatus."
            )
        }
        do throws(InputFault) {
            header = try Self.header(first, mapping: mapping)
        } catch {
            throw records.refusal(error)
        }
        records.boundary.delimiters = [header.delimiter]
        self.records = records
        self.mapping = mapping
    }

    mutating func next() throws(OperatorError) -> RowResult? {
        guard let record = try records.nextOfText() else { return nil }
        return record.read { [header, mapping] bytes throws(RowFault) in
            try mapping.lead(from: CSVRow(bytes, header: header))
        }
    }

    private static func header(_ record: Record, mapping: Mapping) throws(InputFault) -> CSVHeader {
        switch record.content {
        case .success(let bytes):
            return try CSVHeader(bytes, line: record.line, mapping: mapping)
        case .failure(let fault):
            throw InputFault(
                line: record.line, sentence: fault.reason,
                remedy: "The first line must name the columns."
            )
        }
    }
}
