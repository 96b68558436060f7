import Conversion
import Salesforce
import Storage

/// How the leads looked that were looked at.
struct LeadPreviews {
    /// How many were looked at.
    private(set) var count = 0
    private var gone: [RecordID] = []
    private var converted: [RecordID] = []
    private var ownerless: [RecordID] = []

    /// Notes how these looked.
    mutating func add(_ leads: [WaitingLead], _ previews: [LeadPreview]) {
        count += leads.count
        for (lead, preview) in zip(leads, previews) {
            switch preview {
            case .open: break
            case .converted: converted.append(lead.lead)
            case .ownedByQueue: if !lead.namesOwner { ownerless.append(lead.lead) }
            case .notVisible: gone.append(lead.lead)
            }
        }
    }

    /// What is to be said of them, the worst first.
    func findings(_ path: String) -> [Finding] {
        let cancel = "leadconvert cancel --db \(path.shellQuoted) "
        let name =
            "UPDATE jobs SET owner_id = '005...' WHERE finished_at IS NULL AND lead_id IN "
            + "(\(Self.list(ownerless.map { $0.description.sqlQuoted }, ", ")))"
        return [
            finding(gone) {
                .fail(
                    .dataRefused,
                    "\($0) deleted, merged away or hidden from the user: they will fail",
                    remedy: cancel + Self.list(gone, " "))
            },
            finding(ownerless) {
                .fail(
                    .dataRefused,
                    "\($0) owned by a queue, and the job names no owner: they will fail",
                    remedy: "name a user: sqlite3 \(path.shellQuoted) \"\(name)\"")
            },
            finding(converted) {
                .warn(
                    "\($0) converted already: they will be looked up and recorded as that",
                    remedy: "nothing, or: " + cancel + Self.list(converted, " "))
            },
        ].compactMap(\.self)
    }

    private func finding(_ leads: [RecordID], _ make: (_ share: String) -> Finding) -> Finding? {
        guard !leads.isEmpty else { return nil }
        let verb = leads.count == 1 ? "is" : "are"
        var finding = make("\(leads.count) of \(counted(count, "lead")) looked at \(verb)")
        finding.leads = leads
        return finding
    }

    /// All of a few, the first of many: `--json` has them all.
    private static func list<Item>(_ items: [Item], _ separator: String) -> String {
        let named = items.prefix(5).map { "\($0)" }.joined(separator: separator)
        return items.count > 5 ? "\(named)\(separator)... (all: --json)" : named
    }
}
