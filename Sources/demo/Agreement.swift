import SalesforceSimulator
import Storage

/// Compares three accounts of what happened, lead by lead: the org's own audit, `jobs`, `run_log`.
struct Agreement {
    let queue: JobQueue
    let sample: SampleOrg

    /// A sentence for each lead on which they differ.
    func disagreements() async throws -> [String] {
        let audit = await sample.simulator.audit()
        let byUs = Dictionary(grouping: audit.conversions.filter { $0.call > 0 }, by: \.leadID)
        var states: [String: String] = [:]
        try queue.reports.readJobs(JobFilter()) { states[$0["lead_id"].text] = $0["state"].text }
        var ends: [String: [String]] = [:]
        var followUps: [String: [String]] = [:]
        try queue.reports.readLog(LogFilter()) { row in
            let lead = row["lead_id"].text
            // What comes after the conversion follows it.
            if let last = ends[lead]?.last, last.hasSuffix("converted"), last != "not_converted" {
                if row["outcome"].text == "done" {
                    followUps[lead, default: []].append(row["message"].text)
                }
            } else {
                ends[lead, default: []].append(row["outcome"].text)
            }
        }
        let written = audit.written.map(\.id).sorted()
        let logged = followUps.values.joined().sorted()
        let differs =
            written == logged
            ? [] : ["The org wrote \(written.count) records, run_log says \(logged.count)"]
        return differs
            + sample.leads.compactMap { lead in
                // When our own call's answer was lost too, nobody can tell who of the two it was.
                let isMoot =
                    lead.kind == .convertedBefore && ends[lead.id] == ["unknown", "converted"]
                guard !isMoot else { return nil }
                let conversions = byUs[lead.id]?.count ?? 0
                let ours = lead.kind.isConverted && lead.kind != .convertedBefore
                let end =
                    lead.kind == .convertedBefore
                    ? "already_converted" : ours ? "converted" : "failed"
                guard conversions == (ours ? 1 : 0),
                    states[lead.id] == (lead.kind.isConverted ? "converted" : "failed"),
                    ends[lead.id]?.last == end,
                    ends[lead.id]?.count(where: { $0 == "converted" }) == (ours ? 1 : 0)
                else {
                    return
                        "\(lead.id) (\(lead.kind.rawValue)): the org converted it \(conversions) "
                        + "times, jobs says \(states[lead.id] ?? "nothing"), run_log says "
                        + "\(ends[lead.id]?.joined(separator: ", ") ?? "nothing")"
                }
                return nil
            }
    }
}
