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
        var failed: FailureRun.Failed = [:]
        for (id, record) in zip(call.jobs, records) where record.isPassing {
            failed[id] = record.reason?.code
        }
        let others = Set(call.jobs).subtracting(failed.keys)
        let isProof = records.contains { $0.isDone || failed.isEmpty && $0.isLocked }
        if isProof {
            followUps.failures.passed(others, beside: failed, at: now)
        } else {
            // A record that is refused for good shows nothing of the others.
            followUps.failures.refused(others)
        }
        let refusals = records.filter(\.isPassing)
        guard !isProof, let reason = refusals.compactMap(\.reason).first else {
            concurrency.grow()
            followUps.close(call.tier, isProof: isProof, &observation)
            return closeCircuit(call, at: now, &observation)
        }
        if let blocker = refusals.commonBlocker,
            followUps.failures.isOrgWide(
                failed, for: blocker.isOfTheOrg ? .hours : .halfAnHour, at: now)
        {
            observation.blame = .org
            // Said of some records it may be about those alone, and nothing to end for.
            switch blocker {
            case .permission, .configuration, .outage:
                return followUps.open(.incident, reason, call, at: now, &observation)
            default: return observeRefusal(blocker, reason, call, at: now, &observation)
            }
        }
        followUps.fail(reason, call, each: true, at: now, &observation)
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

    /// The call never left, or Salesforce said that it is out of order: no record is at fault, and what
    /// takes no records may still convert leads.
    mutating func observeFollowUpOutage(
        _ reason: Reason, _ call: PacedCall, at now: Moment, _ observation: inout Observation
    ) {
        observation.blame = .org
        if call.jobs.count == 1 {
            followUps.failures.turnedAway(call.failed(with: reason), at: now)
        }
        followUps.open(.incident, reason, call, at: now, &observation)
    }

}

extension RecordOutcome {
    /// Refused for what may pass. Somebody else's lock is the org at work.
    fileprivate var isPassing: Bool {
        switch self {
        case .transient(let reason): !reason.isLock
        case .blocked: true
        case .done, .permanent: false
        }
    }

    fileprivate var isDone: Bool { if case .done = self { true } else { false } }

    fileprivate var isLocked: Bool {
        if case .transient(let reason) = self { reason.isLock } else { false }
    }

    fileprivate var reason: Reason? {
        switch self {
        case .done: nil
        case .transient(let reason), .permanent(let reason), .blocked(_, let reason): reason
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
