public import SalesforceSimulator

/// Records and faults for a test, and what the org really holds.
extension Simulator {
    /// Holds calls of a kind once they have arrived, after so many more of them, until `release`.
    public func hold(_ kind: CallKind = .convert, after count: Int = 0) {
        with { $0.callHold.hold(kind, after: count) }
    }

    /// Lets all calls go on.
    public func release() { with { $0.callHold.release() } }

    /// Adds a person account, which is an account and its one contact in one; only an org with
    /// `hasPersonAccounts` shows which is which.
    public func addPersonAccount(email: String) async -> (accountID: String, contactID: String) {
        with { state in
            let account = state.org.addAccount("Added Person")
            let contact = state.org.addContact("Added", "Person", email: email, of: account)
            state.org.accounts[account]?.personContactID = contact
            state.org.contacts[contact]?.isPersonAccount = true
            return (account.text, contact.text)
        }
    }

    /// Lets a lead have another trait from now on; `alreadyConverted` is for `convertExternally`.
    public func change(_ leadID: String, _ trait: LeadTrait) {
        with { $0.change(leadID, trait) }
    }

    /// From now on, or no longer, every query that names this address fails with a 500.
    public func failSearches(naming address: String, _ fails: Bool = true) {
        with { state in
            if fails {
                state.failingSearches.insert(address.lowercased())
            } else {
                state.failingSearches.remove(address.lowercased())
            }
        }
    }

    /// An incident of the whole org begins, in the place of an earlier one.
    public func begin(_ incident: Incident) {
        with { $0.begin(incident) }
    }

    /// The incident is over.
    public func endIncident() {
        with { $0.incident = nil }
    }

    /// Adds a contact to an existing account, by the account's place from 0, and gives its id.
    public func addContact(email: String, ofAccount place: Int = 0) async -> String {
        with { state in
            let account = Identifier(.account, number: place % Self.accountCount + 1)
            return state.org.addContact("Added", "Contact", email: email, of: account).text
        }
    }

    /// Adds a business account, and gives its id; each is younger than those before.
    public func addAccount(
        name: String, number: String? = nil, domain: String? = nil
    ) async -> String {
        with { state in
            let id = state.org.addAccount(name)
            state.org.accounts[id]?.accountNumber = number
            state.org.accounts[id]?.domain = domain
            return id.text
        }
    }

    /// Puts an account into the recycle bin.
    public func deleteAccount(_ id: String) {
        with { state in
            guard let id = Identifier(id) else { return }
            state.org.accounts[id]?.isDeleted = true
        }
    }

    /// Makes a lead a member of a campaign.
    public func addCampaignMember(leadID: String, campaign: String) async {
        with { state in
            guard let lead = Identifier(leadID) else { return }
            state.org.addCampaignMember(lead, campaign: campaign)
        }
    }

    /// Who owns an account.
    public func owner(ofAccount id: String) async -> String? {
        with { state in
            Identifier(id).flatMap { state.org.accounts[$0] }?.ownerID.text
        }
    }

    /// The accounts of that name that are not deleted.
    public func accounts(named name: String) async -> [String] {
        with { state in
            state.org.accounts.values.filter { $0.name == name && !$0.isDeleted }.map(\.id.text)
        }
    }

    /// A new access token, as a login gives one.
    public func issueToken() -> String {
        with { state in
            state.sessions.issue(jwtShaped: state.configuration.issuesJWTShapedTokens)
        }
    }

    /// All that nobody may find who reads along: tokens of both kinds, and assertions that came.
    public func secrets() -> [String] {
        with { $0.sessions.everyToken + $0.assertions }
    }

    /// Ends every session; whoever calls next must log in again.
    public func expireSessions() {
        with { $0.sessions.expireAll() }
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
