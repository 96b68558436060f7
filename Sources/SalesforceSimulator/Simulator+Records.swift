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
