import Conversion

/// What stands in the way of every call: begun when a call meets it, ended when one gets through,
/// and probed in between by one call at a time with growing pauses.
struct CircuitBreaker: Equatable {
    enum Kind: String {
        case outage, allowance, concurrency
    }

    /// A stretch of time in which nothing gets through.
    struct OpenState: Equatable {
        var kind: Kind
        var reason: Reason
        /// The kind of call that met it; one of that sort has to get through to end it.
        var metByLogin: Bool
        var since: Moment
        var probeAt: Moment
        var pauseMS: Int64
    }

    private(set) var openState: OpenState?
    /// The first pause before a probe, in milliseconds.
    var probeIntervalMS: Int64

    private static let longestPauseMS: Int64 = 15 * 60_000
    /// Too many calls at once is over when one of the others ends, mostly in seconds.
    private static let concurrencyPauseMS: Int64 = 1000

    init(probeIntervalMS: Int64) {
        self.probeIntervalMS = probeIntervalMS
    }

    /// A call met it. Calls that were in flight together meet it together: only a probe, sent
    /// after it opened, makes the pause grow.
    /// - Returns: Whether this is the beginning.
    mutating func meet(
        _ kind: Kind, _ reason: Reason, byLogin: Bool, startedAt: Moment, at now: Moment
    ) -> Bool {
        let first =
            kind == .concurrency
            ? min(Self.concurrencyPauseMS, probeIntervalMS) : probeIntervalMS
        guard var openState else {
            openState = OpenState(
                kind: kind, reason: reason, metByLogin: byLogin, since: now,
                probeAt: now + first, pauseMS: first)
            return true
        }
        let wasProbe = startedAt.since(openState.since) > 0
        openState.pauseMS =
            wasProbe ? min(openState.pauseMS * 2, max(Self.longestPauseMS, first)) : first
        openState.probeAt = now + openState.pauseMS
        let isAnother = openState.kind != kind
        (openState.kind, openState.reason, openState.metByLogin) = (kind, reason, byLogin)
        self.openState = openState
        return isAnother
    }

    /// A call got through.
    /// - Returns: The state that this ends, if it does.
    mutating func passed(login: Bool) -> OpenState? {
        guard let openState, openState.metByLogin == login else { return nil }
        self.openState = nil
        return openState
    }

    /// When the next call may start; nil when nothing stands in the way.
    func probeAt(whileInFlight inFlight: Int) -> Probe? {
        guard let openState else { return nil }
        return inFlight > 0 ? .afterTheOneInFlight : .at(openState.probeAt)
    }

    enum Probe: Equatable {
        case afterTheOneInFlight
        case at(Moment)
    }
}
