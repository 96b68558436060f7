import Conversion

/// Stops calls while the org is at fault, and finds out when it is: a circuit breaker, and the
/// failures that open it.
struct Circuit: Equatable {
    var breaker: CircuitBreaker
    var failures: FailureRun

    var openState: CircuitBreaker.OpenState? { breaker.openState }
    /// Whether it is open because Salesforce does not work.
    var isOutage: Bool { openState?.isOutage ?? false }

    init(probeIntervalMS: Int64, doubtsLoneLeads: Bool) {
        breaker = CircuitBreaker(probeIntervalMS: probeIntervalMS)
        failures = FailureRun(doubtsLoneLeads: doubtsLoneLeads)
    }

    /// Whether a call was to find out if Salesforce works again.
    func isProbe(_ call: PacedCall) -> Bool {
        openState.map { $0.isOutage && call.startedAt.since($0.since) > 0 } ?? false
    }

    /// A call failed with all that was in it: by the fault of one of these, or of the org.
    /// - Parameters:
    ///   - failed: Those that failed; all of the call if it is nil.
    ///   - each: Whether each of them had an answer of its own, so that none explains another.
    /// - Returns: Whether it keeps other calls back: the org is to blame, or it was a probe.
    @discardableResult
    mutating func fail(
        _ reason: Reason, _ call: PacedCall, _ failed: FailureRun.Failed? = nil, each: Bool,
        at now: Moment, _ observation: inout Pacer.Observation
    ) -> Bool {
        let isProbe = isProbe(call)
        let isOrgs = failures.failed(
            failed ?? call.failed(with: reason), each: each, isProbe: isProbe, at: now)
        if isOrgs { observation.blame = .org }
        guard isOrgs || isProbe else { return false }
        open(
            isOrgs ? .incident : openState?.kind ?? .incident, reason, call, at: now, &observation)
        return true
    }

    /// A call failed for a reason that affects all calls.
    mutating func open(
        _ kind: CircuitBreaker.Kind, _ reason: Reason, _ call: PacedCall, at now: Moment,
        _ observation: inout Pacer.Observation
    ) {
        if kind != .incident { failures.turnedAway(at: now) }
        let opens = breaker.fail(
            kind, reason, tier: call.tier, startedAt: call.startedAt, at: now)
        if opens, let openState { observation.events.append(.opened(openState)) }
    }

    /// A call of this tier got through.
    /// - Parameter isProof: Whether it shows that there was no incident, or that it is over.
    /// - Returns: Whether that closes it.
    @discardableResult
    mutating func close(
        _ tier: CallTier, isProof: Bool = true, _ observation: inout Pacer.Observation
    ) -> Bool {
        guard let open = breaker.pass(tier, isProof: isProof) else { return false }
        if isProof, open.kind == .incident || open.kind == .refusal {
            failures.closed(afterProbes: open.failedProbes)
        }
        observation.events.append(.closed(open))
        return true
    }
}
