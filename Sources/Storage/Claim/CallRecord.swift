public import Conversion

/// What is written of a call before it leaves.
public struct CallStart: Sendable {
    /// When it starts.
    public var at: Moment
    /// What it had to wait for, and how many milliseconds; nil when it didn't.
    public var waited: (reason: WaitReason, milliseconds: Int64)?
    /// The limiter with this call's token taken out; nil for a call that costs none.
    public var limiter: LimiterState?
    /// How many leads it might have carried, and why not as many as the operator set.
    public var size: (limit: Int, reason: SizeReason?)?

    /// A start.
    public init(
        at: Moment, waited: (reason: WaitReason, milliseconds: Int64)? = nil,
        limiter: LimiterState? = nil, size: (limit: Int, reason: SizeReason?)? = nil
    ) {
        self.size = size
        self.at = at
        self.waited = waited
        self.limiter = limiter
    }
}

/// What a call had to wait for; the words are those of `calls.waited_for`.
public enum WaitReason: String, Sendable {
    /// The rate: a token of the bucket.
    case token
    /// The number of calls in flight.
    case slot
    /// Another call with leads of the same account.
    case account
    /// The org's daily allowance.
    case allowance
    /// Salesforce, or the way to it, was down.
    case outage
}

/// What made the size of calls what it is; the words are those of `calls.size_reason`.
public enum SizeReason: String, Sendable {
    /// A call took long.
    case slow
    /// Calls failed as a whole, one after the other.
    case fault
    /// It was smaller, and calls have been quick since.
    case grown
    /// It is a half of a call that failed.
    case half
}

/// What is written of a call when it has ended.
public struct CallEnd: Sendable {
    /// The call.
    public var callID: Int64
    /// When it started.
    public var startedAt: Moment
    /// When its end was taken in: later than the answer, if the file was locked.
    public var at: Moment
    /// How long the answer took, in milliseconds.
    public var durationMS: Int64
    /// The HTTP status, if an answer came.
    public var httpStatus: Int?
    /// What was wrong with the call as a whole, if anything.
    public var reason: Reason?
    /// The limiter, corrected by what the answer carried; nil when it carried nothing.
    public var limiter: LimiterState?
    /// The org's own count as the answer carried it.
    public var usage: OrgUsage?

    /// An end.
    public init(
        callID: Int64, startedAt: Moment, at: Moment, durationMS: Int64? = nil,
        httpStatus: Int? = nil, reason: Reason? = nil, limiter: LimiterState? = nil,
        usage: OrgUsage? = nil
    ) {
        self.callID = callID
        self.startedAt = startedAt
        self.at = at
        self.durationMS = durationMS ?? at.since(startedAt)
        self.httpStatus = httpStatus
        self.reason = reason
        self.limiter = limiter
        self.usage = usage
    }
}
