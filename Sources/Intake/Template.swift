/// A text with placeholders that a row fills: `{{Company}} - Q3`.
struct Template: Equatable, Sendable {
    private enum Part: Equatable, Sendable {
        case literal(String)
        case placeholder(TemplatePath)
    }

    private let parts: [Part]

    /// Reads a template.
    init(_ text: String) throws(TemplateFault) {
        var parts: [Part] = []
        var rest = text[...]
        while let opening = rest.firstRange(of: "{{") {
            let literal = rest[..<opening.lowerBound]
            if !literal.isEmpty { parts.append(.literal(String(literal))) }
            guard let closing = rest[opening.upperBound...].firstRange(of: "}}") else {
                throw .neverEnds
            }
            let path = rest[opening.upperBound..<closing.lowerBound].trimmed
            parts.append(.placeholder(try TemplatePath(String(path))))
            rest = rest[closing.upperBound...]
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
        self.parts = parts
    }

    /// A text without placeholders.
    init(literal: String) {
        parts = [.literal(literal)]
    }

    /// The places that it asks a row for.
    var paths: [TemplatePath] {
        parts.compactMap { if case .placeholder(let path) = $0 { path } else { nil } }
    }

    /// What the row makes of it. A template that is one placeholder and nothing else keeps the
    /// value's type, so that a JSON `true` stays one, and null stays absent.
    func fill(from row: some Row) throws(RowFault) -> Value {
        if parts.count == 1, case .placeholder(let path) = parts[0] {
            return try Self.find(path, in: row)
        }
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .placeholder(let path): text += try Self.text(at: path, in: row)
            }
        }
        return .text(text)
    }

    private static func find(_ path: TemplatePath, in row: some Row) throws(RowFault) -> Value {
        guard let value = row.value(at: path) else {
            throw RowFault("this row has no \(path.text), which {{\(path.text)}} asks for")
        }
        return value
    }

    /// What stands there as part of a longer text. Nothing is not a text: half a name is worse
    /// than a refused row.
    private static func text(at path: TemplatePath, in row: some Row) throws(RowFault) -> String {
        let value = try find(path, in: row)
        if case .flag(let flag) = value { return String(flag) }
        guard let text = try value.readAsText() else {
            throw RowFault("\(path.text), which {{\(path.text)}} asks for, is empty in this row")
        }
        return text
    }
}
