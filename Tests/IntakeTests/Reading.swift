import Conversion

@testable import Intake

extension ByteSource {
    /// A source of this text that gives it in pieces of so many bytes.
    init(_ bytes: some Collection<UInt8>, named name: String = "leads.csv", piece: Int = 1 << 16) {
        let bytes = Array(bytes)
        var place = 0
        self.init(name: name) {
            let end = min(place + piece, bytes.count)
            defer { place = end }
            return Array(bytes[place..<end])
        }
    }
}

/// All rows of an input.
func rows(
    _ bytes: some Collection<UInt8>, format: IntakeFormat? = nil, mapping: Mapping = Mapping(),
    piece: Int = 1 << 16
) throws(OperatorError) -> [IntakeRow] {
    var reader = try RowReader(
        ByteSource(bytes, piece: piece), format: format, mapping: mapping
    )
    var rows: [IntakeRow] = []
    while let row = try reader.next() { rows.append(row) }
    return rows
}

/// All rows of an input.
func rows(
    _ text: String, format: IntakeFormat? = nil, mapping: Mapping = Mapping(),
    piece: Int = 1 << 16
) throws(OperatorError) -> [IntakeRow] {
    try rows(Array(text.utf8), format: format, mapping: mapping, piece: piece)
}

/// The only row of an input.
func row(
    _ text: String, format: IntakeFormat? = nil, mapping: Mapping = Mapping()
) throws -> IntakeRow {
    let all = try rows(text, format: format, mapping: mapping)
    guard let first = all.first, all.count == 1 else { throw RowCount(count: all.count) }
    return first
}

struct RowCount: Error {
    let count: Int
}

extension IntakeRow {
    /// The conversion, if the row can be added.
    var lead: LeadConversion? {
        if case .lead(let lead, _) = self { lead } else { nil }
    }

    /// The reason, if it was refused.
    var reason: String? {
        if case .refused(_, let reason) = self { reason } else { nil }
    }

    /// Where it begins.
    var line: Int {
        switch self {
        case .lead(_, let line), .refused(let line, _): line
        }
    }
}

extension Mapping {
    /// Fields by name, except those set here.
    init(_ assignments: String...) throws {
        self.init()
        for assignment in assignments { try set(assignment) }
    }

    /// A whole request.
    init(json: String) throws {
        try self.init(template: ByteSource(json.utf8, named: "template.json"))
    }
}
