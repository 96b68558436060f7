import Conversion
import Salesforce
import Storage

/// How the leads looked that were looked at.
struct Glances {
    /// How many were looked at.
    private(set) var count = 0
    private var gone: [RecordID] = []
    private var converted: [RecordID] = []
    private var ownerless: [RecordID] = []

    /// Notes how these looked.
    mutating func add(_ leads: [WaitingLead], _ glances: [LeadGlance]) {
        count += leads.count
        for (lead, glance) in zip(leads, glances) {
            switch glance {
            case .open: break
            case .converted: converted.append(lead.lead)
            case .ownedByQueue: if !lead.namesOwner { ownerless.append(lead.lead) }
            case .notVisible: gone.append(lead.lead)
            }
        }
    }

    /// What is to be said of them, the worst first.
    func findings(_ name: String, _ path: String) -> [Finding] {
        var findings: [Finding] = []
        if !gone.isEmpty {
            findings.append(
                .fail(
                    name, .dataRefused,
                    "\(share(gone)) deleted, merged away or hidden from the user: they will fail",
                    cure: "leadconvert cancel --db \(path.shellQuoted) \(Self.list(gone, " "))"))
            findings[findings.count - 1].leads = gone
        }
        if !ownerless.isEmpty {
            let sql =
                "UPDATE jobs SET owner_id = '005...' WHERE finished_at IS NULL AND lead_id IN "
                + "(\(Self.list(ownerless.map { $0.description.sqlQuoted }, ", ")))"
            findings.append(
                .fail(
                    name, .dataRefused,
                    "\(share(ownerless)) owned by a queue, and the job names no owner: they will "
                        + "fail",
                    cure: "name a user: sqlite3 \(path.shellQuoted) \"\(sql)\""))
            findings[findings.count - 1].leads = ownerless
        }
        if !converted.isEmpty {
            findings.append(
                .warn(
                    name,
                    "\(share(converted)) converted already: they will be looked up and recorded as "
                        + "that",
                    cure: "nothing, or: leadconvert cancel --db \(path.shellQuoted) "
                        + Self.list(converted, " ")))
            findings[findings.count - 1].leads = converted
        }
        return findings
    }

    private func share(_ leads: [RecordID]) -> String {
        "\(leads.count) of \(counted(count, "lead")) looked at \(leads.count == 1 ? "is" : "are")"
    }

    /// All of a few, the first of many: `--json` has them all.
    private static func list<Item>(_ items: [Item], _ separator: String) -> String {
        let named = items.prefix(5).map { "\($0)" }.joined(separator: separator)
        return items.count > 5 ? "\(named)\(separator)... (all: --json)" : named
    }
}
