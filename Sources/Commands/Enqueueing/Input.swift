import Intake
import Storage

/// Rows to enqueue, and how they are read.
struct Input {
    private enum Source {
        case text(ByteSource, IntakeFormat?, TextEncoding?)
        case query(SQLiteSource)
    }

    /// What messages call it.
    let name: String
    /// What stands between the name and a row's number: `leads.csv:7`, `other.db row 7`.
    let separator: String
    private let mapping: Mapping
    private var source: Source

    /// Lines of a file or a stream.
    init(_ text: ByteSource, _ format: IntakeFormat?, _ encoding: TextEncoding?, _ mapping: Mapping)
    {
        name = text.name
        separator = ":"
        self.mapping = mapping
        source = .text(text, format, encoding)
    }

    /// Records of the org, a line each.
    init(records: ByteSource, _ mapping: Mapping) {
        name = records.name
        separator = " row "
        self.mapping = mapping
        source = .text(records, .ndjson, .utf8)
    }

    /// Rows that a query gives.
    init(_ table: SQLiteSource, _ mapping: Mapping) {
        name = table.path
        separator = " row "
        self.mapping = mapping
        source = .query(table)
    }

    /// Whether a lead may be named again: of the org's records it is no mistake, and the queue skips it.
    var mayRepeat: Bool { mapping.readsRecords }

    /// Where a row stands, within a sentence.
    func place(_ row: Int) -> String {
        if case .query = source { "in row \(row)" } else { "on line \(row)" }
    }

    /// Waits for all that has to be waited for: the queue must not be locked meanwhile.
    mutating func spool() throws {
        guard case .text(let text, let format, let encoding) = source else { return }
        source = .text(try text.spooled(), format, encoding)
    }

    /// About how many rows there are, where that is quickly found.
    var rowsAtMost: Int? {
        guard case .text(_, let format, _) = source else { return nil }
        return IntakeFormat.rowsAtMost(ofFile: name, format: format)
    }

    /// Reads all rows, one at a time.
    /// - Returns: What was read otherwise than the input says by itself.
    func read(_ body: (IntakeRow) throws -> Void) throws -> [String] {
        switch source {
        case .text(let text, let format, let encoding):
            var rows = try RowReader(text, format: format, encoding: encoding, mapping: mapping)
            while let row = try rows.next() { try body(row) }
            return rows.notes
        case .query(let table):
            var reader = try TableReader(table.path, columns: table.columns, mapping: mapping)
            try table.read { try body(reader.read($0)) }
            return reader.notes
        }
    }
}
