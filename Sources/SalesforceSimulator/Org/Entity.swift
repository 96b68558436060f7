/// The objects of the simulated org.
package enum Entity: String, CaseIterable, Sendable {
    case lead = "Lead"
    case account = "Account"
    case contact = "Contact"
    case opportunity = "Opportunity"
    case user = "User"
    case queue = "Group"
    case leadStatus = "LeadStatus"
    case organization = "Organization"
    case permissions = "UserPermissionAccess"
    case campaignMember = "CampaignMember"
    case note = "Note"
    case task = "Task"

    init?(name: String) {
        guard
            let match = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }
            )
        else { return nil }
        self = match
    }

    /// The three characters that its ids begin with.
    var prefix: String {
        switch self {
        case .lead: "00Q"
        case .account: "001"
        case .contact: "003"
        case .opportunity: "006"
        case .user: "005"
        case .queue: "00G"
        case .leadStatus: "01J"
        case .organization: "00D"
        case .permissions: "000"
        case .campaignMember: "00v"
        case .note: "002"
        case .task: "00T"
        }
    }
}

/// Something that REST can read: fields by name.
protocol Record: Sendable {
    var id: Identifier { get }
    var isDeleted: Bool { get }
    /// The object's fields, always all of them and in the same order.
    var fields: [JSON.Member] { get }
}

extension Record {
    var isDeleted: Bool { false }
}
