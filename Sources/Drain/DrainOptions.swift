/// What an operator may set about the drain; all of it can change while it runs.
public struct DrainOptions: Sendable, Equatable {
    /// Leads in one call, 1...100: Salesforce refuses more (SOAP API Developer Guide,
    /// `convertLead()`).
    public var callSize = 100
    /// Calls in flight, 1 or more.
    public var concurrency = 4
    /// The part of the org's daily allowance that we may use, above 0, at most 1.
    public var dailyShare = 0.5
    /// Stop when the org as a whole has less than this part left, 0 or more, below 1.
    public var reserve = 0.1
    /// Calls a second; nil derives it from the allowance.
    public var rate: Double?
    /// Calls that may start at once after a rest, 1 or more; nil derives it.
    public var burst: Double?
    /// Milliseconds that a call which is not full may wait for more leads; nil goes by the bucket.
    public var lingerMS: Int64?
    /// Milliseconds before the first probe of an outage or a spent allowance.
    public var probeIntervalMS: Int64 = 30_000
    /// Milliseconds after it has left in which a call may still be running at Salesforce, which
    /// gives up at 10 minutes (Salesforce Developer Limits, API request limits).
    public var callLifetimeMS: Int64 = 600_000
    /// When calls may start; nil is always.
    public var window: RunWindow?
    /// Whether a lead may bring inputs of the org's own: an Apex action takes them, SOAP does not.
    public var takesExtra = false
    /// End, once no job is left that could move on its own.
    public var untilEmpty = false
    /// End, once Salesforce could not be reached for so many milliseconds.
    public var giveUpAfterMS: Int64?

    /// The defaults.
    public init() {}

    /// Records in one call that follows conversions: 200 at most (REST API Developer Guide, sObject
    /// Collections), and fewer where calls that convert are to be small.
    public var followUpCallSize: Int { callSize * 2 }

    /// Milliseconds after its claim in which a call may be handed to the transport: 10 s, or less
    /// where a call lives shorter than that.
    var claimLastsMS: Int64 { min(10_000, max(1000, callLifetimeMS)) }

    /// Milliseconds that the transport may take from being given a call until it is on its way; later
    /// it must not send it. 12 s, or less where a call lives shorter than that.
    public var connectTimeoutMS: Int64 { min(12_000, max(1000, callLifetimeMS)) }

    /// Milliseconds after its claim in which a call may still be running at Salesforce.
    var lifetimeSinceClaimMS: Int64 { claimLastsMS + connectTimeoutMS + callLifetimeMS }

    /// What these make of the org's daily allowance.
    public var allowance: Allowance {
        Allowance(
            share: dailyShare, reserve: reserve, fixedRate: rate, fixedBurst: burst,
            openPart: window?.openPart ?? 1)
    }
}
