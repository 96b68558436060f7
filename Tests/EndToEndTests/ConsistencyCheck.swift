import Conversion
import SalesforceSimulator
import Storage
import TestSupport

/// The three accounts of what happened, compared lead by lead: the org's own audit, `jobs`, and
/// `run_log`.
struct ConsistencyCheck {
    private let conversions: [String: Int]
    private let jobs: [String: TableRow]
    private let log: [String: [TableRow]]

    init(_ fixture: Fixture) async throws {
        conversions = await fixture.simulator.audit().conversionCounts
        jobs = Dictionary(
            try fixture.queue.jobs().map { ($0.text("lead_id") ?? "", $0) },
            uniquingKeysWith: { $1 })
        log = Dictionary(grouping: try fixture.queue.log()) { $0.text("lead_id") ?? "" }
    }

    /// A line for each of these leads that was not sent and converted exactly once, or of which
    /// the accounts differ. No line shows anything of a lead but its id.
    func mismatches(to leads: [String]) -> [String] {
        leads.compactMap { lead in
            let outcomes = log[lead, default: []].map { $0.text("outcome") ?? "open" }
            let state = jobs[lead]?.text("state") ?? "no job"
            // The org converts no lead twice: what was sent again blindly shows as its refusal.
            let wasSentBlindly = log[lead, default: []].contains {
                $0.text("code") == "CANNOT_UPDATE_CONVERTED_LEAD"
            }
            guard conversions[lead] == 1, state == "converted", outcomes.last == "converted",
                outcomes.count(where: { $0 == "converted" }) == 1, !outcomes.contains("open"),
                hasTheLogsRecords(lead), !wasSentBlindly
            else {
                return "\(lead): converted \(conversions[lead] ?? 0) times, \(state), "
                    + outcomes.joined(separator: ", ")
            }
            return nil
        }
    }

    /// Whether the job names the records that the log names.
    private func hasTheLogsRecords(_ lead: String) -> Bool {
        guard let job = jobs[lead], let last = log[lead]?.last else { return false }
        return job.text("result_account_id") != nil
            && ["account", "contact", "opportunity"].allSatisfy {
                job["result_\($0)_id"] == last["\($0)_id"]
            }
    }
}

extension Fixture {
    /// Lines about leads that were not converted exactly once by all three accounts.
    func mismatches(to leads: [String]) async throws -> [String] {
        try await ConsistencyCheck(self).mismatches(to: leads)
    }

    /// How many jobs are in each state that some are in.
    func counts() throws -> [String: Int] {
        try queue.jobs().reduce(into: [:]) { $0[$1.text("state") ?? "", default: 0] += 1 }
    }
}
