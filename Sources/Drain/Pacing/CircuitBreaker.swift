import Conversion

/// How far into Salesforce a call reaches. One that gets through proves that those of the tiers
/// below it would; it proves nothing about the tiers above.
enum CallTier: Int, Comparable, CaseIterable {
    case login, limits, read, followUp, conversion

    static func < (left: CallTier, right: CallTier) -> Bool { left.rawValue < right.rawValue }

    var below: CallTier? { CallTier(rawValue: rawValue - 1) }
}

/// Stops calls while they would fail: it opens when a call fails for a reason that affects all
/// calls, lets single probes out with growing pauses, and closes when one gets through.
struct CircuitBreaker: Equatable {
    enum Kind: String {
        /// Salesforce, or the way to it, is down.
        case outage
        /// Salesforce answers, but calls of one kind fail, and no single lead or record explains it.
        case incident
        /// Login, permission or address was refused, by something that may change its mind.
        case refusal
        case allowance, concurrency
    }

    struct OpenState: Equatable {
        var kind: Kind
        var reason: Reason
        var since: Moment
        var probeAt: Moment
        var pauseMS: Int64
        /// The highest tier that failed; a call of that tier or above closes it.
        var failing: CallTier
        /// The highest tier that is known to get through; its calls do not wait.
        var passing: CallTier?
        /// Calls that failed after it had opened.
        var failedProbes = 0
        /// How much later than they might these left, in milliseconds: nothing was asked meanwhile.
        var delayMS: Int64 = 0

        /// Whether Salesforce does not work, rather than not let us in just now.
        var isOutage: Bool { kind == .outage || kind == .incident || kind == .refusal }

        /// An incident stops what has failed; of the tiers above it nothing is known, and theirs are
        /// other parts of Salesforce.
        func stops(_ tier: CallTier) -> Bool {
            if kind == .incident && tier > failing { return false }
            return passing.map { tier > $0 } ?? true
        }
    }

    private(set) var openState: OpenState?
    /// The first pause before a probe, in milliseconds.
    var probeIntervalMS: Int64
    /// An incident that closed without a proof: if it opens again, its pauses go on to grow.
    private var unproven: OpenState?

    private static let longestPauseMS: Int64 = 15 * 60_000
    /// Too many calls at once is over when one of the others ends, mostly in seconds; and what
    /// looks like an incident may be two failing leads in a row, which a first probe tells at once.
    private static let shortPauseMS: Int64 = 1000

    init(probeIntervalMS: Int64) {
        self.probeIntervalMS = probeIntervalMS
    }

    /// A call failed for a reason that affects all calls. Calls that were in flight together fail
    /// together: only a probe, sent after it had opened, makes the pause grow.
    /// - Returns: Whether it opened, or stays open for another kind of reason.
    mutating func fail(
        _ kind: Kind, _ reason: Reason, tier: CallTier, startedAt: Moment, at now: Moment
    ) -> Bool {
        guard var open = openState else {
            let before = kind == .incident ? unproven?.pauseMS ?? 0 : 0
            let pause = max(firstPauseMS(kind), min(2 * before, mostPauseMS))
            openState = OpenState(
                kind: kind, reason: reason, since: now, probeAt: now + pause, pauseMS: pause,
                failing: tier, passing: kind == .incident ? tier.below : nil)
            return true
        }
        let isAnother = open.kind != kind
        if startedAt.since(open.since) > 0 {
            open.failedProbes += 1
            open.delayMS += startedAt.since(open.probeAt)
            let least = kind == .concurrency ? 0 : probeIntervalMS
            open.pauseMS = min(max(open.pauseMS * 2, least), mostPauseMS)
            open.probeAt = now + open.pauseMS
        } else {
            open.probeAt = later(open.probeAt, now + firstPauseMS(kind))
        }
        (open.kind, open.reason) = (kind, reason)
        open.failing = max(open.failing, tier)
        if let passing = open.passing { open.passing = tier.below.map { min(passing, $0) } }
        openState = open
        return isAnother
    }

    /// A call got through.
    /// - Parameter isProof: Whether it shows that what opened it was not so, or is over.
    /// - Returns: What it was that this closes, if it does.
    mutating func pass(_ tier: CallTier, isProof: Bool = true) -> OpenState? {
        if isProof, let unproven, tier >= unproven.failing { self.unproven = nil }
        guard let open = openState else { return nil }
        guard tier >= open.failing else {
            openState?.passing = max(open.passing ?? tier, tier)
            return nil
        }
        unproven = !isProof && open.kind == .incident ? open : nil
        openState = nil
        return open
    }

    /// Probes at once: an operator has changed what was refused.
    mutating func probeNow(at now: Moment) {
        openState?.probeAt = now
    }

    private func later(_ one: Moment, _ other: Moment) -> Moment {
        one.since(other) > 0 ? one : other
    }

    private var mostPauseMS: Int64 { max(Self.longestPauseMS, probeIntervalMS) }

    private func firstPauseMS(_ kind: Kind) -> Int64 {
        switch kind {
        case .concurrency, .incident: min(Self.shortPauseMS, probeIntervalMS)
        case .outage, .refusal, .allowance: probeIntervalMS
        }
    }
}

/// Whether a refusal that logging in again does not lift is for good.
///
/// A refusal by a proxy, by a new rule of the org or of a token may pass. It is final when it is repeated
/// for some minutes, or when Salesforce gives it as final and nothing has worked yet: then the settings
/// are wrong, and the person who set them is still at the keyboard.
struct RefusalRecord: Equatable {
    /// Whether it worked for the daemon before this one, and what was set has not changed since.
    private let hasWorkedBefore: Bool
    private var code: String?
    private var count = 0
    private var since: Moment?
    private var loginHasWorked = false
    private var callHasWorked = false

    init(hasWorkedBefore: Bool = false) { self.hasWorkedBefore = hasWorkedBefore }

    private static let times = 5
    private static let lastingMS: Int64 = 5 * 60_000

    /// - Returns: Whether the refusal is final.
    mutating func refused(_ reason: Reason, tier: CallTier, at now: Moment) -> Bool {
        if code != reason.code { (code, count, since) = (reason.code, 0, now) }
        count += 1
        let hasWorked = tier == .login ? loginHasWorked : callHasWorked
        if !reason.mayPass && !hasWorked { return true }
        // A page of some edge may be there for hours: what has worked is probed for as long.
        if reason.mayPass && (hasWorked || hasWorkedBefore) { return false }
        return count >= Self.times && since.map { now.since($0) >= Self.lastingMS } ?? false
    }

    mutating func passed(_ tier: CallTier) {
        if tier == .login { loginHasWorked = true } else { callHasWorked = true }
    }

    /// Nothing is refused any more.
    mutating func forget() { (code, count, since) = (nil, 0, nil) }
}
