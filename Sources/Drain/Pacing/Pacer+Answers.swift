import Conversion
import Storage

/// What an answer says of the way ahead for all calls.
extension Pacer {
    /// What came of an answer.
    struct Observation {
        /// Whose fault it is that the call failed, if it did.
        var blame = Blame.call
        /// Jobs whose last failure uses none of their attempts: it was the org's.
        var excused: Set<Int64> = []
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
            let proves = judge(readings, of: call, at: now, &seen)
            pass(call, proving: proves ? .conversion : .read, at: now, &seen)
            passRead(call, at: now, &seen)
        case .value(.matched):
            pass(call, at: now, &seen)
            passRead(call, at: now, &seen)
        case .value(.loggedIn):
            pass(call, at: now, &seen)
        }
        seen.excused = failures.excused.intersection(call.jobs)
        return seen
    }

    private static let mostLoginsInVain = 3

    // MARK: Reads

    /// Reads have a circuit of their own: leads whose outcome is in doubt do not keep the others
    /// from being converted.
    private mutating func missRead(
        _ reason: Reason, _ call: PacedCall, at now: Moment, _ seen: inout Observation
    ) {
        let isProbe = reads.openState.map { call.startedAt.since($0.since) > 0 } ?? false
        // One lead that can't be read, and so is read alone, says nothing of the others.
        guard !call.isApart || isProbe else { return }
        failures.readFailed()
        let isOrgs = readFailures.failed(
            call.failed(with: reason), each: false, isProbe: isProbe, at: now)
        if isOrgs { seen.blame = .org }
        guard isOrgs || isProbe else { return }
        let opens = reads.fail(
            .incident, reason, tier: .read, startedAt: call.startedAt, at: now)
        if opens, let open = reads.openState { seen.events.append(.opened(open)) }
    }

    private mutating func passRead(
        _ call: PacedCall, at now: Moment, _ seen: inout Observation
    ) {
        failures.readPassed()
        readFailures.passed(Set(call.jobs), at: now)
        guard let open = reads.pass(.read) else { return }
        readFailures.closed(afterProbes: open.failedProbes)
        seen.events.append(.closed(open))
    }

    // MARK: Failures

    /// The call was refused, and took no effect.
    mutating func meet(
        _ blocker: Blocker, _ reason: Reason, _ call: PacedCall, at now: Moment,
        _ seen: inout Observation
    ) {
        switch blocker {
        case .adapted, .late: break
        // The limits alone may be hidden, or behind a page: what else is refused shows by itself.
        case .permission where call.tier == .limits, .configuration where call.tier == .limits:
            if reason.mayPass { org.wasLost(at: now) } else { org.isWithheld(at: now) }
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
        case .conversion:
            guard !isLeftToReading(reason, call) else { return }
            suspect(
                reason, call, call.failed(with: isAnswered ? reason : .noAnswer), each: false,
                isAnswered: isAnswered, at: now, &seen)
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

    mutating func fail(
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
    mutating func pass(
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
