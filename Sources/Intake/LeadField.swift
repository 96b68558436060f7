/// A field of a conversion, as input names it.
public enum LeadField: Int, CaseIterable, Sendable, CustomStringConvertible {
    /// The lead to convert.
    case leadID
    /// The status that it gets.
    case convertedStatus
    /// Whether to leave out the opportunity.
    case doNotCreateOpportunity
    /// The new opportunity's name.
    case opportunityName
    /// An existing opportunity.
    case opportunityID
    /// An existing account.
    case accountID
    /// An existing contact of that account.
    case contactID
    /// Who owns the new records.
    case ownerID
    /// Whether the lead's source replaces the contact's.
    case overwriteLeadSource
    /// Whether the new owner is mailed.
    case sendNotificationEmail
    /// What leads have in common that are to share one new account.
    case groupKey
    /// The address by which an existing contact is searched for.
    case matchEmail
    /// An existing person account beside a business account.
    case relatedPersonAccountID

    /// The name in headers, objects and `--map`.
    public var description: String {
        switch self {
        case .leadID: "leadId"
        case .convertedStatus: "convertedStatus"
        case .doNotCreateOpportunity: "doNotCreateOpportunity"
        case .opportunityName: "opportunityName"
        case .opportunityID: "opportunityId"
        case .accountID: "accountId"
        case .contactID: "contactId"
        case .ownerID: "ownerId"
        case .overwriteLeadSource: "overwriteLeadSource"
        case .sendNotificationEmail: "sendNotificationEmail"
        case .groupKey: "groupKey"
        case .matchEmail: "matchEmail"
        case .relatedPersonAccountID: "relatedPersonAccountId"
        }
    }

    /// The field of that name, in any case, also as our tables write it: `lead_id`.
    public init?(named name: some StringProtocol) {
        guard let field = Self.exact[String(name)] ?? Self.folded[Self.fold(name)] else {
            return nil
        }
        self = field
    }

    /// Whether a conversion can't do without it.
    var isRequired: Bool { self == .leadID || self == .convertedStatus }

    /// The names that stand in what Salesforce exports, the surer first: in a list of leads, `Id` is
    /// the lead's; in a report, `Lead ID` is.
    static let exported: [(field: LeadField, names: [String])] = [
        (.leadID, ["Lead ID", "Id"]), (.accountID, ["Account ID"]), (.contactID, ["Contact ID"]),
        (.ownerID, ["Owner ID"]),
    ]

    /// Saves the folding where a million rows spell the names as they should.
    private static let exact = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.description, $0) }
    )

    private static let folded = Dictionary(
        uniqueKeysWithValues: allCases.map { (fold($0.description), $0) }
    )

    private static func fold(_ name: some StringProtocol) -> String {
        name.trimmed.lowercased().filter { $0 != "_" }
    }
}
