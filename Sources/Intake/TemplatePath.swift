/// Where a placeholder points: `Company`, `row.Company`, `trigger.lead.items[0].id`.
struct TemplatePath: Equatable, Sendable {
    /// One way to read the path.
    struct Reading: Equatable, Sendable {
        /// The whole path as one name: columns may have dots in theirs, as in `Account.Name`.
        let name: String
        /// The keys and element numbers from the row to the value.
        let steps: [String]
    }

    /// The path as it is written.
    let text: String
    /// The ways to read it; the first that leads somewhere counts. `row` and `trigger` stand for
    /// the row itself, but a row may also have keys of these names, which come first.
    let readings: [Reading]

    /// A column or key of the row.
    init(name: String) {
        text = name
        readings = [Reading(name: name, steps: [name])]
    }

    init(_ text: String) throws(TemplateFault) {
        self.text = text
        let steps = try Self.steps(text)
        var readings = [Reading(name: text, steps: steps)]
        let namesRow = steps[0] == "row" || steps[0] == "trigger"
        if namesRow, steps.count > 1, let dot = text.firstIndex(of: ".") {
            let rest = String(text[text.index(after: dot)...].trimmed)
            readings.append(Reading(name: rest, steps: Array(steps.dropFirst())))
        }
        self.readings = readings
    }

    /// The steps of `items[0].id`: `items`, `0`, `id`.
    private static func steps(_ text: String) throws(TemplateFault) -> [String] {
        var steps: [String] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
            let name = pieces[0].trimmed
            guard !name.isEmpty else { throw .emptyStep(text) }
            steps.append(String(name))
            for piece in pieces.dropFirst() {
                let index = piece.trimmed
                guard index.last == "]", let number = Int(index.dropLast().trimmed), number >= 0
                else { throw .badIndex(text) }
                steps.append(String(number))
            }
        }
        return steps
    }
}
