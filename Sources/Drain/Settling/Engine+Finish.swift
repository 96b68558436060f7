import Conversion
import Logging
import Storage

extension Engine {
    /// A call has ended. What it means is decided once, here. It is kept until it is written: before
    /// anything else is claimed, or after the next call has left if it only says that leads are converted.
    /// - Parameter duration: How long the answer took, in milliseconds, if that is not until now: a
    ///   locked file may have kept it waiting.
    mutating func finish(
        _ call: InFlightCall, _ answer: CallResult, after duration: Int64? = nil, at now: Moment
    ) {
        let duration = duration ?? now.since(call.startedAt)
        let reply = answer.reply
        inFlight[call.callID] = nil
        let seen = pacer.observe(reply, of: call.paced, after: duration, at: now)
        for event in seen.events { log(event, at: now) }
        recordReading(call, reply.outcome, at: now)
        // By the clock that goes with what is written: if it was set just now, both are moved together.
        let now = clock.unset(now)
        let planner = SettlementPlanner(
            startedAt: call.startedAt, now: now, lifetimeSinceClaimMS: options.lifetimeSinceClaimMS,
            probeIntervalMS: options.probeIntervalMS, blame: seen.blame,
            excused: seen.excused, incidentMS: pacer.circuit.failures.incidentMS(at: now),
            olderCopyUpTo: olderCopyUpTo ?? 0, chance: chance())
        var settled = SettledCall(
            CallEnd(
                callID: call.callID, startedAt: call.startedAt, at: now, durationMS: duration,
                httpStatus: reply.httpStatus, reason: reply.reason, usage: reply.usage))
        switch answer {
        case .conversions(let call, let reply):
            settled.settlements = planner.settleConversions(of: call, reply)
        case .verification(let verification, let reply):
            settled.settlements = planner.settleVerification(
                verification, reply, readFailures[.verification])
            for settlement in settled.settlements where settlement.to != .verifying {
                readFailures[.verification].forget(settlement.jobID)
            }
        case .search(let search, let reply):
            let kind = ReadKind.search(search.kind)
            settled.findings = planner.find(search, reply, readFailures[kind])
            let unfit = Set(settled.findings.filter(\.isUnfit).map(\.jobID))
            for job in search.jobs where unfit.contains(job.id) {
                readFailures[kind].forget(search.kind.subject(of: job))
            }
        case .followUps(let call, let reply):
            settled.followUps = planner.settleFollowUps(of: call, reply)
        case .followUpVerification(let verification, let reply):
            settled.followUps = planner.settleVerification(
                verification, reply, readFailures[.followUpVerification])
            for followUp in settled.followUps where followUp.to != .verifying {
                readFailures[.followUpVerification].forget(followUp.id)
            }
        case .login, .limits: break
        }
        unwritten.append(settled)
        answersCanWait = answersCanWait && settled.onlyConverts
    }

    /// Writes what was decided and is not written yet, in one transaction.
    mutating func writeKeptAnswers(at now: Moment) throws {
        try watchTheClock(at: now)
        try writeKeptAnswers()
    }

    mutating func writeKeptAnswers() throws {
        guard !unwritten.isEmpty else { return }
        var calls = unwritten
        // Calls may have left since.
        calls[calls.count - 1].end.limiter = pacer.limiter
        let settled = try queue.settlements.settle(calls)
        unwritten = []
        answersCanWait = true
        if calls.contains(where: \.mayFreeAccounts) { busyFollowUps = [:] }
        for (call, count) in zip(calls, settled) {
            logger.debug(
                "call settled",
                metadata: [
                    "call.id": "\(call.end.callID)", "call.leads": "\(call.leads)",
                    "call.settled": "\(count)", "call.ms": "\(call.end.durationMS)",
                    "call.code": "\(call.end.reason?.code ?? "")",
                ])
        }
    }

    /// Whose reading fails is found out from readings that fail, and from whatever passes meanwhile.
    private mutating func recordReading(
        _ call: InFlightCall, _ outcome: Reply<CallResult.Content>.Outcome, at now: Moment
    ) {
        if let kind = call.readKind { recordReading(call, kind, outcome, at: now) }
        guard case .value(let content) = outcome, content.isOfLeads else { return }
        for kind in SearchKind.allCases.map(ReadKind.search) where kind != call.readKind {
            readFailures[kind].otherPassed()
        }
    }

    private mutating func recordReading(
        _ call: InFlightCall, _ kind: ReadKind, _ outcome: Reply<CallResult.Content>.Outcome,
        at now: Moment
    ) {
        let before = readFailures[kind].refusal
        if case .refused(let blocker, let reason) = outcome, blocker.isSettled(reason) {
            readFailures[kind].refused(
                blocker, reason, firstMS: options.probeIntervalMS, at: now)
            guard before == nil else { return }
            var metadata: Logger.Metadata = ["code": "\(reason.code)"]
            // Salesforce's own message may quote a lead.
            if let remedy = reason.remedy { metadata["message"] = "\(remedy)" }
            return logger.warning("a kind of reading is refused", metadata: metadata)
        }
        readFailures.record(
            outcome.ofReading, of: call.subjects, in: kind, firstPauseMS: options.probeIntervalMS,
            at: now)
        guard let before, readFailures[kind].refusal == nil else { return }
        logger.notice(
            "a kind of reading is refused no more",
            metadata: [
                "code": "\(before.reason.code)",
                "after.s": "\(now.since(before.pause.since) / 1000)",
            ])
    }

    /// What the pacer made of an answer, in the log.
    private mutating func log(_ event: Pacer.Event, at now: Moment) {
        switch event {
        case .opened(let open):
            var metadata: Logger.Metadata = [
                "reason": "\(open.kind.rawValue)", "code": "\(open.reason.code)",
                "probe.at": "\(open.probeAt.wall)",
            ]
            // Salesforce's own message may quote a lead.
            if let remedy = open.reason.remedy { metadata["message"] = "\(remedy)" }
            logger.warning("circuit open", metadata: metadata)
        case .closed(let open):
            logger.notice(
                "circuit closed",
                metadata: [
                    "reason": "\(open.kind.rawValue)",
                    "after.s": "\(now.since(open.since) / 1000)",
                ])
        case .callsMadeSmaller(let limit, let reason):
            logger.notice(
                "calls are made smaller",
                metadata: ["call.leads": "\(limit)", "reason": "\(reason?.rawValue ?? "")"])
        case .ends(let status, let blocker, let reason):
            guard fault == nil else { return }
            fault = OperatorError(
                status, "\(blocker.sentence) (\(reason.code))", remedy: reason.remedy)
        }
    }
}

extension Reply.Outcome {
    /// What it says of the leads that were read.
    fileprivate var ofReading: ReadFailures.Result {
        switch self {
        case .value: .passed
        case .unclear, .refused(.callTooLarge, _): .failed
        // A page in the place of an answer.
        case .refused(.permission, _), .refused(.configuration, _): .failed
        case .refused(.outage, let reason): .turnedAway(byPage: reason.mayPass)
        case .refused: .nothing
        }
    }
}

extension CallResult.Content {
    /// Whether it comes of leads: that records are written or found, or counts told, says nothing of who
    /// reads leads.
    fileprivate var isOfLeads: Bool {
        switch self {
        case .converted, .verified, .searched: true
        case .followedUp, .followUpsRead, .loggedIn, .limitsRead: false
        }
    }
}

extension SettledCall {
    /// Whether all it says is that its leads are converted by it, and none of them kept an account or a
    /// group from others. Leads in doubt that were read are verified again until that is written.
    var onlyConverts: Bool {
        end.reason == nil && findings.isEmpty && followUps.isEmpty && !settlements.isEmpty
            && settlements.allSatisfy {
                $0.from == .sending && $0.to == .converted && $0.accountID == nil
                    && $0.groupKey == nil
            }
    }

    /// Whether others may have waited for it: it wrote to accounts that were there before.
    fileprivate var mayFreeAccounts: Bool {
        !followUps.isEmpty || settlements.contains { $0.accountID != nil }
    }

    /// How many jobs or follow-ups it is about.
    fileprivate var leads: Int { settlements.count + followUps.count }
}

extension MatchFinding {
    fileprivate var isUnfit: Bool { if case .unfit = result { true } else { false } }
}
