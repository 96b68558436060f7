import Conversion

/// What the answers to calls that follow conversions say of the way ahead.
///
/// They have a circuit of their own: where an org's own rules fail all updates, leads are still
/// converted, and where leads can't be converted, what follows those that were is still done.
extension Pacer {
    /// A clear answer for each record.
    mutating func observeFollowUps(
        _ records: [RecordOutcome], of call: PacedCall, at now: Moment,
        _ observation: inout Observation
    ) {
        let failed = call.codes(records, where: \.isPassing, \.reason)
        let others = Set(call.jobs).subtracting(failed.keys)
        if records.contains(where: \.isDone) {
            return observeWrittenFollowUps(others, beside: failed, of: call, at: now, &observation)
        }
        if let reason = records.first(where: \.isThrown)?.reason {
            let thrown = call.codes(records, where: \.isThrown, \.reason)
            failingFollowUps = call.followUpKind
            followUps.failures.refused(others.subtracting(thrown.keys))
            if followUps.failures.threw(thrown, at: now) {
                observation.blame = .org
                return followUps.open(.incident, reason, call, at: now, &observation)
            }
            if failed.isEmpty { return closeFollowUps(call, isProof: false, at: now, &observation) }
        }
        if failed.isEmpty, let reason = records.first(where: \.isLocked)?.reason {
            return observeLockedFollowUps(records, reason, of: call, at: now, &observation)
        }
        // A record that is refused for good shows nothing of the others.
        followUps.failures.refused(others)
        let refusals = records.filter(\.isPassing)
        guard let reason = refusals.compactMap(\.reason).first else {
            concurrency.grow()
            return closeFollowUps(call, isProof: false, at: now, &observation)
        }
        if let blocker = refusals.commonBlocker,
            followUps.failures.isOrgWide(
                failed, for: blocker.isOfTheOrg ? .hours : .halfAnHour, at: now)
        {
            observation.blame = .org
            failingFollowUps = call.followUpKind
            // Said of some records it may be about those alone, and nothing to end for.
            switch blocker {
            case .permission, .configuration, .outage:
                return followUps.open(.incident, reason, call, at: now, &observation)
            default: return observeRefusal(blocker, reason, call, at: now, &observation)
            }
        }
        if followUps.fail(reason, call, each: true, at: now, &observation) {
            failingFollowUps = call.followUpKind
        }
    }

    /// Somebody else's lock is the org at work, unless one record after the other meets one.
    private mutating func observeLockedFollowUps(
        _ records: [RecordOutcome], _ reason: Reason, of call: PacedCall, at now: Moment,
        _ observation: inout Observation
    ) {
        let locked = call.codes(records, where: \.isLocked, \.reason)
        failingFollowUps = call.followUpKind
        guard followUps.failures.locked(locked, at: now) else {
            concurrency.grow()
            return closeFollowUps(call, at: now, &observation)
        }
        observation.blame = .org
        followUps.open(.incident, reason, call, at: now, &observation)
    }

    /// Some were written. That notes are says nothing of accounts that are locked, or whose trigger throws;
    /// but as a probe it is sent only where nothing of that kind is due.
    private mutating func observeWrittenFollowUps(
        _ others: Set<Int64>, beside failed: FailureRun.Failed, of call: PacedCall, at now: Moment,
        _ observation: inout Observation
    ) {
        concurrency.grow()
        let isOfAnotherKind = failingFollowUps.map { $0 != call.followUpKind } ?? false
        if isOfAnotherKind, followUps.openState != nil, !followUps.isProbe(call) {
            return closeCircuit(call, at: now, &observation)
        }
        if !isOfAnotherKind { failingFollowUps = nil }
        followUps.failures.passed(
            others, beside: failed, endingRuns: !isOfAnotherKind, at: now)
        closeFollowUps(call, at: now, &observation)
    }

    private mutating func closeFollowUps(
        _ call: PacedCall, isProof: Bool = true, at now: Moment, _ observation: inout Observation
    ) {
        followUps.close(call.tier, isProof: isProof, &observation)
        closeCircuit(call, at: now, &observation)
    }

    /// The call was turned away as a whole: it may be for what stands in one of its records, which an
    /// edge reads, too; and what turns away records may let conversions pass.
    mutating func observeRefusedFollowUps(
        _ reason: Reason, _ call: PacedCall, at now: Moment, _ observation: inout Observation
    ) {
        // Of one alone it is believed until others have passed.
        if call.jobs.count == 1,
            followUps.failures.isOrgWide(
                call.failed(with: reason),
                for: reason.mayPass ? .untilOthersAreTried : .halfAnHour, at: now)
        {
            observation.blame = .org
            return followUps.open(.incident, reason, call, at: now, &observation)
        }
        followUps.fail(reason, call, each: false, at: now, &observation)
    }

    /// The call was never sent, or Salesforce said that it is down: no record is at fault, and what
    /// takes no records may still convert leads.
    mutating func observeFollowUpOutage(
        _ reason: Reason, _ call: PacedCall, at now: Moment, _ observation: inout Observation
    ) {
        observation.blame = .org
        let alone = call.jobs.count == 1 ? call.failed(with: reason) : [:]
        followUps.failures.turnedAway(alone, at: now)
        followUps.open(.incident, reason, call, at: now, &observation)
    }
}

extension RecordOutcome {
    /// Refused for what may pass. Somebody else's lock is the org at work.
    fileprivate var isPassing: Bool {
        switch self {
        case .transient(let reason): !reason.isLock
        case .blocked: true
        case .done, .permanent, .limited: false
        }
    }

    fileprivate var isDone: Bool { if case .done = self { true } else { false } }

    fileprivate var isLocked: Bool {
        if case .transient(let reason) = self { reason.isLock } else { false }
    }

    /// Refused because code of the org's own failed, which may be for all records.
    fileprivate var isThrown: Bool {
        if case .permanent(let reason) = self { reason.isThrown } else { false }
    }

    fileprivate var reason: Reason? {
        switch self {
        case .done: nil
        case .transient(let reason), .permanent(let reason), .limited(let reason),
            .blocked(_, let reason):
            reason
        }
    }
}

extension [RecordOutcome] {
    /// What stands in the way, when each record was refused for something that is not its fault.
    fileprivate var commonBlocker: Blocker? {
        let blockers = compactMap {
            if case .blocked(let blocker, _) = $0 { blocker } else { nil as Blocker? }
        }
        return blockers.count == count ? blockers.first : nil
    }
}
