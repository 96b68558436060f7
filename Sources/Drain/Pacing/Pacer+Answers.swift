import Conversion
import Storage

/// What an answer says of the way ahead for all calls.
extension Pacer {
    /// What came of an answer.
    struct Observation {
        /// Whose fault it is that the call failed, if it did.
        var blame = Blame.call
        /// What the log tells.
        var events: [Event] = []
    }

    enum Event {
        case opened(CircuitBreaker.OpenState)
        case closed(CircuitBreaker.OpenState)
        case callsMadeSmaller(to: Int, SizeReason?)
        /// It can't go on.
        case ends(ExitStatus, Blocker, Reason)
    }

    /// Takes in the answer to a call.
    mutating func observe(
        _ reply: Reply<CallResult.Content>, of call: PacedCall, after milliseconds: Int64,
        at now: Moment
    ) -> Observation {
        ended(call)
        if let usage = reply.usage {
            org.learn(usage, from: call.startedAt, at: now)
            adoptAllowance(at: now)
        }
        var seen = Observation()
        if call.tier == .conversion {
            size(by: reply.outcome, of: call, after: milliseconds, &seen)
        }
        switch reply.outcome {
        case .value(.converted(let leads)):
            judge(leads, of: call, at: now, &seen)
        case .refused(let blocker, let reason):
            meet(blocker, reason, call, at: now, &seen)
        case .unclear(let reason):
            miss(reason, call, isAnswered: false, at: now, &seen)
        case .value(.limitsRead):
            // Read, and still not known: they are not to be had this way.
            if reply.usage == nil { org.isWithheld(at: now) } else { org.wasRead() }
            pass(call, at: now, &seen)
        case .value(.verified(let readings)):
            // An answer got lost, and the work was done: conversions do get through.
            let isDone = zip(readings, call.isUnanswered).contains { $0.isConverted && $1 }
            if isDone { failures.passed() }
            let proves = isDone && breaker.openState?.kind == .incident
            pass(call, proving: proves ? .conversion : .read, at: now, &seen)
            passRead(call, &seen)
        case .value(.matched):
            pass(call, at: now, &seen)
            passRead(call, &seen)
        case .value(.loggedIn):
            pass(call, at: now, &seen)
        }
        return seen
    }

    private static let mostLoginsInVain = 3

    // MARK: Conversions

    /// A clear answer for each lead.
    private mutating func judge(
        _ leads: [LeadOutcome], of call: PacedCall, at now: Moment, _ seen: inout Observation
    ) {
        let failed = Set(zip(call.jobs, leads).filter { $1.isPassing }.map(\.0))
        guard failed.count == leads.count else {
            failures.passed(Set(call.jobs).subtracting(failed), beside: failed)
            concurrency.grow()
            return pass(call, at: now, &seen)
        }
        guard let reason = leads.compactMap(\.reason).first else { return }
        if let blocker = leads.commonBlocker, failures.believes(failed, at: now) {
            seen.blame = .org
            // Said of one lead it may be about that lead alone, and nothing to end for.
            if call.jobs.count == 1, blocker == .permission || blocker == .configuration {
                return fail(.refusal, reason, call, at: now, &seen)
            }
            return meet(blocker, reason, call, at: now, &seen)
        }
        suspect(reason, call, each: true, isAnswered: true, at: now, &seen)
    }

    /// The call failed with all that was in it: by the fault of one of its leads, or of the org.
    /// - Parameter reason: nil when no answer came.
    private mutating func suspect(
        _ reason: Reason, _ call: PacedCall, each: Bool, isAnswered: Bool, at now: Moment,
        _ seen: inout Observation
    ) {
        let open = breaker.openState
        let isProbe = open.map { $0.isOutage && call.startedAt.since($0.since) > 0 } ?? false
        let isOrgs = failures.failed(Set(call.jobs), each: each, isProbe: isProbe, at: now)
        if isOrgs { seen.blame = .org }
        if isOrgs || isProbe {
            fail(isOrgs ? .incident : open?.kind ?? .incident, reason, call, at: now, &seen)
        } else if isAnswered, open?.isOutage == false {
            // Salesforce let it in: neither the allowance nor the number of calls stops it.
            pass(call, at: now, &seen)
        }
    }

    /// What the answer says of the size of calls. Halves of a failed call say nothing of it: they
    /// are apart because one of their leads is odd. Nor does a probe.
    private mutating func size(
        by outcome: Reply<CallResult.Content>.Outcome, of call: PacedCall,
        after milliseconds: Int64,
        _ seen: inout Observation
    ) {
        guard !call.isHalf, !isProbe(call) else { return }
        let before = callSize.limit
        switch outcome {
        case .value: callSize.answered(leads: call.jobs.count, milliseconds: milliseconds)
        case .refused(.callTooLarge, _): callSize.failed(leads: call.jobs.count)
        // A connection that is lost at once is nobody's size.
        case .unclear where milliseconds >= AdaptiveCallSize.slowMS:
            callSize.failed(leads: call.jobs.count)
        default: return
        }
        guard callSize.limit < before else { return }
        seen.events.append(.callsMadeSmaller(to: callSize.limit, callSize.reason))
    }

    private func isProbe(_ call: PacedCall) -> Bool {
        guard let open = breaker.openState, open.kind == .incident else { return false }
        return call.startedAt.since(open.since) > 0
    }

    // MARK: Reads

    /// Reads have a circuit of their own: leads whose outcome is in doubt do not keep the others
    /// from being converted.
    private mutating func missRead(
        _ reason: Reason, _ call: PacedCall, at now: Moment, _ seen: inout Observation
    ) {
        let isProbe = reads.openState.map { call.startedAt.since($0.since) > 0 } ?? false
        // One lead that can't be read, and so is read alone, says nothing of the others.
        guard !call.isApart || isProbe else { return }
        let isOrgs = readFailures.failed(
            Set(call.jobs), each: false, isProbe: isProbe, at: now)
        if isOrgs { seen.blame = .org }
        guard isOrgs || isProbe else { return }
        let opens = reads.fail(
            .incident, reason, tier: .read, startedAt: call.startedAt, at: now)
        if opens, let open = reads.openState { seen.events.append(.opened(open)) }
    }

    private mutating func passRead(_ call: PacedCall, _ seen: inout Observation) {
        readFailures.passed(Set(call.jobs))
        guard let open = reads.pass(.read) else { return }
        readFailures.closed(afterProbes: open.failedProbes)
        seen.events.append(.closed(open))
    }

    // MARK: Failures

    /// The call was refused, and took no effect.
    private mutating func meet(
        _ blocker: Blocker, _ reason: Reason, _ call: PacedCall, at now: Moment,
        _ seen: inout Observation
    ) {
        switch blocker {
        case .adapted, .late: break
        case .session:
            // Tokens that are refused one after the other are no session that has expired.
            if loginsInVain >= Self.mostLoginsInVain {
                fail(.refusal, reason, call, at: now, &seen)
            }
        case .permission: refuse(.permission, blocker, reason, call, at: now, &seen)
        case .configuration: refuse(.configuration, blocker, reason, call, at: now, &seen)
        case .allowance: fail(.allowance, reason, call, at: now, &seen)
        case .outage where call.isApart: missRead(reason, call, at: now, &seen)
        case .outage: fail(.outage, reason, call, at: now, &seen)
        case .concurrency:
            concurrency.shrink()
            fail(.concurrency, reason, call, at: now, &seen)
        case .callTooLarge:
            miss(reason, call, isAnswered: true, at: now, &seen)
        }
    }

    /// The call came to nothing, and whose fault that is was not said.
    private mutating func miss(
        _ reason: Reason, _ call: PacedCall, isAnswered: Bool, at now: Moment,
        _ seen: inout Observation
    ) {
        switch call.tier {
        case .login: fail(.outage, reason, call, at: now, &seen)
        case .limits:
            if reason.code == "LIMITS_NOT_VISIBLE" {
                org.isWithheld(at: now)
            } else {
                org.wasLost(at: now)
            }
        case .read: missRead(reason, call, at: now, &seen)
        case .conversion: suspect(reason, call, each: false, isAnswered: isAnswered, at: now, &seen)
        }
    }

    private mutating func refuse(
        _ status: ExitStatus, _ blocker: Blocker, _ reason: Reason, _ call: PacedCall,
        at now: Moment, _ seen: inout Observation
    ) {
        if refusals.refused(reason, tier: call.tier, at: now) {
            seen.events.append(.ends(status, blocker, reason))
        } else {
            fail(.refusal, reason, call, at: now, &seen)
        }
    }

    private mutating func fail(
        _ kind: CircuitBreaker.Kind, _ reason: Reason, _ call: PacedCall, at now: Moment,
        _ seen: inout Observation
    ) {
        let opens = breaker.fail(
            kind, reason, tier: call.tier, startedAt: call.startedAt, at: now)
        guard opens, let open = breaker.openState else { return }
        seen.events.append(.opened(open))
    }

    // MARK: Success

    /// A call got through: what it proves passable is free again, unless the org's own count says
    /// that only the reserve is left.
    private mutating func pass(
        _ call: PacedCall, proving tier: CallTier? = nil, at now: Moment,
        _ seen: inout Observation
    ) {
        let tier = tier ?? call.tier
        refusals.passed(tier)
        loginsInVain = tier == .login ? loginsInVain + 1 : 0
        if tier > .login, let spent = reserveReached {
            // The limits alone can say that more is left again.
            var limits = call
            limits.tier = .limits
            return fail(.allowance, spent, limits, at: now, &seen)
        }
        guard let open = breaker.pass(tier) else { return }
        refusals.forget()
        if open.kind == .incident { failures.closed(afterProbes: open.failedProbes) }
        seen.events.append(.closed(open))
    }

    private var reserveReached: Reason? {
        let wasSpent = breaker.openState?.kind == .allowance
        guard let usage = org.usage, options.allowance.isSpent(usage, wasSpent: wasSpent)
        else { return nil }
        return Reason(
            "RESERVE_REACHED",
            "\(usage.current) of the org's \(usage.limit) requests are used; "
                + "the rest is left to others.")
    }
}

extension LeadOutcome {
    /// Refused for what may pass: by itself it says of the org nothing good. Somebody else's lock on
    /// its row is the org at work.
    fileprivate var isPassing: Bool {
        switch self {
        case .transient(let reason): !reason.isLock
        case .unlisted, .blocked: true
        case .converted, .refusedAsConverted, .permanent: false
        }
    }

    fileprivate var reason: Reason? {
        switch self {
        case .transient(let reason), .unlisted(let reason), .permanent(let reason),
            .refusedAsConverted(let reason), .blocked(_, let reason):
            reason
        case .converted: nil
        }
    }
}

extension [LeadOutcome] {
    /// What stands in the way, when each lead was refused for something that is not its fault.
    fileprivate var commonBlocker: Blocker? {
        var blocker: Blocker?
        for lead in self {
            guard case .blocked(let met, _) = lead else { return nil }
            blocker = blocker ?? met
        }
        return blocker
    }
}

extension LeadReading {
    fileprivate var isConverted: Bool {
        if case .converted = self { true } else { false }
    }
}
