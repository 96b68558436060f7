import Conversion
import SalesforceSimulator
import Storage

/// What happened, for people: the counts, one lead of each story, and the price in API calls.
struct Report {
    let queue: JobQueue
    let scene: Scene

    func print() async throws {
        for story in Scene.Story.allCases where story != .plain {
            guard let lead = scene.leads.first(where: { $0.story == story }) else { continue }
            let others = scene.leads.count { $0.story == story } - 1
            say(
                "\n\(lead.id), \(story.rawValue)\(others > 0 ? " (and \(others) more)" : "")")
            try show(lead.id)
        }
        if let lead = try firstFollowed() {
            say("\n\(lead), with a field set, a note and a task once it was converted")
            try show(lead)
        }
        if let lost = try firstLost() {
            say("\n\(lost), whose call's answer was lost after Salesforce had converted it")
            try show(lost)
        }
        try await price()
    }

    private func show(_ lead: String) throws {
        var filter = LogFilter()
        filter.lead = try RecordID(lead, of: .lead)
        try queue.reports.readLog(filter) { row in
            let outcome = row.shown("outcome")
            let facts = [row.shown("code"), row.shown("message")].filter { !$0.isEmpty }
                .joined(separator: ": ")
            let pause =
                row.shown("backoff_ms").isEmpty
                ? "" : " (again after \(row.shown("backoff_ms")) ms)"
            say(
                "  \(row.shown("started_at"))  \(row.shown("kind").padded(8))"
                    + "try \(row.shown("attempt"))  \(outcome.padded(18))\(facts)\(pause)")
        }
    }

    private func firstFollowed() throws -> String? {
        var followed: String?
        try queue.reports.readLog(LogFilter()) { row in
            if followed == nil, row.shown("kind") == "task" { followed = row.shown("lead_id") }
        }
        return followed
    }

    private func firstLost() throws -> String? {
        var lost: String?
        var filter = LogFilter()
        filter.outcome = .unknown
        try queue.reports.readLog(filter) { row in
            if lost == nil, row.shown("code") == "CONNECTION_LOST" { lost = row.shown("lead_id") }
        }
        return lost
    }

    private func price() async throws {
        var calls: [String: Int] = [:]
        try queue.reports.readCalls { calls[$0.shown("kind"), default: 0] += 1 }
        let paid = calls.filter { $0.key != "token" }.values.reduce(0, +)
        let kinds = calls.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        say(
            """

            API calls used: \(paid) (\(kinds.joined(separator: ", "))). \
            One lead a call would have used \(scene.leads.count) and more.
            """)
    }
}

extension TableRow {
    func shown(_ column: String) -> String {
        switch self[column] {
        case .null: ""
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .text(let text): text
        }
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
