/// The token bucket and the org's usage as the file keeps them.
public struct LimiterState: Hashable, Sendable {
    /// Calls that may start now.
    public var tokens: Double
    /// Calls that may start at once after a long idle time.
    public var capacity: Double
    /// Calls a second that come in.
    public var rate: Double
    /// When the tokens were counted.
    public var at: Moment
    /// The org's own count as the last answer carried it.
    public var usage: OrgUsage?
    /// When that answer came.
    public var usageAt: Timestamp?

    public init(
        tokens: Double, capacity: Double, rate: Double, at: Moment, usage: OrgUsage? = nil,
        usageAt: Timestamp? = nil
    ) {
        self.tokens = tokens
        self.capacity = capacity
        self.rate = rate
        self.at = at
        self.usage = usage
        self.usageAt = usageAt
    }

    /// The tokens by now, by the wall clock.
    public func tokens(at now: Timestamp) -> Double {
        min(capacity, tokens + Double(max(0, now - at.wall)) / 1000 * rate)
    }
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
