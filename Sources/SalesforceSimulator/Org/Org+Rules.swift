extension Org {
    /// The longest name an opportunity may be given in a conversion.
    static let longestOpportunityName = 80

    /// Holds what is asked against the rules of conversion; the first broken one is the answer.
    func plan(
        _ request: LeadConvert, _ place: Int, _ options: ConvertOptions
    ) throws(LeadFailure) -> ConversionPlan {
        let status = try convertedStatus(request)
        let account = try account(request)
        let contact = try contact(request, account)
        return ConversionPlan(
            place: place, status: status, accountID: account, contactID: contact,
            ownerID: try owner(request, leads[place]),
            opportunity: try opportunity(request, leads[place], account, options),
            overwritesLeadSource: try overwritesLeadSource(request, contact),
            relatedPersonAccountID: try relatedPersonAccount(request))
    }

    /// An id of the right form and of the right object.
    func identifier(
        _ text: String, _ entity: Entity, field: String
    ) throws(LeadFailure) -> Identifier {
        guard let id = Identifier(text) else {
            throw LeadFailure(
                code: "MALFORMED_ID", message: "\(field): malformed id \(text)", fields: [field])
        }
        guard id.isOf(entity) else {
            throw LeadFailure(
                code: "MALFORMED_ID", message: "\(field): id value of incorrect type: \(text)",
                fields: [field])
        }
        return id
    }

    private func convertedStatus(_ request: LeadConvert) throws(LeadFailure) -> String {
        guard statuses.contains(where: { $0.isConverted && $0.label == request.convertedStatus })
        else {
            throw LeadFailure(
                code: "INVALID_STATUS",
                message: "invalid convertedStatus: \(request.convertedStatus)", fields: ["Status"])
        }
        return request.convertedStatus
    }

    private func account(_ request: LeadConvert) throws(LeadFailure) -> Identifier? {
        guard let text = request.accountID else { return nil }
        let id = try identifier(text, .account, field: "Account ID")
        guard let account = accounts[id] else { throw .unknownReference(field: "AccountId") }
        guard !account.isDeleted else { throw .deleted }
        return id
    }

    /// A person account beside the business account, in an org that has such.
    private func relatedPersonAccount(_ request: LeadConvert) throws(LeadFailure) -> Identifier? {
        guard let text = request.relatedPersonAccountID else { return nil }
        let id = try identifier(text, .account, field: "Related Person Account ID")
        guard hasPersonAccounts, accounts[id]?.personContactID != nil else {
            throw .unknownReference(field: "RelatedPersonAccountId")
        }
        return id
    }

    private func contact(
        _ request: LeadConvert, _ account: Identifier?
    ) throws(LeadFailure) -> Identifier? {
        guard let text = request.contactID else { return nil }
        let id = try identifier(text, .contact, field: "Contact ID")
        guard let account else {
            throw LeadFailure(
                code: "REQUIRED_FIELD_MISSING",
                message: "an account is required when a contact is given", fields: ["AccountId"])
        }
        guard let contact = contacts[id] else { throw .unknownReference(field: "ContactId") }
        guard !contact.isDeleted else { throw .deleted }
        guard contact.accountID == account else { throw .unknownReference(field: "ContactId") }
        // convertLead's documentation: a person account is given alone.
        guard accounts[account]?.personContactID == nil else {
            throw LeadFailure(
                code: "INVALID_CONTACT",
                message: "a contact cannot be given for a person account", fields: ["ContactId"])
        }
        return id
    }

    /// Who owns the new records. A queue cannot, so a queue's lead needs a user named, even when
    /// nothing new is made of it.
    private func owner(_ request: LeadConvert, _ lead: LeadRecord) throws(LeadFailure) -> Identifier
    {
        let id: Identifier
        if let text = request.ownerID {
            guard let given = Identifier(text) else {
                throw LeadFailure(
                    code: "MALFORMED_ID", message: "Owner ID: malformed id \(text)",
                    fields: ["OwnerId"])
            }
            id = given
        } else {
            id = lead.ownerID
        }
        if id.isOf(.queue) {
            throw LeadFailure(
                code: "INVALID_OWNER",
                message: "Converted objects can only be owned by users.  If the lead is not owned "
                    + "by a user, you must specify a user for the Owner field.")
        }
        guard let user = users[id] else { throw .unknownReference(field: "OwnerId") }
        guard user.isActive else {
            throw LeadFailure(
                code: "INACTIVE_OWNER_OR_USER",
                message: "operation performed with inactive user [\(id.text)]", fields: ["OwnerId"])
        }
        return id
    }

    private func opportunity(
        _ request: LeadConvert, _ lead: LeadRecord, _ account: Identifier?,
        _ options: ConvertOptions
    ) throws(LeadFailure) -> ConversionPlan.Opportunity {
        let isNamed = !(request.opportunityName ?? "").isEmpty
        if request.doNotCreateOpportunity {
            guard !isNamed, request.opportunityID == nil else {
                throw .contradiction("no opportunity is to be created, and one is described")
            }
            return .none
        }
        if let text = request.opportunityID {
            guard !isNamed else {
                throw .contradiction("an opportunity's id and name exclude each other")
            }
            return .existing(try opportunity(text, account))
        }
        return .new(name: try name(isNamed ? request.opportunityName : nil, lead, options))
    }

    private func opportunity(
        _ text: String, _ account: Identifier?
    ) throws(LeadFailure) -> Identifier {
        let id = try identifier(text, .opportunity, field: "Opportunity ID")
        guard let found = opportunities[id] else {
            throw .unknownReference(field: "OpportunityId")
        }
        guard account == nil || found.accountID == account else {
            throw .unknownReference(field: "OpportunityId")
        }
        return id
    }

    private func name(
        _ given: String?, _ lead: LeadRecord, _ options: ConvertOptions
    ) throws(LeadFailure) -> String {
        let name = given ?? lead.company
        guard name.count > Self.longestOpportunityName else { return name }
        guard options.truncatesText else {
            throw LeadFailure(
                code: "STRING_TOO_LONG",
                message: "Opportunity Name: data value too large: \(name) "
                    + "(max length=\(Self.longestOpportunityName))",
                fields: ["OpportunityName"])
        }
        return String(name.prefix(Self.longestOpportunityName))
    }

    private func overwritesLeadSource(
        _ request: LeadConvert, _ contact: Identifier?
    ) throws(LeadFailure) -> Bool {
        guard request.overwriteLeadSource else { return false }
        guard contact != nil else {
            throw .contradiction("overwriteLeadSource needs a contact whose source it overwrites")
        }
        return true
    }
}

extension LeadFailure {
    fileprivate static func contradiction(_ message: String) -> LeadFailure {
        LeadFailure(code: "FIELD_INTEGRITY_EXCEPTION", message: message)
    }
}
