public import Conversion

/// Reads conversions from a CSV, JSON or NDJSON input, one row at a time; of the rows before
/// it keeps only which leads they named.
///
///     var rows = try RowReader(ByteSource(path: "leads.csv"))
///     while let row = try rows.next() { ... }
public struct RowReader {
    private var rows: any RowStream
    private var position = 0
    private var seen = LeadsSeen()

    /// Begins to read: the format is told, or known by the first byte that isn't blank.
    /// - Throws: 65 when nothing of the input can be taken, in a sentence that says what to type.
    public init(
        _ source: ByteSource, format: IntakeFormat? = nil, mapping: Mapping = Mapping()
    ) throws(OperatorError) {
        try mapping.requireFields()
        let head = try InputHead(source)
        switch format ?? head.format {
        case .csv:
            rows = try CSVStream(source, head: head.bytes, mapping: mapping)
        case .json:
            rows = JSONStream(
                source, head: head.bytes, boundary: ArrayBoundary(), mapping: mapping
            )
        case .ndjson:
            rows = JSONStream(source, head: head.bytes, boundary: LineBoundary(), mapping: mapping)
        }
    }

    /// The next row, or nil at the end.
    /// - Throws: 65 when it turns out that nothing of the input can be taken, 74 when it can't be
    ///   read on. Rows given so far must then not be kept.
    public mutating func next() throws(OperatorError) -> IntakeRow? {
        guard let row = try rows.next() else { return nil }
        position += 1
        switch row.lead {
        case .success(let lead):
            if let first = seen.place(of: lead.leadID, remembering: row.line) {
                let fault = RowFault("this lead stands on line \(first) already").of(.leadID)
                return .refused(line: row.line, reason: fault.reason)
            }
            return .lead(lead, line: row.line, position: position)
        case .failure(let fault):
            return .refused(line: row.line, reason: fault.reason)
        }
    }
}
