/// What the queue waits for, as `queue.waiting_for` says it; what a call had to wait for, in
/// `calls.waited_for`, is one of the first five.
public enum WaitReason: String, Sendable {
    /// The rate: a token of the bucket.
    case token
    /// The number of calls in flight.
    case slot
    /// Another call with leads of the same account.
    case account
    /// The org's daily allowance.
    case allowance
    /// Salesforce, or the way to it, is down.
    case outage
    /// The time of the next job has not come.
    case time
    /// An operator paused the queue.
    case paused
    /// The hours in which calls may start have not begun.
    case hours
    /// There are no jobs.
    case work

    /// What it is, after "waiting for".
    public var phrase: String {
        switch self {
        case .token: "the next call's token"
        case .slot: "a free slot"
        case .account: "calls to the same account"
        case .allowance: "the org's allowance"
        case .outage: "the end of an outage"
        case .time: "the next lead's time"
        case .paused: "somebody to resume it"
        case .hours: "the run hours"
        case .work: "leads"
        }
    }

    /// Whether nothing moves while the queue waits for it, so that no time left can be told.
    public var stopsAll: Bool {
        switch self {
        case .allowance, .outage, .time, .paused, .hours: true
        case .token, .slot, .account, .work: false
        }
    }

    /// Whether it delays calls that are ready; for the others there is no call yet.
    public var delaysCalls: Bool {
        switch self {
        case .token, .slot, .account, .allowance, .outage: true
        case .time, .paused, .hours, .work: false
        }
    }
}
