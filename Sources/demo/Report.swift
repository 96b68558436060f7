import Conversion
import SalesforceSimulator
import Storage

/// What happened, for people: the counts, one lead of each kind, and the price in API calls.
struct Report {
    let queue: JobQueue
    let sample: SampleOrg

    func print() async throws {
        for kind in SampleOrg.Kind.allCases where kind != .plain {
            guard let lead = sample.leads.first(where: { $0.kind == kind }) else { continue }
            let others = sample.leads.count { $0.kind == kind } - 1
            say(
                "\n\(lead.id), \(kind.rawValue)\(others > 0 ? " (and \(others) more)" : "")")
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
            let outcome = row["outcome"].text
            let facts = [row["code"].text, row["message"].text].filter { !$0.isEmpty }
                .joined(separator: ": ")
            let pause =
                row["backoff_ms"].text.isEmpty
                ? "" : " (again after \(row["backoff_ms"].text) ms)"
            say(
                "  \(row["started_at"].text)  \(row["kind"].text.padded(8))"
                    + "try \(row["attempt"].text)  \(outcome.padded(18))\(facts)\(pause)")
        }
    }

    private func firstFollowed() throws -> String? {
        var followed: String?
        try queue.reports.readLog(LogFilter()) { row in
            if followed == nil, row["kind"].text == "task" { followed = row["lead_id"].text }
        }
        return followed
    }

    private func firstLost() throws -> String? {
        var lost: String?
        var filter = LogFilter()
        filter.outcome = .unknown
        try queue.reports.readLog(filter) { row in
            if lost == nil, row["code"].text == "CONNECTION_LOST" { lost = row["lead_id"].text }
        }
        return lost
    }

    private func price() async throws {
        var calls: [String: Int] = [:]
        try queue.reports.readCalls { calls[$0["kind"].text, default: 0] += 1 }
        let paid = calls.filter { $0.key != "token" }.values.reduce(0, +)
        let kinds = calls.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        say(
            """

            API calls used: \(paid) (\(kinds.joined(separator: ", "))). \
            One lead a call would have used \(sample.leads.count) and more.
            """)
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
