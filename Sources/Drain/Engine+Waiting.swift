import Conversion
import Logging
import Storage

/// When nothing can leave: why, until when, and what people who look from outside are told.
extension Engine {
    private static let tellAgainMS: Int64 = 3_600_000

    /// Why it is time to end, if Salesforce could not be reached for as long as the operator waits.
    mutating func giveUp(at now: Moment) -> OperatorError? {
        guard let open = pacer.givesUp(at: now) else { return nil }
        let lasted = now.since(open.since) / 1000
        let error = OperatorError(
            .unavailable,
            open.kind == .incident
                ? "Salesforce has converted nothing for \(lasted) s (\(open.reason.code))."
                : "Salesforce could not be reached for \(lasted) s (\(open.reason.code)).",
            remedy: (open.reason.remedy.map { $0 + " " } ?? "")
                + "All jobs are still in the queue; start again once it can.")
        fault = error
        return error
    }

    /// Why it is time to end when the queue was to be emptied, and all that is left are leads, notes and
    /// tasks in doubt about which no answer has come for as long as the operator waits, or half an hour.
    mutating func endWithoutAnswers(at now: Moment) throws -> OperatorError? {
        guard options.untilEmpty, inFlight.isEmpty else { return nil }
        let silent = silentDoubts()
        guard silent.most > 0, let left = try queue.claims.allThatIsLeft(most: silent.most),
            silent.jobs.isSuperset(of: left.jobs), silent.followUps.isSuperset(of: left.followUps),
            !left.jobs.isEmpty || !left.followUps.isEmpty
        else { return nil }
        let what = [
            left.jobs.isEmpty ? nil : counted(left.jobs.count, "lead"),
            left.followUps.isEmpty ? nil : counted(left.followUps.count, "note or task"),
        ]
        let error = OperatorError(
            .tryLater,
            "Salesforce gives no answer about \(what.compactMap(\.self).joined(separator: " and ")) "
                + "in doubt, and nothing else is left to do.",
            remedy:
                "They stay in doubt: see leadconvert jobs --state verifying (or finishing), and "
                + "start again later to ask again.")
        fault = error
        return error
    }

    /// Leads, and follow-ups, about which no answer has come for as long as the operator waits.
    private func silentDoubts() -> (jobs: Set<Int64>, followUps: Set<Int64>, most: Int) {
        let limit = options.giveUpAfterMS ?? ReadFailures.ownFaultAfterMS
        let jobs = Set(readFailures[.verification].haveFailed(forMS: limit))
        let followUps = Set(readFailures[.followUpVerification].haveFailed(forMS: limit))
        return (jobs, followUps, max(jobs.count, followUps.count))
    }

    /// When the next kind of reading that Salesforce refuses is tried again, if it is before that time.
    func pauseEndsBefore(_ time: Moment?, at now: Moment) -> Moment? {
        let ends = ReadKind.allCases.map {
            readFailures[$0].pauseEnd(isProbing: isProbingReads, at: now)
        }
        return ([time] + ends).earliest
    }

    /// Why it is time to end when the queue was to be emptied, and all that is left waits for readings
    /// that Salesforce refuses until somebody acts, some of it perhaps for those that get no answer at all.
    mutating func endWithReadingsRefused(at now: Moment) throws -> OperatorError? {
        guard options.untilEmpty, inFlight.isEmpty else { return nil }
        let refusals = ReadKind.allCases.map { kind in
            readFailures[kind].refusal.flatMap { $0.isLatest ? $0 : nil }
        }
        let silent = silentDoubts()
        guard refusals.contains(where: { $0 != nil }),
            let left = try queue.claims.readsLeft(most: silent.most)
        else { return nil }
        let areSilent = [
            silent.jobs.isSuperset(of: left.doubts.jobs), false, false,
            silent.followUps.isSuperset(of: left.doubts.followUps),
        ]
        let isWaitedFor = zip(left.kinds, areSilent).map { $0 && !$1 }
        let waiting = zip(isWaitedFor, refusals).filter(\.0).map(\.1)
        guard let refusal = waiting.compactMap(\.self).first, !waiting.contains(nil) else {
            return nil
        }
        let error = OperatorError(
            refusal.blocker == .permission ? .permission : .configuration,
            "\(refusal.blocker.sentence) (\(refusal.reason.code)) All that is left waits for that.",
            remedy: refusal.reason.remedy)
        fault = error
        return error
    }

    mutating func waitOrEnd(_ reason: WaitReason, as exitReason: ExitReason) throws -> Step {
        waits.blocked = nil
        // The command of a finished batch may enqueue the next one.
        if options.untilEmpty, inFlight.isEmpty, try !queue.commands.hasCommands() {
            try recordWait(nil, until: nil)
            return .end(exitReason)
        }
        return try wait(reason, until: nil)
    }

    mutating func wait(_ reason: WaitReason, until: Moment?) throws -> Step {
        try recordWait(reason, until: until)
        logger.trace(
            "waiting",
            metadata: [
                "reason": "\(reason.rawValue)", "until": "\(until?.wall.description ?? "")",
            ])
        return .wait(Wait(reason: reason, until: isHolding ? clock.last : until))
    }

    /// Writes what the queue waits for where `status` reads it: the lasting reasons only, because a
    /// slot comes and goes many times a second, and so does a token where more than one comes in
    /// each second.
    mutating func recordWait(_ reason: WaitReason?, until: Moment?) throws {
        let lasting: (reason: WaitReason?, until: Timestamp?) =
            switch reason {
            case .allowance, .outage, .paused, .time, .account, .hours: (reason, until?.wall)
            case .token where pacer.bucket.rate < 1: (reason, until?.wall)
            case .token, .slot, .work, nil: (nil, nil)
            }
        guard lasting != waits.written else { return }
        try queue.settlements.record(waitingFor: lasting.reason, until: lasting.until)
        logLongWait(of: lasting.reason, until: until)
        waits.written = lasting
    }

    /// Long waits that are not refusals are logged, too. Where our share of the day is spent, a call
    /// leaves now and then, as those of the day before grow old: that is logged once an hour at most.
    private mutating func logLongWait(of reason: WaitReason?, until: Moment?) {
        guard reason == .hours || reason == .allowance && pacer.circuit.openState == nil,
            reason != waits.written.reason, let reason, let until
        else { return }
        let now = clock.last
        if let last = waits.loggedAt[reason], now.since(last) < Self.tellAgainMS { return }
        waits.loggedAt[reason] = now
        logger.notice(
            reason == .hours
                ? "no calls outside the run hours" : "our share of the day's calls is used up",
            metadata: ["until": "\(until.wall)"])
    }
}

/// What the queue has been waiting for.
struct WaitRecord {
    /// What work that is due waits for, and since when.
    var blocked: (reason: WaitReason, since: Moment)?
    /// What the file says that the queue waits for.
    var written: (reason: WaitReason?, until: Timestamp?)
    /// When the log last told of a long wait, by its reason.
    var loggedAt: [WaitReason: Moment] = [:]

    /// Work that is due can't leave.
    mutating func record(_ reason: WaitReason, at now: Moment) {
        guard reason.delaysCalls else { return }
        blocked = (reason, blocked?.since ?? now)
    }

    /// What the next call has waited for, and how long, if it has.
    func waited(at now: Moment) -> (reason: WaitReason, milliseconds: Int64)? {
        blocked.map { ($0.reason, now.since($0.since)) }
    }
}
