/// What a conversion call said of one lead.
public enum LeadOutcome: Sendable, Equatable {
    /// Converted into these records.
    case converted(ConvertedRecords)
    /// Refused because the lead is converted already: by an earlier call of ours, or by others.
    case refusedAsConverted(Reason)
    /// Refused for now; the same request may pass later.
    case transient(Reason)
    /// Refused with a code that our table lacks. It may pass, and it may as well mean that the
    /// lead is converted already: nothing final is to be concluded from it alone.
    case unlisted(Reason)
    /// Refused for good.
    case permanent(Reason)
    /// Refused because the org's code ran into a limit that the leads of a call share: fewer of them in a
    /// call may pass. Never said of a lead that was alone in its call, nor of all leads of one.
    case limited(Reason)
    /// Stopped by a duplicate rule, which names these records.
    case duplicate(Reason, DuplicateRecords)
    /// Refused for something that is not this lead's fault and stops all of them.
    case blocked(Blocker, Reason)

    /// Why it was refused; nil when it is converted.
    public var reason: Reason? {
        switch self {
        case .transient(let reason), .unlisted(let reason), .permanent(let reason),
            .limited(let reason), .refusedAsConverted(let reason), .blocked(_, let reason),
            .duplicate(let reason, _):
            reason
        case .converted: nil
        }
    }
}

/// What a lead was read as.
public enum LeadReading: Sendable, Equatable {
    /// Converted into these records.
    case converted(ConvertedRecords)
    /// Not converted at the time of reading.
    case notConverted
    /// Not converted at the time of reading, and owned by a queue.
    case ownedByQueue
    /// Not shown to us: deleted, merged away, or hidden from the user.
    case notVisible
}

/// The accounts and contacts that duplicate rules named for a lead, each once.
public struct DuplicateRecords: Sendable, Hashable {
    public var accounts: [RecordID]
    public var contacts: [RecordID]

    public init(accounts: [RecordID] = [], contacts: [RecordID] = []) {
        self.accounts = accounts
        self.contacts = contacts
    }
}

/// What a contact is searched for by.
public enum ContactKey: Sendable, Hashable {
    /// Its e-mail address, in any case.
    case email(String)
    /// Its id: asked for is the account that it belongs to.
    case id(RecordID)
}

/// A contact as it was found.
public struct FoundContact: Sendable, Equatable {
    public var id: RecordID
    /// Its account; nil for a private contact, which has none.
    public var accountID: RecordID?
    /// Whether it is the contact side of a person account. `convertLead` takes such an account
    /// without its contact. Source: SOAP API Developer Guide, `convertLead()`.
    public var isPersonAccount: Bool

    public init(id: RecordID, accountID: RecordID?, isPersonAccount: Bool = false) {
        self.id = id
        self.accountID = accountID
        self.isPersonAccount = isPersonAccount
    }
}
