public import Conversion

/// Reads conversions from a CSV, JSON or NDJSON input, one row at a time, and keeps nothing of the
/// rows before.
///
///     var rows = try RowReader(ByteSource(path: "leads.csv"))
///     while let row = try rows.next() { ... }
public struct RowReader {
    private var rows: any RowSource
    private let encoding: TextEncoding
    /// How many leads a queue owns, which no job can name.
    private var leadsOfQueues = 0

    /// Begins to read: the format and the encoding are told, or known by the first bytes.
    /// - Throws: 65 when nothing of the input can be added, in a sentence that says what to type.
    public init(
        _ source: ByteSource, format: IntakeFormat? = nil, encoding: TextEncoding? = nil,
        mapping: Mapping = Mapping()
    ) throws(OperatorError) {
        try mapping.requireFields()
        let sniffer = try FormatSniffer(source, encoding: encoding)
        self.encoding = sniffer.encoding
        rows =
            switch format ?? sniffer.format {
            case .csv: try CSVRows(sniffer.text, mapping: mapping)
            case .json: JSONRows(sniffer.text, boundary: ArrayBoundary(), mapping: mapping)
            case .ndjson: JSONRows(sniffer.text, boundary: LineBoundary(), mapping: mapping)
            }
    }

    /// The next row, or nil at the end.
    /// - Throws: 65 when it turns out that nothing of the input can be added, 74 when it can't be
    ///   read on. Rows given so far must then not be kept.
    public mutating func next() throws(OperatorError) -> IntakeRow? {
        guard let row = try rows.next() else { return nil }
        if row.leavesOutQueue { leadsOfQueues += 1 }
        return IntakeRow(row)
    }

    /// What is said of rows whose owner is a queue.
    static func note(onLeadsOfQueues count: Int) -> [String] {
        guard count > 0 else { return [] }
        return [
            "ownerId left out of \(counted(count, "row")) whose owner is a queue (00G...): only a user "
                + "can own what is made of a lead; for these the policy's fallback owner does"
        ]
    }

    /// What was read otherwise than the input says by itself: columns taken by Salesforce's names
    /// for them, lines left out, the encoding.
    public var notes: [String] {
        (encoding == .utf8 ? [] : ["encoding: \(encoding.rawValue)"]) + rows.notes
            + Self.note(onLeadsOfQueues: leadsOfQueues)
    }
}

/// What one row of the input came to.
public enum IntakeRow: Equatable, Sendable {
    /// A lead to convert. `line` is where the row begins, counted from 1 as an editor counts, or
    /// the row's number where there are no lines.
    case lead(LeadConversion, line: Int)
    /// A row that can't be added: where it begins, and a reason that names the field and says
    /// what to do, without the row's own data.
    case refused(line: Int, reason: String)

    init(_ result: RowResult) {
        switch result.lead {
        case .success(let lead): self = .lead(lead, line: result.line)
        case .failure(let error): self = .refused(line: result.line, reason: error.reason)
        }
    }

    /// Why a row is refused whose lead another row names.
    /// - Parameter place: Where that one stands: `on line 3`.
    public static func reasonOfRepetition(_ place: String) -> String {
        RowError("this lead stands \(place) already").of(.leadID).reason
    }
}

/// The rows of an input of one format.
protocol RowSource {
    /// The next row, or nil at the end.
    /// - Throws: what makes the input as a whole unusable.
    mutating func next() throws(OperatorError) -> RowResult?

    /// What was read otherwise than the input says by itself.
    var notes: [String] { get }
}

/// What a row asks for, or why not, and where it begins.
struct RowResult {
    let line: Int
    let lead: Result<LeadConversion, RowError>
    /// Whether the row named a queue as the owner, which is left out.
    private(set) var leavesOutQueue = false

    init<Content: Row>(line: Int, _ mapping: Mapping, _ row: () throws(RowError) -> Content) {
        self.line = line
        do throws(RowError) {
            let row = try row()
            let lead = try mapping.lead(from: row)
            if lead.ownerID == nil { leavesOutQueue = try mapping.namesQueue(row) }
            self.lead = .success(lead)
        } catch {
            self.lead = .failure(error)
        }
    }
}
