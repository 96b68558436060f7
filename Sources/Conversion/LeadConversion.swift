/// What is asked for one lead.
///
/// Field by field the `LeadConvert` of Salesforce's SOAP API, less what Salesforce documents as
/// internal. Source: SOAP API Developer Guide, `convertLead()`.
public struct LeadConversion: Hashable, Sendable {
    public var leadID: RecordID
    /// A lead status that the org marks as converted; it can't be guessed, orgs rename it.
    public var convertedStatus: String
    /// Whether to leave out the opportunity.
    public var doNotCreateOpportunity = false
    /// The new opportunity's name; the lead's company without it. Not sent when none is made.
    public var opportunityName: String?
    /// An existing opportunity to use instead of a new one.
    public var opportunityID: RecordID?
    /// An existing account to merge into; without it a new one is made.
    public var accountID: RecordID?
    /// An existing contact, of that account, to merge into; without it a new one is made.
    public var contactID: RecordID?
    /// The address by which a contact is searched for before, to be `contactID` if there is one; not
    /// part of what `convertLead` is sent.
    public var matchEmail: String?
    /// An existing person account to merge into, beside a business account.
    public var relatedPersonAccountID: RecordID?
    /// Who is to own the new records; required when a queue owns the lead.
    public var ownerID: RecordID?
    /// Whether the lead's source replaces the existing contact's.
    public var overwriteLeadSource = false
    /// Whether Salesforce mails the new owner.
    public var sendNotificationEmail = false
    /// Leads of one group that name no account share the one that the first of them makes; not
    /// part of what `convertLead` is sent.
    public var groupKey: String?
    /// Whether an account that has the group key is searched for before, to be `accountID` if there is
    /// one; not part of what `convertLead` is sent.
    public var matchesAccount = false
    /// What is to follow once it is converted; not part of what `convertLead` is sent.
    public var followUps: FollowUpRequest?
    /// Inputs of the org's own for an Apex action, as the text of a JSON object. SOAP has no place for
    /// them.
    public var extra: String?

    /// A conversion that asks for nothing beyond what is required.
    public init(leadID: RecordID, convertedStatus: String) {
        self.leadID = leadID
        self.convertedStatus = convertedStatus
    }

    /// The first rule that this request breaks, and what to do about it; or nil.
    ///
    /// These are the rules that Salesforce documents for the fields together; the schema's
    /// constraints say the same in SQL, for users that enqueue with it.
    public var contradiction: String? {
        if convertedStatus.allSatisfy(\.isWhitespace) {
            return "convertedStatus is empty: give a lead status that your org marks as converted"
        }
        if Self.isLonger(convertedStatus, than: 255) {
            return "convertedStatus has more than 255 characters: give one of your org's statuses"
        }
        if let opportunityName, Self.isLonger(opportunityName, than: 1000) {
            return "opportunityName has more than 1,000 characters: shorten it"
        }
        if let groupKey, Self.isLonger(groupKey, than: 255) {
            return "groupKey has more than 255 characters: group by something shorter"
        }
        if contactID != nil && accountID == nil {
            return "contactId stands without accountId: give the contact's account too"
        }
        if matchEmail != nil && contactID != nil {
            return "matchEmail and contactId stand together: give one of them"
        }
        if matchEmail.map({ !Self.isAddress($0) }) == true {
            return "matchEmail is no e-mail address of at most 80 characters: fix it, or leave it "
                + "empty"
        }
        if opportunityID != nil && opportunityName != nil {
            return "opportunityId and opportunityName stand together: give one of them"
        }
        if opportunityID != nil && doNotCreateOpportunity {
            return "opportunityId stands beside doNotCreateOpportunity: drop one of them"
        }
        return nil
    }

    /// As SQLite counts, in Unicode's scalars.
    private static func isLonger(_ text: String, than count: Int) -> Bool {
        text.utf8.count > count && text.unicodeScalars.count > count
    }

    /// The schema's own rule; it keeps out what is certainly none.
    private static func isAddress(_ text: String) -> Bool {
        text.dropFirst().dropLast().contains("@") && text.unicodeScalars.count <= 80
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 }
    }
}

/// The records that a lead was converted into.
public struct ConvertedRecords: Hashable, Sendable {
    /// The account, new or given.
    public var accountID: String?
    /// The contact, new or given.
    public var contactID: String?
    /// The opportunity, if one was made or given.
    public var opportunityID: String?

    /// Ids as Salesforce sent them: what we are told is recorded as it came.
    public init(accountID: String?, contactID: String?, opportunityID: String?) {
        self.accountID = accountID
        self.contactID = contactID
        self.opportunityID = opportunityID
    }
}

/// A group's key or an e-mail address as it is compared: the letters A to Z without their case, all
/// other bytes as they are.
///
/// It is what SQLite's NOCASE does, which a program that enqueues with SQL has, too. `lowercased()` folds
/// more letters, and `==` takes two spellings of an accent for one.
public struct FoldedKey: Hashable, Sendable {
    private let bytes: [UInt8]

    /// The key of a text.
    public init(_ text: String) {
        bytes = text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }
}
