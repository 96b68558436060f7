import Foundation

/// What converting one lead will write, once every rule is met.
struct ConversionPlan {
    /// What becomes of the opportunity.
    enum Opportunity {
        case none
        case existing(Identifier)
        case new(name: String)
    }

    var place: Int
    var status: String
    var accountID: Identifier?
    var contactID: Identifier?
    var ownerID: Identifier
    var opportunity: Opportunity
    var overwritesLeadSource = false
    var relatedPersonAccountID: Identifier?
    var modifiedByID = Org.integrationUser
}

extension Org {
    /// Account, contact, opportunity, then the lead: the order in which Salesforce writes them.
    mutating func commit(_ plan: ConversionPlan, at: Date) -> LeadConvertResult.Converted {
        let lead = leads[plan.place]
        let account = plan.accountID ?? addAccount(lead.company, ownerID: plan.ownerID)
        let contact =
            plan.contactID ?? accounts[account]?.personContactID
            ?? insertContact(lead, plan, account)
        if plan.overwritesLeadSource { contacts[contact]?.leadSource = "Web" }
        let opportunity: Identifier? =
            switch plan.opportunity {
            case .none: nil
            case .existing(let id): id
            case .new(let name): insertOpportunity(name, plan, account)
            }
        let modifier = plan.modifiedByID, status = plan.status
        change(plan.place) { lead in
            lead.status = status
            lead.modifiedByID = modifier
            lead.conversion = LeadRecord.Conversion(
                at: at, accountID: account, contactID: contact, opportunityID: opportunity)
        }
        return .init(
            accountID: account, contactID: contact, opportunityID: opportunity,
            relatedPersonAccountID: plan.relatedPersonAccountID)
    }

    private mutating func insertContact(
        _ lead: LeadRecord, _ plan: ConversionPlan, _ account: Identifier
    ) -> Identifier {
        let id = addContact(
            lead.firstName, lead.lastName, email: lead.email, of: account, ownerID: plan.ownerID)
        contacts[id]?.leadSource = "Web"
        return id
    }

    private mutating func insertOpportunity(
        _ name: String, _ plan: ConversionPlan, _ account: Identifier
    ) -> Identifier {
        let id = newID(.opportunity)
        opportunities[id] = OpportunityRecord(
            id: id, accountID: account, name: name, ownerID: plan.ownerID)
        return id
    }
}
