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
        if let usage = reply.usage { learn(usage, from: call, at: now) }
        react(to: reply.outcome, of: call, at: now)
        size(by: reply.outcome, of: call, after: duration)
        noteReading(reply.outcome, of: call)
        let verdict = Verdict(
            startedAt: call.startedAt, now: now, callLifetimeMS: options.lifetimeSinceClaimMS,
            probeIntervalMS: options.probeIntervalMS, blame: .call, chance: chance())
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
            httpStatus: reply.httpStatus, reason: reply.outcome.reason, limiter: limiter,
            usage: reply.usage)
        unwritten.append((end, settlements, findings))
        try writeKeptAnswers(at: now)
    }

    mutating func writeKeptAnswers(at now: Moment) throws {
        try watchTheClock(at: now)
        while let (end, decided, findings) = unwritten.first {
            let settlements = decided.map { $0.told(ClockWatch(from: end.at).jump(at: now)) }
            let settled = try queue.settle(end, settlements, findings)
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

    /// Answers overtake each other: of calls that were out together, the higher count is the later.
    private mutating func learn(_ usage: OrgUsage, from call: Outgoing, at now: Moment) {
        var usage = usage
        if let known = self.usage, known.limit == usage.limit, let usageAt,
            call.startedAt.wall < usageAt
        {
            usage.current = max(usage.current, known.current)
        }
        self.usage = usage
        usageAt = now.wall
        adoptAllowance(at: now)
    }

    /// What the answer says of the way ahead for all calls.
    private mutating func react(to outcome: CallOutcome, of call: Outgoing, at now: Moment) {
        switch outcome {
        case .refused(let obstacle, let reason):
            meet(obstacle, reason, call, at: now)
        case .unclear(let reason) where call.isQuestion || call.isMatch || call.isLogin:
            // A call that converts is cleared up by asking; when asking fails too, the way is shut.
            if !call.isApart { meet(.outage, reason, call, at: now) }
        case .unclear:
            if call.readsLimits { limitsAreReadable = false }
        case .converted(let leads):
            concurrency.grow()
            let obstacles = leads.compactMap { lead -> (Obstacle, Reason)? in
                if case .obstructed(let obstacle, let reason) = lead {
                    (obstacle, reason)
                } else {
                    nil
                }
            }
            guard let (obstacle, reason) = obstacles.first else { return passed(call, at: now) }
            meet(obstacle, reason, call, at: now)
        case .verified, .matched:
            passed(call, at: now)
        case .limitsRead:
            // Read, and still not known: they are not to be had this way.
            if usageAt != now.wall { limitsAreReadable = false }
            passed(call, at: now)
        case .loggedIn:
            passed(call, at: now)
        }
    }

    /// What the answer says of the size of calls. Halves of a failed call say nothing of it: they
    /// are apart because one of their leads is odd.
    private mutating func size(
        by outcome: CallOutcome, of call: Outgoing, after milliseconds: Int64
    ) {
        guard case .conversions(let conversions) = call.content,
            conversions.jobs.first?.split == nil
        else { return }
        let leads = conversions.jobs.count
        let before = callSize
        switch outcome {
        case .converted: callSize.answered(leads: leads, milliseconds: milliseconds)
        case .refused(.callTooLarge, _): callSize.failed(leads: leads)
        // A connection that is lost at once is nobody's size.
        case .unclear where milliseconds >= AdaptiveCallSize.slowMS: callSize.failed(leads: leads)
        default: return
        }
        guard callSize.limit < before.limit else { return }
        logger.notice(
            "calls are made smaller",
            metadata: [
                "call.leads": "\(callSize.limit)", "call.ms": "\(milliseconds)",
                "reason": "\(callSize.reason?.rawValue ?? "")",
            ])
    }

    private mutating func meet(
        _ obstacle: Obstacle, _ reason: Reason, _ call: Outgoing, at now: Moment
    ) {
        switch obstacle {
        case .session, .adapted, .late: break
        case .permission: stop(.permission, obstacle, reason)
        case .configuration: stop(.configuration, obstacle, reason)
        case .allowance: obstruct(.allowance, reason, call, at: now)
        case .outage: if !call.isApart { obstruct(.outage, reason, call, at: now) }
        case .concurrency:
            concurrency.shrink()
            obstruct(.concurrency, reason, call, at: now)
        case .callTooLarge:
            switch call.content {
            case .conversions:
                // Its leads go on in halves.
                break
            case .match:
                // It goes on in smaller searches, down to the address that breaks them.
                passed(call, at: now)
            case .limits:
                limitsAreReadable = false
            case .question, .login:
                if !call.isApart { obstruct(.outage, reason, call, at: now) }
            }
        }
    }

    private mutating func obstruct(
        _ kind: CircuitBreaker.Kind, _ reason: Reason, _ call: Outgoing, at now: Moment
    ) {
        let begins = breaker.meet(
            kind, reason, byLogin: call.isLogin, startedAt: call.startedAt, at: now)
        guard begins else { return }
        var metadata: Logger.Metadata = [
            "reason": "\(kind.rawValue)", "code": "\(reason.code)",
            "probe.at": "\(breaker.openState?.probeAt.wall.description ?? "")",
        ]
        // Salesforce's own message may quote a lead.
        if let remedy = reason.remedy { metadata["message"] = "\(remedy)" }
        logger.warning("calls are held back", metadata: metadata)
    }

    /// A call got through: what stood in the way is over, unless the org's own count says that
    /// only the reserve is left.
    private mutating func passed(_ call: Outgoing, at now: Moment) {
        let wasSpent = breaker.openState?.kind == .allowance
        if !call.isLogin, let usage, options.allowance.isSpent(usage, wasSpent: wasSpent) {
            let reason = Reason(
                "RESERVE_REACHED",
                "\(usage.current) of the org's \(usage.limit) requests are used; "
                    + "the rest is left to others.")
            return obstruct(.allowance, reason, call, at: now)
        }
        guard let openState = breaker.passed(login: call.isLogin) else { return }
        logger.notice(
            "calls go through again",
            metadata: [
                "reason": "\(openState.kind.rawValue)",
                "after.s": "\(now.since(openState.since) / 1000)",
            ])
    }

    private mutating func stop(_ status: ExitStatus, _ obstacle: Obstacle, _ reason: Reason) {
        guard fault == nil else { return }
        fault = OperatorError(
            status, "\(obstacle.sentence) (\(reason.code))", remedy: reason.remedy)
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
