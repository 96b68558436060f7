/// The way to Salesforce: one method for each request of the drain.
///
/// Each makes one request or none, and waits for what comes of it, however long that takes.
public protocol SalesforceClient: Sendable {
    /// Whether a token is at hand that the next request can count on.
    var hasSession: Bool { get }
    /// Gets a new access token from the login host. Costs nothing of the org's allowance.
    func logIn() async -> Reply<Void>
    /// Converts 1...100 leads in one API request, and tells of each in their order.
    /// - Parameter latest: When the request must have left, on a clock that runs while the machine is
    ///   suspended: later it is not sent, and refused as `.late`.
    func convert(
        _ leads: [LeadConversion], _ options: ConvertOptions,
        before latest: ContinuousClock.Instant
    ) async -> Reply<[LeadOutcome]>
    /// Reads which of 1...2,000 leads are converted, and into what, in their order.
    func verify(_ leads: [RecordID]) async -> Reply<[LeadReading]>
    /// Searches for the contacts of 1...200 addresses or ids, in their order; of each the contact that
    /// was created first is the first.
    func searchContacts(_ contacts: [ContactKey]) async -> Reply<[[FoundContact]]>
    /// Searches for the business accounts whose match field has one of 1...200 values, in their order; of
    /// each the account that was created first is the first.
    func searchAccounts(_ values: [String]) async -> Reply<[[RecordID]]>
    /// Sets fields of 1...200 records, each once, and tells of each in their order.
    /// - Parameter latest: When the request must have left.
    func update(
        _ records: [FieldUpdate], before latest: ContinuousClock.Instant
    ) async -> Reply<[RecordOutcome]>
    /// Makes 1...200 notes or tasks, all of one kind, and tells of each in their order.
    /// - Parameter latest: When the request must have left.
    func create(
        _ records: [MarkedRecord], before latest: ContinuousClock.Instant
    ) async -> Reply<[RecordOutcome]>
    /// Searches for 1...100 notes or tasks, all of one kind, by their marks: the ids of each, in their
    /// order.
    func find(_ records: [MarkedRecord]) async -> Reply<[[String]]>
    /// Reads the org's daily allowance, which is the reply's usage.
    func readLimits() async -> Reply<Void>
}

/// What is asked for all leads of a call; each is a header of the SOAP API.
/// Source: Partner WSDL 58.0, the binding of `convertLead`.
public struct ConvertOptions: Hashable, Sendable {
    /// Overrides duplicate rules that only warn (`DuplicateRuleHeader`).
    public var allowsDuplicates: Bool
    /// Leaves out the feed entries (`DisableFeedTrackingHeader`).
    public var suppressesFeed: Bool
    /// Cuts text that is too long for its field (`AllowFieldTruncationHeader`).
    public var truncatesFields: Bool

    /// Options; by default none of them.
    public init(
        allowsDuplicates: Bool = false, suppressesFeed: Bool = false, truncatesFields: Bool = false
    ) {
        self.allowsDuplicates = allowsDuplicates
        self.suppressesFeed = suppressesFeed
        self.truncatesFields = truncatesFields
    }
}

/// What a call was for; the words are those of `calls.kind`.
public enum CallKind: String, Sendable, CaseIterable {
    /// `convertLead`.
    case convert
    /// Reading leads whose conversion is in doubt.
    case verify
    /// Looking for contacts or accounts that leads are to join.
    case match
    /// A request to the login host.
    case token
    /// Reading the org's limits.
    case limits
    /// Part of `leadconvert check`.
    case check
    /// A page of the leads that `leadconvert enqueue --from-soql` takes.
    case intake
    /// Reading records for `leadconvert results --fetch`.
    case fetch
    /// Setting fields after a conversion.
    case set
    /// Making notes after a conversion.
    case note
    /// Making tasks after a conversion.
    case task
}
