import Foundation
import NIOConcurrencyHelpers

/// Looking behind the wire, and setting the scene for a demo or a test.
extension Simulator {
    /// What was really received and committed so far.
    public func audit() async -> Audit {
        server.world.withLockedValue { $0.audit }
    }

    /// The leads in a state, in the order of their ids.
    public func leads(
        _ state: SimulatedLead.State = .all, limit: Int = .max
    ) async -> [SimulatedLead] {
        let leads = server.world.withLockedValue { $0.org.leads }
        return leads.lazy.filter { $0.matches(state) }.prefix(limit).map(SimulatedLead.init)
    }

    /// One lead, by either form of its id.
    public func lead(_ id: String) async -> SimulatedLead? {
        server.world.withLockedValue { world in
            guard let id = Identifier(id), let place = world.org.place(of: id) else { return nil }
            return SimulatedLead(world.org.leads[place])
        }
    }

    /// Adds a lead and gives its id.
    public func addLead(
        company: String? = nil, email: String? = nil, ownerID: String? = nil,
        _ traits: LeadTrait...
    ) async -> String {
        server.world.withLockedValue { world in
            var lead = world.nextSampleLead()
            lead.company = company ?? lead.company
            lead.email = email ?? lead.email
            lead.ownerID = ownerID.flatMap(Identifier.init) ?? lead.ownerID
            for trait in traits { lead.take(trait) }
            world.org.add(lead)
            if traits.contains(.alreadyConverted), let place = world.org.place(of: lead.id) {
                world.org.convertExternally(place, at: Date())
            }
            return lead.id.text
        }
    }

    /// Adds a person account, which is an account and its one contact in one; only an org with
    /// `hasPersonAccounts` shows which is which.
    public func addPersonAccount(email: String) async -> (accountID: String, contactID: String) {
        server.world.withLockedValue { world in
            let account = world.org.newID(.account), contact = world.org.newID(.contact)
            world.org.accounts[account] = AccountRecord(
                id: account, name: "Added Person", ownerID: Org.integrationUser,
                personContactID: contact, place: world.org.accounts.count)
            world.org.contacts[contact] = ContactRecord(
                id: contact, accountID: account, firstName: "Added", lastName: "Person",
                email: email, ownerID: Org.integrationUser, isPersonAccount: true,
                place: world.org.contacts.count)
            return (account.text, contact.text)
        }
    }

    /// Lets a lead have another trait from now on; `alreadyConverted` is for `convertExternally`.
    public func change(_ leadID: String, _ trait: LeadTrait) {
        server.world.withLockedValue { $0.change(leadID, trait) }
    }

    /// From now on, or no longer, every query that names this address fails with a 500.
    public func failSearches(naming address: String, _ fails: Bool = true) {
        server.world.withLockedValue { world in
            if fails {
                world.failingSearches.insert(address.lowercased())
            } else {
                world.failingSearches.remove(address.lowercased())
            }
        }
    }

    /// An incident of the whole org begins, in the place of an earlier one.
    public func begin(_ incident: Incident) {
        server.world.withLockedValue { $0.incident = incident.starting(at: Date()) }
    }

    /// The incident is over.
    public func endIncident() {
        server.world.withLockedValue { $0.incident = nil }
    }

    /// Adds a contact to an existing account, by the account's place from 0, and gives its id.
    public func addContact(email: String, ofAccount place: Int = 0) async -> String {
        server.world.withLockedValue { world in
            let id = world.org.newID(.contact)
            world.org.contacts[id] = ContactRecord(
                id: id, accountID: Identifier(.account, number: place % Self.accountCount + 1),
                firstName: "Added", lastName: "Contact", email: email,
                ownerID: Org.integrationUser, place: world.org.contacts.count)
            return id.text
        }
    }

    /// Adds a business account, and gives its id; each is younger than those before.
    public func addAccount(
        name: String, number: String? = nil, domain: String? = nil
    ) async -> String {
        server.world.withLockedValue { world in
            let id = world.org.newID(.account)
            world.org.accounts[id] = AccountRecord(
                id: id, name: name, ownerID: Org.integrationUser, accountNumber: number,
                domain: domain, place: world.org.accounts.count)
            return id.text
        }
    }

    /// Puts an account into the recycle bin.
    public func deleteAccount(_ id: String) {
        server.world.withLockedValue { world in
            guard let id = Identifier(id) else { return }
            world.org.accounts[id]?.isDeleted = true
        }
    }

    /// Makes a lead a member of a campaign.
    public func addCampaignMember(leadID: String, campaign: String) async {
        server.world.withLockedValue { world in
            guard let lead = Identifier(leadID) else { return }
            world.org.addCampaignMember(lead, campaign: campaign)
        }
    }

    /// Who owns an account.
    public func owner(ofAccount id: String) async -> String? {
        server.world.withLockedValue { world in
            Identifier(id).flatMap { world.org.accounts[$0] }?.ownerID.text
        }
    }

    /// The accounts of that name that are not deleted.
    public func accounts(named name: String) async -> [String] {
        server.world.withLockedValue { world in
            world.org.accounts.values.filter { $0.name == name && !$0.isDeleted }.map(\.id.text)
        }
    }

    /// Somebody else converts a lead; false when there is no such open lead.
    @discardableResult
    public func convertExternally(_ leadID: String) -> Bool {
        server.world.withLockedValue { world in
            guard let id = Identifier(leadID), let place = world.org.place(of: id),
                world.org.leads[place].matches(.open)
            else { return false }
            let now = Date()
            world.org.convertExternally(place, at: now)
            world.audit.conversions.append(Audit.Conversion(leadID: id.text, at: now, call: 0))
            world.waiters.look(at: world.audit)
            return true
        }
    }

    /// Orders a fault for the call with this number, from 1, among the calls of its kind.
    ///
    /// Calls are numbered as they come past the login: one with a dead session is not counted.
    public func script(_ fault: Fault, forCall number: Int, of kind: CallKind = .convert) {
        server.world.withLockedValue { $0.script.order(fault, forCall: number, of: kind) }
    }

    /// Orders a fault for the next calls of a kind.
    public func script(_ fault: Fault, nextCalls count: Int = 1, of kind: CallKind = .convert) {
        server.world.withLockedValue { $0.script.order(fault, nextCalls: count, of: kind) }
    }

    /// A new access token, as a login gives one.
    public func issueToken() -> String {
        server.world.withLockedValue { world in
            world.sessions.issue(jwtShaped: world.configuration.issuesJWTShapedTokens)
        }
    }

    /// All that nobody may find who reads along: tokens of both kinds, and assertions that came.
    public func secrets() -> [String] {
        server.world.withLockedValue { $0.sessions.everyToken + $0.assertions }
    }

    /// Ends every session; whoever calls next must log in again.
    public func expireSessions() {
        server.world.withLockedValue { $0.sessions.expireAll() }
    }
}

extension LeadRecord {
    mutating func take(_ trait: LeadTrait) {
        switch trait {
        case .ownedByQueue: ownerID = Identifier(.queue, number: 1)
        case .alreadyConverted: break
        case .deleted: isDeleted = true
        case .lockedFor(let times): locks = times
        case .triggerFailure(let message): triggerFailure = message
        case .refused(let code, let times): refusal = Refused(code: code, times: times)
        case .invocationThrows: invocationThrows = true
        case .retrievalFails: retrievalFails = true
        case .retrievalWorks: retrievalFails = false
        case .duplicateOf(let contact, let blocks):
            duplicate = Duplicate([contact], blocks: blocks)
        case .duplicateOfRecords(let ids): duplicate = Duplicate(ids, blocks: false)
        case .poison: isPoison = true
        }
    }
}

/// The ids of records that every simulated org has.
extension Simulator {
    /// How many accounts there are from the start; each has two contacts and an opportunity.
    public static let accountCount = 20

    /// An existing account, by its place from 0.
    public func accountID(_ place: Int = 0) -> String {
        Identifier(.account, number: place % Self.accountCount + 1).text
    }

    /// An existing contact of that account, the first or the second.
    public func contactID(ofAccount place: Int = 0, second: Bool = false) -> String {
        Identifier(.contact, number: place % Self.accountCount * 2 + (second ? 2 : 1)).text
    }

    /// The existing opportunity of that account.
    public func opportunityID(ofAccount place: Int = 0) -> String {
        Identifier(.opportunity, number: place % Self.accountCount + 1).text
    }

    /// An active user who is not the one we log in as, by place from 0.
    public func userID(_ place: Int = 0) -> String {
        Identifier(.user, number: place % 5 + 2).text
    }

    /// A user who has left.
    public func inactiveUserID() -> String { Identifier(.user, number: 7).text }

    /// The user that every login of ours runs as.
    public func integrationUserID() -> String { Org.integrationUser.text }

    /// A queue that owns leads.
    public func queueID() -> String { Identifier(.queue, number: 1).text }
}
