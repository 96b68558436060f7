/// What came back from one request, and what it told us in passing.
public struct Reply<Value: Sendable>: Sendable {
    /// What a request came to.
    public enum Outcome: Sendable {
        /// A clear answer.
        case value(Value)
        /// It took no effect, as a whole.
        case refused(Blocker, Reason)
        /// It may have taken effect: no answer came, or one that does not say.
        case unclear(Reason)
    }

    /// What the request came to.
    public var outcome: Outcome
    /// The HTTP status, if an answer came at all. Never a basis for a decision on a SOAP answer.
    public var httpStatus: Int?
    /// The org's own count of API requests, if the answer carried it.
    public var usage: OrgUsage?
    /// What the server's clock showed, to the second, if the answer carried it.
    public var serverTime: Timestamp?
    /// Whether the request has surely ended at Salesforce, although its outcome is unclear: Salesforce
    /// answered it to the end, and only what the answer says can't be used. What is read of its
    /// leads from now on may be believed.
    public var isOver: Bool

    public init(
        _ outcome: Outcome, httpStatus: Int? = nil, usage: OrgUsage? = nil,
        serverTime: Timestamp? = nil, isOver: Bool = false
    ) {
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.usage = usage
        self.serverTime = serverTime
        self.isOver = isOver
    }

    /// What was wrong with the request as a whole, if anything.
    public var reason: Reason? {
        switch outcome {
        case .value: nil
        case .refused(_, let reason), .unclear(let reason): reason
        }
    }

    /// The same reply with another value.
    public func map<Other>(_ transform: (Value) -> Other) -> Reply<Other> {
        Reply<Other>(
            outcome.map(transform), httpStatus: httpStatus, usage: usage, serverTime: serverTime,
            isOver: isOver)
    }
}

/// An outcome that is none that was asked for: refused or unclear.
public typealias Failure = Reply<Never>.Outcome

extension Reply.Outcome {
    /// A failure, of whatever request.
    public init(_ failure: Failure) {
        switch failure {
        case .refused(let blocker, let reason): self = .refused(blocker, reason)
        case .unclear(let reason): self = .unclear(reason)
        }
    }

    /// The same with another value.
    public func map<Other>(_ transform: (Value) -> Other) -> Reply<Other>.Outcome {
        switch self {
        case .value(let value): .value(transform(value))
        case .refused(let blocker, let reason): .refused(blocker, reason)
        case .unclear(let reason): .unclear(reason)
        }
    }
}

extension Reply.Outcome: Equatable where Value: Equatable {}

/// The org's own count of API requests in its rolling 24 hours, all programs together.
public struct OrgUsage: Hashable, Sendable {
    /// Requests used; may exceed `limit` in production orgs.
    public var current: Int
    public var limit: Int

    public init(current: Int, limit: Int) {
        self.current = current
        self.limit = limit
    }

    /// A count that a server reported; nil when it is impossible: below 0, or above a thousand
    /// million, which is far more than any org has.
    public init?(reported current: Int, of limit: Int) {
        let possible = 0...1_000_000_000
        guard possible.contains(current), possible.contains(limit), limit > 0 else { return nil }
        self.init(current: current, limit: limit)
    }
}
