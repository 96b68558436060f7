import Conversion

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
        var observation = Observation()
        adaptSizes(by: reply.outcome, of: call, after: milliseconds, &observation)
        switch reply.outcome {
        case .value(.converted(let leads)):
            observeOutcomes(leads, of: call, at: now, &observation)
        case .refused(let blocker, let reason) where blocker.mayBeOfContent(reason, in: call.tier):
            observeRefusedContent(blocker, reason, call, at: now, &observation)
        case .refused(let blocker, let reason)
        where call.tier == .read && (blocker == .permission || blocker == .configuration):
            observeRefusedRead(blocker, reason, call, at: now, &observation)
        case .refused(.outage, let reason) where call.tier == .read:
            observeReadOutage(reason, call, at: now, &observation)
        case .refused(.outage, let reason) where call.tier == .followUp:
            observeFollowUpOutage(reason, call, at: now, &observation)
        case .refused(let blocker, let reason):
            observeRefusal(blocker, reason, call, at: now, &observation)
        case .unclear(let reason):
            observeUnclear(reason, call, isAnswered: false, at: now, &observation)
        case .value(.limitsRead):
            // Read, and still not known: they are not available this way.
            if reply.usage == nil { org.isWithheld(at: now) } else { org.wasRead() }
            closeCircuit(call, at: now, &observation)
        case .value(.verified(let readings)):
            let shown = observeReadings(readings, of: call, at: now, &observation)
            closeCircuit(
                call, proving: shown.tier, isProof: shown.isProof, at: now, &observation)
            observePassedRead(call, at: now, &observation)
        case .value(.followedUp(let records)):
            observeFollowUps(records, of: call, at: now, &observation)
        case .value(.searched):
            closeCircuit(call, at: now, &observation)
            observePassedRead(call, at: now, &observation)
        case .value(.followUpsRead):
            closeCircuit(call, at: now, &observation)
            // That notes are found says nothing of leads, contacts and accounts that can't be read.
            guard reads.failures.failedJobs.keys.allSatisfy({ $0 < 0 }) else { break }
            observePassedRead(call, at: now, &observation)
        case .value(.loggedIn):
            closeCircuit(call, at: now, &observation)
        }
        observation.excused = circuit.failures.excused.intersection(call.jobs)
        return observation
    }

    private static let mostLogins = 3

    // MARK: Reads

    /// Reads have a circuit of their own: leads whose outcome is in doubt do not keep the others
    /// from being converted.
    private mutating func observeFailedRead(
        _ reason: Reason, _ call: PacedCall, at now: Moment, _ observation: inout Observation
    ) {
        // One lead that can't be read, and so is read alone, says nothing of the others.
        guard !call.isApart || reads.isProbe(call) else { return }
        circuit.failures.readFailed()
        reads.fail(reason, call, each: false, at: now, &observation)
    }

    /// Reads may be turned away alone: conversions show by themselves whether all of Salesforce is down.
    private mutating func observeReadOutage(
        _ reason: Reason, _ call: PacedCall, at now: Moment, _ observation: inout Observation
    ) {
        guard !call.isApart else { return observeFailedRead(reason, call, at: now, &observation) }
        observation.blame = .org
        circuit.failures.readFailed()
        reads.open(.incident, reason, call, at: now, &observation)
    }

    /// Conversions show by themselves whether they are refused, too. A final refusal concerns one kind of
    /// reading, which is then paused; a page of an edge may be about one lead, or about all.
    private mutating func observeRefusedRead(
        _ blocker: Blocker, _ reason: Reason, _ call: PacedCall, at now: Moment,
        _ observation: inout Observation
    ) {
        guard blocker.isSettled(reason) else {
            return observeFailedRead(reason, call, at: now, &observation)
        }
        observation.blame = .org
    }

    private mutating func observePassedRead(
        _ call: PacedCall, at now: Moment, _ observation: inout Observation
    ) {
        circuit.failures.readPassed()
        reads.failures.passed(Set(call.jobs), at: now)
        reads.close(call.tier, &observation)
    }

    // MARK: Failures

    /// The call was refused, and took no effect.
    mutating func observeRefusal(
        _ blocker: Blocker, _ reason: Reason, _ call: PacedCall, at now: Moment,
        _ observation: inout Observation
    ) {
        switch blocker {
        case .adapted, .late: break
        // The limits alone may be hidden, or behind a page: what else is refused shows by itself.
        case .permission where call.tier == .limits, .configuration where call.tier == .limits:
            if reason.mayPass { org.wasLost(at: now) } else { org.isWithheld(at: now) }
        case .session:
            // Tokens that are refused one after the other are no session that has expired.
            if loginsSinceLastAnswer >= Self.mostLogins {
                circuit.open(.refusal, reason, call, at: now, &observation)
            }
        case .permission:
            observePermissionRefusal(.permission, blocker, reason, call, at: now, &observation)
        case .configuration:
            observePermissionRefusal(.configuration, blocker, reason, call, at: now, &observation)
        case .allowance: circuit.open(.allowance, reason, call, at: now, &observation)
        // What reads the limits may be down alone: conversions show whether it is all of Salesforce.
        case .outage where call.tier == .limits: org.wasLost(at: now)
        case .outage: circuit.open(.outage, reason, call, at: now, &observation)
        case .concurrency:
            concurrency.shrink()
            circuit.open(.concurrency, reason, call, at: now, &observation)
        case .callTooLarge:
            observeUnclear(reason, call, isAnswered: true, at: now, &observation)
        }
    }

    /// The call came to nothing, and whose fault that is was not said.
    private mutating func observeUnclear(
        _ reason: Reason, _ call: PacedCall, isAnswered: Bool, at now: Moment,
        _ observation: inout Observation
    ) {
        switch call.tier {
        case .login: circuit.open(.outage, reason, call, at: now, &observation)
        case .limits:
            if reason.code == "LIMITS_NOT_VISIBLE" {
                org.isWithheld(at: now)
            } else {
                org.wasLost(at: now)
            }
        case .read: observeFailedRead(reason, call, at: now, &observation)
        case .followUp:
            followUps.fail(reason, call, each: false, at: now, &observation)
        case .conversion:
            guard !isAnswered || !isLeftToReading(reason, call) else { return }
            observeFailedCall(
                reason, call, call.failed(with: isAnswered ? reason : .noAnswer), each: false,
                isAnswered: isAnswered, at: now, &observation)
        }
    }

    /// The call was turned away, and what stands in it may be why.
    private mutating func observeRefusedContent(
        _ blocker: Blocker, _ reason: Reason, _ call: PacedCall, at now: Moment,
        _ observation: inout Observation
    ) {
        guard call.tier == .conversion else {
            return observeRefusedFollowUps(reason, call, at: now, &observation)
        }
        let isProbe = circuit.isProbe(call)
        guard isOrgs(reason, call, isProbe: isProbe, at: now) else {
            // A probe whose lead uses an attempt has failed all the same.
            if isProbe { circuit.open(.incident, reason, call, at: now, &observation) }
            return
        }
        observation.blame = .org
        // Where calls got through lately, a first probe may tell at once whose fault it is.
        guard circuit.failures.hasPassedLately(at: now) else {
            return observeRefusal(blocker, reason, call, at: now, &observation)
        }
        circuit.open(.incident, reason, call, at: now, &observation)
    }

    /// The refusal of one lead counts as the org's until others have passed; a call of more goes on in
    /// halves, unless another call without a lead in common was refused as well.
    private mutating func isOrgs(
        _ reason: Reason, _ call: PacedCall, isProbe: Bool, at now: Moment
    ) -> Bool {
        let failed = call.failed(with: reason)
        let othersPassed =
            call.isHalf && circuit.failures.hasPassedLately(at: now)
            && call.jobs.allSatisfy { circuit.failures.failedJobs[$0] == nil }
        if call.jobs.count == 1, !othersPassed, circuit.failures.isOrgWide(failed, at: now) {
            return true
        }
        return circuit.failures.failed(failed, each: false, isProbe: isProbe, at: now)
    }

    private mutating func observePermissionRefusal(
        _ status: ExitStatus, _ blocker: Blocker, _ reason: Reason, _ call: PacedCall,
        at now: Moment, _ observation: inout Observation
    ) {
        if refusals.refused(reason, tier: call.tier, at: now) {
            observation.events.append(.ends(status, blocker, reason))
        } else {
            circuit.open(.refusal, reason, call, at: now, &observation)
        }
    }

    // MARK: Success

    /// A call got through: what it proves passable is free again, unless the org's own count says
    /// that only the reserve is left.
    /// - Parameter isProof: Whether it shows that there was no incident, or that it is over.
    mutating func closeCircuit(
        _ call: PacedCall, proving tier: CallTier? = nil, isProof: Bool = true, at now: Moment,
        _ observation: inout Observation
    ) {
        let tier = tier ?? call.tier
        refusals.passed(tier)
        loginsSinceLastAnswer = tier == .login ? loginsSinceLastAnswer + 1 : 0
        if tier > .login, let spent = reserveReached {
            // The limits alone can say that more is left again.
            var limits = call
            limits.tier = .limits
            return circuit.open(.allowance, spent, limits, at: now, &observation)
        }
        let wasOutage = circuit.openState?.kind == .outage
        guard circuit.close(tier, isProof: isProof, &observation) else { return }
        refusals.forget()
        guard wasOutage else { return }
        // What turned these away, too, may be over with it.
        reads.breaker.probeNow(at: now)
        followUps.breaker.probeNow(at: now)
    }

    private var reserveReached: Reason? {
        let wasSpent = circuit.openState?.kind == .allowance
        guard let usage = org.usage, options.allowance.isSpent(usage, wasSpent: wasSpent)
        else { return nil }
        return Reason(
            "RESERVE_REACHED",
            "\(usage.current) of the org's \(usage.limit) requests are used; "
                + "the rest is left to others.")
    }
}

extension Blocker {
    /// Whether a call may have been turned away as a whole for what stands in one of its leads or
    /// records: what turned it away is, or may be, an edge that reads them.
    func mayBeOfContent(_ reason: Reason, in tier: CallTier) -> Bool {
        switch (tier, self) {
        case (.conversion, .permission), (.conversion, .configuration): reason.mayPass
        case (.followUp, .permission), (.followUp, .configuration): true
        // Not what never left, nor what Salesforce says of itself.
        case (.followUp, .outage): reason.mayPass
        default: false
        }
    }

    /// Whether nothing will pass until somebody acts.
    func isSettled(_ reason: Reason) -> Bool {
        (self == .permission || self == .configuration) && !reason.mayPass
    }

    /// Whether it is about the org's own state, whatever lead it is said of: down, or at a limit.
    var isOfTheOrg: Bool {
        switch self {
        case .outage, .allowance, .concurrency: true
        case .session, .permission, .configuration, .callTooLarge, .adapted, .late: false
        }
    }
}
