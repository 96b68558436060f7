import Conversion

/// What the answer to a conversion says of whose fault it is, and later the reading of its leads.
extension Pacer {
    /// A clear answer for each lead.
    mutating func observeOutcomes(
        _ leads: [LeadOutcome], of call: PacedCall, at now: Moment, _ observation: inout Observation
    ) {
        let failed = call.failed(leads)
        let others = Set(call.jobs).subtracting(failed.keys)
        if leads.contains(where: \.provesPassable) {
            circuit.failures.passed(others, beside: failed, at: now)
            concurrency.grow()
            return closeCircuit(call, at: now, &observation)
        }
        if let reason = leads.first(where: \.isThrown)?.reason {
            if isOrgs(thrown: leads, failed, of: call, at: now) {
                observation.blame = .org
                return circuit.open(.incident, reason, call, at: now, &observation)
            }
            if failed.isEmpty {
                return closeCircuit(call, isProof: false, at: now, &observation)
            }
        }
        if failed.isEmpty, leads.contains(where: \.isLocked) {
            return observeLocks(leads, of: call, at: now, &observation)
        }
        // A lead that is refused for good shows neither that others would pass nor that they would
        // not: an org in trouble still tells a lead what it lacks.
        circuit.failures.refused(others)
        let refusals = leads.filter(\.isPassing)
        guard let reason = refusals.compactMap(\.reason).first else {
            concurrency.grow()
            return closeCircuit(call, isProof: false, at: now, &observation)
        }
        if let (blocker, reason) = blocker(in: leads, of: call),
            circuit.failures.isOrgWide(
                failed, for: blocker.isOfTheOrg ? .hours : .halfAnHour, at: now)
        {
            observation.blame = .org
            // Said of one lead it may be about that lead alone, and nothing to end for.
            if failed.count == 1, blocker == .permission || blocker == .configuration {
                return circuit.open(.refusal, reason, call, at: now, &observation)
            }
            return observeRefusal(blocker, reason, call, at: now, &observation)
        }
        // After a restore each of them may be refused as converted already, by a code that nobody
        // knows: what it means is known when they are read.
        let known = failed.filter { !leads.unlistedCodes.contains($0.value) }
        guard !known.isEmpty || circuit.isOutage else {
            return closeCircuit(call, proving: .read, at: now, &observation)
        }
        observeFailedCall(
            reason, call, known.isEmpty ? failed : known, each: true, isAnswered: true, at: now,
            &observation)
    }

    /// The blocker that the answer names: each lead that may pass later was refused for it, or one of them
    /// for something that Salesforce says of itself. It does not count where that lead is told so while
    /// others pass.
    private func blocker(
        in leads: [LeadOutcome], of call: PacedCall
    ) -> (Blocker, Reason)? {
        let refused = zip(call.jobs, leads).filter(\.1.isPassing)
        let blocked = refused.compactMap { job, lead -> (job: Int64, Blocker, Reason)? in
            if case .blocked(let blocker, let reason) = lead { (job, blocker, reason) } else { nil }
        }
        let said =
            blocked.count == refused.count
            ? blocked.first
            : blocked.first { job, blocker, reason in
                blocker.isOfTheOrg && !circuit.failures.isKnownFailing([job: reason.code])
            }
        return said.map { ($0.1, $0.2) }
    }

    /// A lock on a lead's row by somebody else is normal load, unless one lead after the other meets one.
    private mutating func observeLocks(
        _ leads: [LeadOutcome], of call: PacedCall, at now: Moment, _ observation: inout Observation
    ) {
        let locked = call.codes(leads, where: \.isLocked, \.reason)
        guard let reason = leads.first(where: \.isLocked)?.reason,
            circuit.failures.locked(locked, at: now)
        else { return closeCircuit(call, at: now, &observation) }
        observation.blame = .org
        circuit.open(.incident, reason, call, at: now, &observation)
    }

    /// A trigger that throws for one lead is that lead's fault, unless it throws for one lead after the
    /// other and none is converted.
    private mutating func isOrgs(
        thrown leads: [LeadOutcome], _ failed: FailureRun.Failed, of call: PacedCall,
        at now: Moment
    ) -> Bool {
        let thrown = call.codes(leads, where: \.isThrown, \.reason)
        circuit.failures.refused(Set(call.jobs).subtracting(thrown.keys).subtracting(failed.keys))
        return circuit.failures.threw(thrown, at: now)
    }

    /// What was read of leads in doubt.
    /// - Returns: What it shows to get through, and whether that is a proof.
    mutating func observeReadings(
        _ readings: [LeadReading], of call: PacedCall, at now: Moment,
        _ observation: inout Observation
    ) -> (tier: CallTier, isProof: Bool) {
        let isIncident = circuit.openState?.kind == .incident
        let read = zip(zip(call.jobs, call.doubts), readings)
        // Its answer got lost, and the work was done while others failed.
        let done = zip(read, call.sentAt).filter { read, sentAt in
            read.0.1 == .noAnswer && read.1.isConverted
                && circuit.failures.tellsOfNow(callAt: sentAt)
        }.map(\.0.0.0)
        var refused: FailureRun.Failed = [:]
        for case ((let job, .refused(let code)), let reading) in read
        where reading == .notConverted || reading == .ownedByQueue {
            refused[job] = code
        }
        guard done.isEmpty else {
            circuit.failures.passed(Set(done), beside: refused, at: now)
            return (isIncident ? .conversion : .read, true)
        }
        // What an unknown code was said of is converted: since when is not known, but the code says just
        // that, and no fault.
        if refused.isEmpty, isIncident, read.contains(where: { $0.1.isRefused && $1.isConverted }) {
            return (.conversion, false)
        }
        guard let code = refused.values.first,
            circuit.failures.failed(refused, each: true, isProbe: false, at: now),
            circuit.openState == nil
        else { return (.read, true) }
        var conversion = call
        conversion.tier = .conversion
        circuit.open(.incident, Reason(code, ""), conversion, at: now, &observation)
        return (.read, true)
    }

    /// Whether a refusal by a code that nobody knows may say that the one lead is converted already.
    func isLeftToReading(_ reason: Reason, _ call: PacedCall) -> Bool {
        !reason.isListed && call.jobs.count == 1 && !circuit.isOutage
    }

    /// The call failed with all that was in it: by the fault of one of its leads, or of the org.
    /// - Parameter isAnswered: Whether Salesforce took the call in; false when no answer came.
    mutating func observeFailedCall(
        _ reason: Reason, _ call: PacedCall, _ failed: FailureRun.Failed, each: Bool,
        isAnswered: Bool, at now: Moment, _ observation: inout Observation
    ) {
        let keepsOthersBack = circuit.fail(
            reason, call, failed, each: each, at: now, &observation)
        if !keepsOthersBack, isAnswered, circuit.openState?.isOutage == false {
            // Salesforce accepted it: neither the allowance nor the number of calls stops it.
            closeCircuit(call, at: now, &observation)
        }
    }

    /// What the answer says of the size of calls. Halves of a failed call say nothing of it: they
    /// are apart because one of their leads fails. Nor does a probe.
    mutating func adaptSizes(
        by outcome: Reply<CallResult.Content>.Outcome, of call: PacedCall,
        after milliseconds: Int64,
        _ observation: inout Observation
    ) {
        guard !call.isHalf else { return }
        switch call.tier {
        case .conversion where !circuit.isProbe(call):
            let before = callSize.limit
            if outcome.isLimited {
                callSize.failed(leads: call.jobs.count)
            } else {
                callSize.adapt(to: outcome, leads: call.jobs.count, milliseconds: milliseconds)
            }
            guard callSize.limit < before else { return }
            observation.events.append(.callsMadeSmaller(to: callSize.limit, callSize.reason))
        case .followUp where followUps.openState == nil:
            if outcome.isLimited {
                followUpSize.failed(leads: call.jobs.count)
            } else {
                followUpSize.adapt(
                    to: outcome, leads: call.jobs.count, milliseconds: milliseconds)
            }
        default: break
        }
    }
}

extension LeadOutcome {
    /// Whether it shows that conversions get through. That one is refused because it is converted already
    /// does not: it was converted before, and an org in trouble still says so.
    fileprivate var provesPassable: Bool {
        switch self {
        case .converted: true
        case .refusedAsConverted, .transient, .unlisted, .blocked, .permanent, .limited, .duplicate:
            false
        }
    }

    /// Refused for what may pass: by itself it does not show that the org works. A lock on its row by
    /// somebody else is normal load.
    fileprivate var isPassing: Bool {
        switch self {
        case .transient(let reason): !reason.isLock
        case .unlisted, .blocked: true
        case .converted, .refusedAsConverted, .permanent, .limited, .duplicate: false
        }
    }

    fileprivate var isLocked: Bool {
        if case .transient(let reason) = self { reason.isLock } else { false }
    }

    /// Refused because code of the org's own failed, which may be for all leads.
    fileprivate var isThrown: Bool {
        if case .permanent(let reason) = self { reason.isThrown } else { false }
    }
}

extension LeadOutcome {
    /// Whether fewer leads in its call might have let it pass.
    var isLimited: Bool { if case .limited = self { true } else { false } }
}

extension RecordOutcome {
    /// Whether fewer records in its call might have let it pass.
    var isLimited: Bool { if case .limited = self { true } else { false } }
}

extension Reply<CallResult.Content>.Outcome {
    /// Whether some of the call ran into a limit that they share.
    fileprivate var isLimited: Bool {
        switch self {
        case .value(.converted(let leads)): leads.contains(where: \.isLimited)
        case .value(.followedUp(let records)): records.contains(where: \.isLimited)
        default: false
        }
    }
}

extension [LeadOutcome] {
    fileprivate var unlistedCodes: Set<String> {
        Set(compactMap { if case .unlisted(let reason) = $0 { reason.code } else { nil } })
    }
}

extension LeadReading {
    fileprivate var isConverted: Bool {
        if case .converted = self { true } else { false }
    }
}

extension PacedCall {
    /// All of its leads, for one reason.
    func failed(with reason: Reason) -> FailureRun.Failed {
        FailureRun.Failed(jobs.map { ($0, reason.code) }) { $1 }
    }

    /// Those of its leads that were refused for what may pass.
    fileprivate func failed(_ leads: [LeadOutcome]) -> FailureRun.Failed {
        codes(leads, where: \.isPassing, \.reason)
    }

    /// Some of its leads, or records, with the codes that they were refused with.
    func codes<Answer>(
        _ answers: [Answer], where isWanted: (Answer) -> Bool, _ reason: (Answer) -> Reason?
    ) -> FailureRun.Failed {
        var codes: FailureRun.Failed = [:]
        for (job, answer) in zip(jobs, answers) where isWanted(answer) {
            codes[job] = reason(answer)?.code
        }
        return codes
    }
}

extension PacedCall.Doubt {
    fileprivate var isRefused: Bool { if case .refused = self { true } else { false } }
}

extension Reason {
    /// What stands for all the ways in which an answer gets lost.
    static let noAnswer = Reason(ours: "NO_ANSWER", "No answer came that says what was done.")

    /// Whether a trigger of the org threw. Source: SOAP API Developer Guide, "StatusCode".
    var isThrown: Bool { code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" }
}
