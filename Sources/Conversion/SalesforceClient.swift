/// The way to Salesforce: one method for each request of the drain.
///
/// Each makes one request or none, and waits for what comes of it, however long that takes.
public protocol SalesforceClient: Sendable {
    /// Whether a token is at hand that the next request can count on.
    var hasSession: Bool { get }
    /// Gets a new access token from the login host. Costs nothing of the org's allowance.
    func logIn() async -> Reply<Void>
    /// Converts 1...100 leads in one API request, and tells of each in their order.
    /// - Parameter allowDuplicates: Overrides duplicate rules that only warn
    ///   (`DuplicateRuleHeader`).
    /// - Parameter latest: When the request must have left, on a clock that runs while the machine is
    ///   suspended: later it is not sent, and refused as `.late`.
    func convert(
        _ leads: [LeadConversion], allowDuplicates: Bool, before latest: ContinuousClock.Instant
    ) async -> Reply<[LeadOutcome]>
    /// Reads which of 1...2,000 leads are converted, and into what, in their order.
    func verify(_ leads: [RecordID]) async -> Reply<[LeadReading]>
    /// Reads the contacts of 1...200 e-mail addresses, in their order.
    func match(_ addresses: [String]) async -> Reply<[[FoundContact]]>
    /// Reads the org's daily allowance, which is the reply's usage.
    func readLimits() async -> Reply<Void>
}

/// What a call was for; the words are those of `calls.kind`.
public enum CallKind: String, Sendable, CaseIterable {
    /// `convertLead`.
    case convert
    /// Reading leads whose conversion is in doubt.
    case verify
    /// Looking for contacts by their e-mail address.
    case match
    /// A request to the login host.
    case token
    /// Reading the org's limits.
    case limits
    /// Part of `leadconvert check`.
    case check
}
