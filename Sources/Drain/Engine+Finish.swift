import Conversion
import Logging
import Storage

extension Engine {
    /// A call has ended. What it means is decided once, here, and written in one transaction; if
    /// that fails the decision is kept, and written before anything else is done.
    /// - Parameter duration: How long the answer took, in milliseconds, if that is not until now: a
    ///   locked file may have kept it waiting.
    mutating func finish(
        _ call: Outgoing, _ reply: CallReply, after duration: Int64? = nil, at now: Moment
    ) throws {
        let duration = duration ?? now.since(call.startedAt)
        inFlight[call.callID] = nil
        let seen = pacer.observe(reply, of: call.paced, after: duration, at: now)
        for event in seen.events { take(event, at: now) }
        noteReading(reply.outcome, of: call)
        let verdict = Verdict(
            startedAt: call.startedAt, now: now, callLifetimeMS: options.lifetimeSinceClaimMS,
            probeIntervalMS: options.probeIntervalMS, blame: seen.blame, chance: chance())
        let settlements =
            switch call.content {
            case .conversions(let jobs): verdict.settle(jobs, reply)
            case .question(let jobs): verdict.settle(jobs, reply.outcome, verifications)
            case .match, .login, .limits: [Settlement]()
            }
        let findings =
            if case .match(let match) = call.content {
                verdict.find(match, reply.outcome, searches)
            } else {
                [ContactFinding]()
            }
        let end = CallEnd(
            callID: call.callID, startedAt: call.startedAt, at: now, durationMS: duration,
            httpStatus: reply.httpStatus, reason: reply.outcome.reason, limiter: pacer.limiter,
            usage: reply.usage)
        unwritten.append((end, settlements, findings))
        try writeKeptAnswers(at: now)
    }

    mutating func writeKeptAnswers(at now: Moment) throws {
        try watchTheClock(at: now)
        while let (end, decided, findings) = unwritten.first {
            let settlements = decided.map { $0.told(ClockWatch(from: end.at).jump(at: now)) }
            let settled = try queue.settlements.settle(end, settlements, findings)
            unwritten.removeFirst()
            logger.debug(
                "call settled",
                metadata: [
                    "call.id": "\(end.callID)", "call.leads": "\(settlements.count)",
                    "call.settled": "\(settled)", "call.ms": "\(end.durationMS)",
                    "call.code": "\(end.reason?.code ?? "")",
                ])
        }
    }

    /// Whose reading fails is found out from readings that fail, and from whatever passes meanwhile.
    private mutating func noteReading(_ outcome: CallOutcome, of call: Outgoing) {
        switch (outcome, call.content) {
        case (.verified, .question(let question)):
            verifications.passed(question.jobs.map(\.job.id))
            searches.otherPassed()
        case (.matched, .match(let match)):
            searches.passed(match.jobs.map(\.id))
        case (.converted, _), (.limitsRead, _):
            searches.otherPassed()
        case (.unclear, .question(let question)), (.refused(.outage, _), .question(let question)),
            (.refused(.callTooLarge, _), .question(let question)):
            verifications.failed(question.jobs.map(\.job.id), asOutage: outcome.isOutage)
        case (.unclear, .match(let match)), (.refused(.outage, _), .match(let match)),
            (.refused(.callTooLarge, _), .match(let match)):
            searches.failed(match.jobs.map(\.id), asOutage: outcome.isOutage)
        default:
            break
        }
    }

    /// What the pacer made of an answer, in the log.
    private mutating func take(_ event: Pacer.Event, at now: Moment) {
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
        case .ends(let status, let obstacle, let reason):
            guard fault == nil else { return }
            fault = OperatorError(
                status, "\(obstacle.sentence) (\(reason.code))", remedy: reason.remedy)
        }
    }
}

extension CallOutcome {
    fileprivate var isOutage: Bool { if case .refused(.outage, _) = self { true } else { false } }

    /// What was wrong with the call as a whole, if anything.
    fileprivate var reason: Reason? {
        switch self {
        case .refused(_, let reason), .unclear(let reason): reason
        case .loggedIn, .limitsRead, .converted, .verified, .matched: nil
        }
    }
}

extension Settlement {
    /// The same, when the wall clock was set since it was decided, by so many milliseconds.
    fileprivate func told(_ jump: Int64?) -> Settlement {
        guard let jump else { return self }
        var told = self
        told.nextRunAt = nextRunAt.map { $0 + jump }
        return told
    }
}

extension Reason {
    static let claimTooOld = Reason(
        ours: "CLAIM_TOO_OLD",
        "Too much time lay between the claim and the moment to send: nothing was sent.")
}
