import TestSupport

/// What `leadconvert check` printed and how it ended.
struct CheckReport {
    /// What it found of one thing.
    struct Entry: Equatable {
        /// `ok`, `warn`, `FAIL` or `skip`.
        var status: String
        var name: String
        var message: String
        /// What it said to do.
        var remedy = ""
    }

    let end: ProgramEnd
    private(set) var lines: [Entry] = []

    init(_ end: ProgramEnd) {
        self.end = end
        for text in end.output.split(separator: "\n") {
            if let remedy = text.firstRange(of: "do: "), text.hasPrefix("     ") {
                guard !lines.isEmpty else { continue }
                lines[lines.count - 1].remedy = String(text[remedy.upperBound...])
            } else {
                let words = text.split(separator: " ", maxSplits: 2)
                guard words.count == 3 else { continue }
                let message = words[2].drop { $0 == " " }
                lines.append(
                    Entry(
                        status: String(words[0]), name: String(words[1]), message: String(message)))
            }
        }
    }

    /// The lines of what failed.
    var failures: [Entry] { lines.filter { $0.status == "FAIL" } }

    /// The first line of that name.
    subscript(name: String) -> Entry? { lines.first { $0.name == name } }
}

extension Fixture {
    /// Runs `leadconvert check` with the settings of the daemon, these changed; a nil takes one
    /// away.
    func check(
        _ arguments: String..., changing changes: [String: String?] = [:]
    ) async throws -> CheckReport {
        var environment = settings
        for (name, value) in changes { environment[name] = value }
        return CheckReport(
            try await Program.helper.run(
                ["check"] + arguments, environment: environment, in: folder))
    }
}
