import Conversion

/// The rows of a JSON input: elements of an array, or lines.
struct JSONStream<Boundary: RecordBoundary>: RowStream {
    private var records: RecordSplitter<Boundary>
    private let mapping: Mapping

    init(_ source: ByteSource, head: [UInt8], boundary: Boundary, mapping: Mapping) {
        records = RecordSplitter(source, head: head, boundary: boundary)
        self.mapping = mapping
    }

    mutating func next() throws(OperatorError) -> RowResult? {
        guard let record = try records.nextOfText() else { return nil }
        return record.read { [mapping] bytes throws(RowFault) in
            try mapping.lead(from: JSONRow(bytes, mapping: mapping))
        }
    }
}
