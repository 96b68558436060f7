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
    /// Leads whose jobs leave their owner as it is, by that.
    private var owned: [RecordID: [RecordID]] = [:]
    private var leavers: [RecordID] = []
    /// The owners of leads whose jobs name no other.
    var owners: [RecordID] { owned.keys.sorted { $0.description < $1.description } }

    /// Notes how these looked.
    mutating func add(_ leads: [WaitingLead], _ previews: [LeadPreview]) {
        count += leads.count
        for (lead, preview) in zip(leads, previews) {
            switch preview {
            case .open(let owner):
                if let owner, !lead.namesOwner { owned[owner, default: []].append(lead.lead) }
            case .converted: converted.append(lead.lead)
            case .ownedByQueue: if !lead.namesOwner { ownerless.append(lead.lead) }
            case .notVisible: gone.append(lead.lead)
            }
        }
    }

    /// Records that these users are not active.
    mutating func record(inactive users: [RecordID]) {
        for user in users { leavers += owned[user, default: []] }
    }

    /// What is to be said of them, the worst first.
    func findings(_ path: String) -> [Finding] {
        let cancel = "leadconvert cancel --db \(path.shellQuoted) "
        func name(_ leads: [RecordID]) -> String {
            let sql =
                "UPDATE jobs SET owner_id = '005...' WHERE finished_at IS NULL AND lead_id IN "
                + "(\(Self.list(leads.map { $0.description.sqlQuoted }, ", ")))"
            return
                "name a user: \(Self.scope(leads))sqlite3 \(path.shellQuoted) \"\(sql)\"; "
                + "or for all such leads: "
                + "leadconvert policy set default --db \(path.shellQuoted) --fallback-owner 005..."
        }
        return [
            finding(gone) {
                .fail(
                    .dataRefused,
                    "\($0) deleted, merged away or hidden from the user: they will fail",
                    remedy: Self.scope(gone) + cancel + Self.list(gone, " "))
            },
            finding(ownerless) {
                .fail(
                    .dataRefused,
                    "\($0) owned by a queue, and the job names no owner: they will fail",
                    remedy: name(ownerless))
            },
            finding(leavers) {
                .fail(
                    .dataRefused,
                    "\($0) owned by an inactive user, and the job names no owner: they will fail",
                    remedy: name(leavers))
            },
            finding(converted) {
                .warn(
                    "\($0) converted already: they will be looked up and recorded as that",
                    remedy: "nothing, or: " + Self.scope(converted) + cancel
                        + Self.list(converted, " "))
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

    /// All of a few, the first of many, so that a command can be typed as it stands.
    private static func list<Item>(_ items: [Item], _ separator: String) -> String {
        items.prefix(most).map { "\($0)" }.joined(separator: separator)
    }

    /// Said where a command names the first of many.
    private static func scope(_ leads: [RecordID]) -> String {
        leads.count > most ? "for the first \(most) (--json has all): " : ""
    }

    private static let most = 5
}
