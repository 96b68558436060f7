/// A lead as it stands in the simulated org.
public struct SimulatedLead: Hashable, Sendable {
    public enum State: String, CaseIterable, Sendable {
        /// Every lead, in whatever state.
        case all
        /// Neither converted nor deleted.
        case open
        /// Converted, by us or by somebody else.
        case converted
        /// In the recycle bin.
        case deleted
        /// Open, and owned by a queue.
        case queueOwned = "queue-owned"
    }

    /// The 18 characters of its id.
    public let id: String
    public let company: String
    public let email: String
    public let status: String
    /// A user's id, or a queue's.
    public let ownerID: String
    /// Whether it is in the recycle bin.
    public let isDeleted: Bool
    public let isConverted: Bool
    /// The account it became, or joined.
    public let convertedAccountID: String?
    /// The contact it became, or joined.
    public let convertedContactID: String?
    /// The opportunity it became, if any.
    public let convertedOpportunityID: String?

    init(_ lead: LeadRecord) {
        id = lead.id.text
        company = lead.company
        email = lead.email
        status = lead.status
        ownerID = lead.ownerID.text
        isDeleted = lead.isDeleted
        isConverted = lead.conversion != nil
        convertedAccountID = lead.conversion?.accountID.text
        convertedContactID = lead.conversion?.contactID.text
        convertedOpportunityID = lead.conversion?.opportunityID?.text
    }
}

/// What makes a lead special; without any it is open and converts at once.
public enum LeadTrait: Hashable, Sendable {
    /// A queue owns it, so that its conversion must name an owner.
    case ownedByQueue
    /// Somebody else converted it before.
    case alreadyConverted
    /// It is in the recycle bin.
    case deleted
    /// Its row is locked for so many tries.
    case lockedFor(times: Int)
    /// The org's own code refuses it, every time, with this message.
    case triggerFailure(String)
    /// It is refused with this code, so many times or always.
    case refused(code: String, times: Int = .max)
    /// The Apex action throws for it alone; over SOAP the org's own code refuses it.
    case invocationThrows
    /// A request that reads it by its id (`composite/sobjects`), alone or among others, gets a 500.
    case retrievalFails
    /// It can be read again.
    case retrievalWorks
    /// It matches these accounts and contacts by a duplicate rule that warns, or that blocks.
    case duplicateOf([String], blocks: Bool = false)
    /// Every call that contains it runs into a governor limit as a whole.
    case poison
}
