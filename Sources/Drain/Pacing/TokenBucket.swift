import Conversion

/// How many calls may start: a bucket that holds `capacity` tokens, gains `rate` of them a second
/// and gives one for each call.
///
/// Over any window the calls started are at most capacity + rate x window. Time is the machine's
/// uptime, so setting the clock neither fills nor empties it.
struct TokenBucket: Equatable {
    private(set) var capacity: Double
    /// Tokens a second.
    private(set) var rate: Double
    private(set) var tokens: Double
    private(set) var at: Moment

    /// At a rate that is next to nothing a token takes longer than a clock can tell.
    private static let longestWaitMS = 86_400_000.0

    /// A new bucket is full.
    init(capacity: Double, rate: Double, at now: Moment) {
        self.init(capacity: capacity, rate: rate, tokens: capacity, at: now)
    }

    /// Goes on where a daemon before left off.
    init(_ last: LimiterState) {
        self.init(
            capacity: max(1, last.capacity), rate: max(last.rate, .leastNormalMagnitude),
            tokens: last.tokens, at: last.at)
    }

    init(capacity: Double, rate: Double, tokens: Double, at now: Moment) {
        precondition(capacity >= 1 && rate > 0, "A bucket holds a whole token at least, and fills.")
        self.capacity = capacity
        self.rate = rate
        self.tokens = min(tokens, capacity)
        at = now
    }

    /// Milliseconds until a token is there; 0 when one is.
    mutating func wait(at now: Moment) -> Int64 {
        refill(at: now)
        guard tokens < 1 else { return 0 }
        return Int64(min((1 - tokens) / rate * 1000, Self.longestWaitMS).rounded(.up))
    }

    /// How many tokens are there.
    func level(at now: Moment) -> Double {
        var bucket = self
        bucket.refill(at: now)
        return bucket.tokens
    }

    /// Takes a token, which must be there.
    mutating func spend(at now: Moment) {
        refill(at: now)
        precondition(tokens >= 1, "A call starts only with a whole token.")
        tokens -= 1
    }

    /// Takes tokens for calls that somebody else has made, whether they are there or not: what is
    /// missing has to come in before the next call.
    mutating func owe(_ calls: Int, at now: Moment) {
        refill(at: now)
        tokens -= Double(calls)
    }

    /// Goes on under another capacity and rate. What has come in so far came in at the old rate;
    /// no token is given for the change.
    mutating func adopt(capacity: Double, rate: Double, at now: Moment) {
        refill(at: now)
        self = TokenBucket(capacity: capacity, rate: rate, tokens: tokens, at: now)
    }

    private mutating func refill(at now: Moment) {
        let passed = now.since(at)
        guard passed > 0 else { return }
        tokens = min(capacity, tokens + rate * Double(passed) / 1000)
        at = now
    }
}

/// How long a call that is not full waits for more leads.
///
/// A call costs the org the same with one lead as with a hundred, and a wait costs a person time. So
/// nothing waits while tokens are plentiful, and the fewer are left, the longer a lead that has just
/// come due waits for others.
struct Linger: Equatable {
    /// The longest wait, in milliseconds.
    static let longestMS: Int64 = 1000
    /// Tokens are plentiful while so much of the bucket is full: the rest is kept for full calls.
    static let plenty = 0.5

    /// What the operator set, in milliseconds; nil leaves it to the bucket.
    var fixedMS: Int64?

    /// The wait in milliseconds, from when the first of the leads came due.
    ///
    /// Of a bucket of 5,000: nothing down to 2,500 tokens, 200 ms at 2,000, half a second at 1,250, and a
    /// second once it is empty. While leads are being converted it is always a second: the answer comes
    /// soon, and other leads come due meanwhile.
    func milliseconds(tokens: Double, of capacity: Double, isConverting: Bool) -> Int64 {
        if let fixedMS { return fixedMS }
        guard !isConverting else { return Self.longestMS }
        let missing = 1 - max(0, tokens) / capacity / Self.plenty
        return Int64((Double(Self.longestMS) * max(0, missing)).rounded())
    }
}
