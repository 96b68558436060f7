import Foundation

/// An account, as far as conversions touch it.
package struct AccountRecord: Record {
    package let id: Identifier
    package let name: String
    package var ownerID: Identifier
    package var isDeleted = false
    /// The contact that a person account is; nil is a business account.
    package var personContactID: Identifier?
    package var accountNumber: String?
    /// A text of the org's own, `Domain__c`.
    package var domain: String?
    /// How many there were before it.
    var place = 0
    var values = FieldValues(of: .account)

    var fields: [JSON.Member] {
        values.members + [
            .init("Id", .string(id.text)),
            .init("Name", .string(name)),
            .init("OwnerId", .string(ownerID.text)),
            .init("IsDeleted", .bool(isDeleted)),
            .init("IsPersonAccount", .bool(personContactID != nil)),
            .init("PersonContactId", .text(personContactID?.text)),
            .init("AccountNumber", .text(accountNumber)),
            .init("Domain__c", .text(domain)),
            .init("CreatedDate", .string(Org.creationDate(place))),
        ]
    }
}

/// A contact of an account.
package struct ContactRecord: Record {
    package let id: Identifier
    var accountID: Identifier
    var firstName: String
    var lastName: String
    var email: String
    var leadSource: String?
    var ownerID: Identifier
    var isDeleted = false
    package var isPersonAccount = false
    /// How many there were before it.
    var place = 0
    var values = FieldValues(of: .contact)

    var fields: [JSON.Member] {
        values.members + [
            .init("Id", .string(id.text)),
            .init("AccountId", .string(accountID.text)),
            .init("FirstName", .string(firstName)),
            .init("LastName", .string(lastName)),
            .init("Name", .string("\(firstName) \(lastName)")),
            .init("Email", .string(email)),
            .init("LeadSource", .text(leadSource)),
            .init("OwnerId", .string(ownerID.text)),
            .init("IsDeleted", .bool(isDeleted)),
            .init("IsPersonAccount", .bool(isPersonAccount)),
            .init("CreatedDate", .string(Org.creationDate(place))),
        ]
    }
}

/// An opportunity of an account.
struct OpportunityRecord: Record {
    var id: Identifier
    var accountID: Identifier
    var name: String
    var ownerID: Identifier
    var values = FieldValues(of: .opportunity)

    var fields: [JSON.Member] {
        values.members + [
            .init("Id", .string(id.text)),
            .init("AccountId", .string(accountID.text)),
            .init("Name", .string(name)),
            .init("OwnerId", .string(ownerID.text)),
            .init("IsDeleted", .bool(false)),
        ]
    }
}

struct UserRecord: Record {
    var id: Identifier
    var name: String
    var username: String
    var isActive: Bool

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("Name", .string(name)),
            .init("Username", .string(username)),
            .init("Email", .string(username)),
            .init("IsActive", .bool(isActive)),
            .init("UserType", .string("Standard")),
            .init("ProfileId", .string("00eWs000000AdmnIAC")),
        ]
    }
}

/// A queue, which can own leads but nothing that comes of them.
struct QueueRecord: Record {
    var id: Identifier
    var name: String

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("Name", .string(name)),
            .init("Type", .string("Queue")),
        ]
    }
}

/// A lead's part in a campaign.
struct CampaignMemberRecord: Record {
    var id: Identifier
    var leadID: Identifier
    var campaignID: String

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("CampaignId", .string(campaignID)),
            .init("LeadId", .string(leadID.text)),
            .init("ContactId", .null),
            .init("Status", .string("Responded")),
            .init("IsDeleted", .bool(false)),
        ]
    }
}

extension Org {
    /// When a record was made of which there were so many before it: a minute after the last.
    static func creationDate(_ place: Int) -> String {
        let start = Date(timeIntervalSince1970: 1_704_067_200)
        let time = start.addingTimeInterval(Double(place) * 60)
        return time.formatted(Date.ISO8601FormatStyle()).replacing("Z", with: ".000+0000")
    }

    /// Adds an account, which is younger than those before.
    package mutating func addAccount(
        _ name: String, ownerID: Identifier = Org.integrationUser
    ) -> Identifier {
        let id = newID(.account)
        accounts[id] = AccountRecord(id: id, name: name, ownerID: ownerID, place: accounts.count)
        return id
    }

    /// Adds a contact of an account, which is younger than those before.
    @discardableResult
    package mutating func addContact(
        _ firstName: String, _ lastName: String, email: String, of account: Identifier,
        ownerID: Identifier = Org.integrationUser
    ) -> Identifier {
        let id = newID(.contact)
        contacts[id] = ContactRecord(
            id: id, accountID: account, firstName: firstName, lastName: lastName, email: email,
            ownerID: ownerID, place: contacts.count)
        return id
    }

    @discardableResult
    package mutating func addCampaignMember(
        _ lead: Identifier, campaign: String = "701Ws0000000001AAA"
    ) -> Identifier {
        let id = newID(.campaignMember)
        campaignMembers[id] = CampaignMemberRecord(id: id, leadID: lead, campaignID: campaign)
        return id
    }
}

/// A value that a lead's status can have.
struct LeadStatusRecord: Record {
    var id: Identifier
    var label: String
    var isConverted: Bool
    var order: Int

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("MasterLabel", .string(label)),
            .init("ApiName", .string(label)),
            .init("IsConverted", .bool(isConverted)),
            .init("IsDefault", .bool(order == 1)),
            .init("SortOrder", .int(order)),
        ]
    }
}

/// The org itself, as SOQL shows it.
struct OrganizationRecord: Record {
    let id = Identifier(Org.id) ?? Identifier(.organization, number: 1)
    var edition = "Enterprise Edition"

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("Name", .string("Simulated Org")),
            .init("OrganizationType", .string(edition)),
            .init("InstanceName", .string("SIM1")),
            .init("IsSandbox", .bool(false)),
            .init("TrialExpirationDate", .null),
        ]
    }
}

/// What the user that asks is permitted, all its profiles and permission sets together. Each user
/// sees its own record and no other.
struct PermissionsRecord: Record {
    let id = Identifier(.permissions, number: 1)
    var convertsLeads = true

    var fields: [JSON.Member] {
        [
            .init("Id", .string(id.text)),
            .init("PermissionsApiEnabled", .bool(true)),
            .init("PermissionsConvertLeads", .bool(convertsLeads)),
            .init("PermissionsModifyAllData", .bool(false)),
        ]
    }
}
