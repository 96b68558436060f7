/// A text with placeholders that a row fills: `{{Company}} - Q3`.
struct Template: Equatable, Sendable {
    private enum Part: Equatable, Sendable {
        case literal(String)
        case placeholder(TemplatePath)
    }

    private let parts: [Part]

    init(_ text: String) throws(TemplateError) {
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
    func fill(from row: some Row) throws(RowError) -> Value {
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

    private static func find(_ path: TemplatePath, in row: some Row) throws(RowError) -> Value {
        if let value = row.value(at: path) { return value }
        let reason = "this row has no \(path.text), which {{\(path.text)}} asks for"
        throw RowError(reason + (path.flaw.map { ", and that is no path: \($0.rawValue)" } ?? ""))
    }

    /// What stands there as part of a longer text. Nothing is not a text: half a name is worse
    /// than a refused row.
    private static func text(at path: TemplatePath, in row: some Row) throws(RowError) -> String {
        let value = try find(path, in: row)
        if case .flag(let flag) = value { return String(flag) }
        guard let text = try value.readAsText() else {
            throw RowError("\(path.text), which {{\(path.text)}} asks for, is empty in this row")
        }
        return text
    }
}

/// Where a placeholder points: `Company`, `row.Company`, `trigger.lead.items[0].id`.
///
/// It is first of all a name, whatever that is made of: a report has a `Customer No.`, a sheet a `Revenue
/// [EUR]`. Where the row has none of that name it is a path, if it can be one.
struct TemplatePath: Equatable, Sendable {
    /// One way to read the path.
    struct Reading: Equatable, Sendable {
        /// The whole path as one name: columns may have dots in theirs, as in `Account.Name`.
        let name: String
        /// The keys and element numbers from the row to the value; none where it can only be a name.
        let steps: [String]
    }

    /// The path as it is written.
    let text: String
    /// The ways to read it; the first that leads somewhere counts. `row` and `trigger` stand for
    /// the row itself, but a row may also have keys of these names, which come first.
    let readings: [Reading]
    /// Why it can only be a name.
    let flaw: PathFlaw?

    /// A column or key of the row.
    init(name: String) {
        text = name
        readings = [Reading(name: name, steps: [name])]
        flaw = nil
    }

    init(_ text: String) throws(TemplateError) {
        guard !text.isEmpty else { throw .noName }
        self.text = text
        var steps: [String] = []
        do {
            steps = try Self.steps(text)
            flaw = nil
        } catch {
            flaw = error
        }
        var readings = [Reading(name: text, steps: steps)]
        let start = text.prefix { $0 != "." && $0 != "[" }.trimmed
        if start == "row" || start == "trigger", let dot = text.firstIndex(of: ".") {
            let rest = String(text[text.index(after: dot)...].trimmed)
            if !rest.isEmpty {
                readings.append(Reading(name: rest, steps: Array(steps.dropFirst())))
            }
        }
        self.readings = readings
    }

    /// The steps of `items[0].id`: `items`, `0`, `id`.
    private static func steps(_ text: String) throws(PathFlaw) -> [String] {
        var steps: [String] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
            let name = pieces[0].trimmed
            guard !name.isEmpty else { throw .emptyStep }
            steps.append(String(name))
            for piece in pieces.dropFirst() {
                let index = piece.trimmed
                guard index.last == "]", let number = Int(index.dropLast().trimmed), number >= 0
                else { throw .badIndex }
                steps.append(String(number))
            }
        }
        return steps
    }
}

/// Why a text is no path, in words.
enum PathFlaw: String, Error {
    case emptyStep = "it lacks a name"
    case badIndex = "brackets hold a number, counted from 0"
}

/// Why a template can't be read.
enum TemplateError: Error, Equatable, CustomStringConvertible {
    /// `{{` without `}}`.
    case neverEnds
    /// `{{}}`.
    case noName

    /// What is wrong and what to do.
    var description: String {
        switch self {
        case .neverEnds: "a {{ never ends: close it with }}"
        case .noName: "{{}} lacks a name: write {{row.COLUMN}}"
        }
    }
}
