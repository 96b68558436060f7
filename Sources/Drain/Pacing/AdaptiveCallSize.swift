import Conversion

/// How many leads a call may carry: at most what the operator set, half as many after a call that
/// took long or when calls fail as a whole, and a few more after each full call that was quick.
///
/// Salesforce lets 25 requests (5 in a Developer Edition org) run for 20 seconds or more at once,
/// all programs together, and refuses others meanwhile (Salesforce Developer Limits, API request
/// limits). So 10 s are long: the next call may take twice as long and is still none of those.
/// Between 5 s and 10 s it stays as it is, or it would swing without end.
///
/// From 100, when each lead takes 0.5 s: 50, 25, 13, and there it stays at 6.5 s a call.
struct AdaptiveCallSize: Equatable {
    /// The operator's number, 1...100.
    var most: Int {
        didSet {
            if limit >= min(most, oldValue) { (limit, reason) = (most, nil) }
        }
    }
    /// Leads that the next call may carry.
    private(set) var limit: Int
    /// What made it so; nil when it is the operator's number.
    private(set) var reason: SizeReason?
    /// Calls in a row that failed as a whole.
    private var failures = 0

    static let slowMS: Int64 = 10_000
    private static let quickMS: Int64 = 5000

    /// Goes on where a daemon before left off.
    init(most: Int, last: (limit: Int, reason: SizeReason)? = nil) {
        self.most = most
        limit = max(1, min(most, last?.limit ?? most))
        reason = limit < most ? last?.reason : nil
    }

    /// What an answer says of the size of calls.
    mutating func adapt<Value>(
        to outcome: Reply<Value>.Outcome, leads: Int, milliseconds: Int64
    ) {
        switch outcome {
        case .value: answered(leads: leads, milliseconds: milliseconds)
        case .refused(.callTooLarge, _): failed(leads: leads)
        // A connection that is lost at once says nothing about the size.
        case .unclear where milliseconds >= Self.slowMS: failed(leads: leads)
        default: break
        }
    }

    /// A call of so many leads was answered, lead by lead.
    mutating func answered(leads: Int, milliseconds: Int64) {
        guard leads <= limit else { return }
        failures = 0
        if milliseconds >= Self.slowMS {
            shrink(.slow)
        } else if milliseconds < Self.quickMS, leads == limit, limit < most {
            limit = min(most, limit + max(1, most / 20))
            reason = limit < most ? .grown : nil
        }
    }

    /// A call of so many leads failed as a whole. It goes on in halves by itself, and one such may
    /// be the fault of one lead; the second in a row is not.
    mutating func failed(leads: Int) {
        // What left before it shrank says nothing about the size it has now.
        guard leads <= limit else { return }
        failures += 1
        if failures > 1 { shrink(.fault) }
    }

    private mutating func shrink(_ reason: SizeReason) {
        guard limit > 1 else { return }
        limit = (limit + 1) / 2
        self.reason = reason
        failures = 0
    }
}

/// How many calls may be in flight: at most what the operator set; half as many each time the org
/// says there are too many, and one more for each four rounds of calls that went well: what fills
/// the org's places lasts, and each try that comes too early is a call refused.
struct ConcurrencyLimit: Equatable {
    /// The operator's number, 1 or more.
    var most: Int {
        didSet { current = min(current, Double(most)) }
    }
    private var current: Double

    init(most: Int) {
        self.most = most
        current = Double(most)
    }

    /// Calls that may be in flight now.
    var limit: Int { max(1, Int(current)) }

    mutating func shrink() { current = max(1, current / 2) }

    mutating func grow() { current = min(Double(most), current + 1 / (4 * current)) }
}
