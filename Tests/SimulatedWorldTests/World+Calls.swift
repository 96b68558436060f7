import Conversion
import Storage

@testable import Drain

/// The way to Salesforce and back, and all that can happen to a call on it.
extension World {
    func send(_ outgoing: InFlightCall) throws {
        counts.calls += 1
        try allowanceIsKept(outgoing)
        if outgoing.paced.tier != .login { starts.append(trueMS) }
        watch.callStarts(at: trueMS)
        trace("call \(outgoing.callID) \(outgoing.summary)")
        let call = SentCall(outgoing, by: life)
        switch outgoing.content {
        case .login:
            hasSession = true
            answer(call, .login(Reply(.value(()))), after: travel())
        case .limits: readLimits(call)
        case .verification(let verification):
            ask(call, verification)
        case .search(let search):
            find(call, search)
        case .followUps(let followUps):
            try followUp(call, followUps)
        case .followUpVerification(let verification):
            ask(call, verification)
        case .conversions(let conversions):
            let isSlow = meets(profile.slow)
            guard meets(trouble.lateDeparture) else {
                return depart(call, conversions, isSlow: isSlow)
            }
            // Drawn now: by the time it leaves, the world may be quiet.
            let staysLong = isSlow || meets(0.5)
            later(delay()) { world in world.handOver(call, conversions, isSlow: staysLong) }
        }
    }

    /// A lock is waited for, a connection comes about, a machine sleeps.
    private func delay() -> Int64 {
        Int64.random(in: 0...(chance.happens(0.2) ? 120_000 : 12_000), using: &chance)
    }

    /// The daemon looks at the claim's age and gives the call to the transport, which looks at its own
    /// clock, and again when the connection is there.
    private func handOver(_ call: SentCall, _ conversions: ClaimedCall, isSlow: Bool) {
        guard life == call.life else { return }
        let options = engine.options
        if let tooOld = call.call.tooOld(at: now, options) {
            return answer(call, tooOld, after: 0)
        }
        let instant = ContinuousClock.now
        let latest = call.call.latestSendTime(from: instant, at: now, options)
        let leftMS = instant.duration(to: latest) / .milliseconds(1)
        let handedOver = trueMS
        later(delay()) { world in
            let connects = world.delay()
            world.later(connects) { world in
                guard world.life == call.life else { return }
                guard connects <= options.connectTimeoutMS,
                    Double(world.trueMS - handedOver) <= leftMS
                else {
                    let late = Reply<[LeadOutcome]>(.refused(.late, .claimTooOld))
                    return world.answer(call, .conversions(conversions, late), after: 0)
                }
                world.depart(call, conversions, isSlow: isSlow)
            }
        }
    }

    /// A call, and the life of the daemon that made it: no other will hear the answer.
    struct SentCall {
        var call: InFlightCall
        var life: Int

        init(_ call: InFlightCall, by life: Int) {
            self.call = call
            self.life = life
        }
    }

    /// From here on the outcome of the call is open.
    /// - Returns: The org's own number for the call; ours are given again after a restore.
    func lose(_ call: ClaimedCall) -> Int64 {
        counts.calls += 1
        let number = Int64(counts.calls)
        org.leaves(number, call.jobs.map(\.conversion), at: trueMS)
        return number
    }

    /// - Parameter isSlow: Whether Salesforce works on it for long, if it gets there.
    private func depart(_ call: SentCall, _ conversions: ClaimedCall, isSlow: Bool) {
        convert(call, conversions, as: lose(conversions), isSlow: isSlow)
    }

    private func convert(
        _ call: SentCall, _ conversions: ClaimedCall, as number: Int64, isSlow: Bool
    ) {
        let leads = conversions.jobs.map(\.conversion)
        let isBarred = leads.contains { org.isBarred($0.leadID) }
        if let odd = oddAnswer() ?? (isBarred ? .page(403) : nil) {
            let reply = meet(odd, leads, as: number)
            return answer(call, .conversions(conversions, reply), after: travel()) { world in
                if case .unclear = reply.outcome { return }
                for lead in leads { world.org.isKnown(lead.leadID, of: number) }
            }
        }
        if let refusal = refusal() {
            let reply = Reply<[LeadOutcome]>(.init(refusal))
            return answer(call, .conversions(conversions, reply), after: travel()) { world in
                for job in conversions.jobs {
                    world.org.isKnown(job.conversion.leadID, of: number)
                }
            }
        }
        if meets(profile.lostBefore) {
            return answer(call, .conversions(conversions, Reply(.init(unclear()))), after: travel())
        }
        org.arrives(number, conversions.jobs.map(\.conversion), at: trueMS)
        let work =
            isSlow
            ? Int64.random(in: 100..<World.lifetimeMS - 100, using: &chance) : travel()
        if isSlow && chance.happens(0.7) {
            // We stop waiting; Salesforce works on.
            answer(
                call, .conversions(conversions, Reply(.init(unclear()))),
                after: Int64.random(in: 1...work, using: &chance))
            return later(work) { world in _ = world.org.commits(number, at: world.trueMS) }
        }
        later(work) { world in
            let reply = world.org.commits(number, at: world.trueMS)
            if world.losesAnswer(leads) {
                return world.answer(
                    call, .conversions(conversions, Reply(world.lost(leads))),
                    after: world.travel())
            }
            world.answer(
                call, .conversions(conversions, reply), after: world.travel()
            ) { world in
                if case .unclear = reply.outcome {
                    return world.org.isOver(number, leads.map(\.leadID))
                }
                guard case .value(let outcomes) = reply.outcome else {
                    for job in conversions.jobs {
                        world.org.isKnown(job.conversion.leadID, of: number)
                    }
                    return
                }
                for (job, _) in zip(conversions.jobs, outcomes) {
                    world.org.isKnown(job.conversion.leadID, of: number)
                }
            }
        }
    }

    private func ask(_ call: SentCall, _ verification: ClaimedVerification) {
        if let refusal = refusal() {
            return answer(call, .verification(verification, Reply(.init(refusal))), after: travel())
        }
        let ids = verification.jobs.map(\.job.conversion.leadID)
        if let odd = refusedRead(.verification) ?? oddAnswer(toQuestion: true)
            ?? (ids.contains(where: org.isUnreadable) ? .refusal("UNKNOWN_EXCEPTION") : nil)
        {
            return answer(
                call, .verification(verification, Reply(odd.outcome(forReading: ids))),
                after: travel())
        }
        later(travel()) { world in
            if world.meets(world.profile.lostAfter) {
                return world.answer(
                    call, .verification(verification, Reply(.init(world.unclear()))),
                    after: world.travel())
            }
            let readings = world.org.read(ids, at: world.trueMS)
            let madeAt = world.trueMS
            let isSlow = world.meets(world.profile.slow)
            let way =
                isSlow
                ? Int64.random(in: 0...World.lifetimeMS * 2, using: &world.chance) : world.travel()
            world.answer(
                call, .verification(verification, Reply(.value(readings))), after: way
            ) { world in
                for (id, reading) in zip(ids, readings) {
                    world.org.isRead(id, reading, madeAt: madeAt)
                }
            }
        }
    }

    /// An answer reaches the daemon, if it is still the one that asked.
    func answer(
        _ call: SentCall, _ answer: CallResult, after pause: Int64,
        known tell: ((World) -> Void)? = nil
    ) {
        later(pause) { world in
            guard world.life == call.life else { return }
            world.trace("answer \(call.call.callID) \(answer.summary)")
            if let tell { world.unwritten.append(tell) }
            let answer = world.withUsage(answer)
            world.unwritten.append { $0.learnAllowance(of: answer.reply.usage) }
            do {
                world.engine.finish(call.call, answer, at: world.now)
                // Or else with what comes meanwhile.
                if world.meets(0.7) { try world.engine.writeKeptAnswers(at: world.now) }
                world.acknowledge()
                world.learn(of: answer)
                try world.watch.look(at: world.trueMS, world.queue, world.org)
                world.wakeAt = world.now
            } catch let error as OperatorError {
                guard error.status == .tryLater || error.status == .inputOutput else {
                    throw error
                }
                world.wakeAt = world.now + 500
            }
        }
    }

    /// What reads the limits brings its own in a world where that is odd.
    private func withUsage(_ answer: CallResult) -> CallResult {
        if case .limits = answer, trouble.oddLimits != nil { return answer }
        return answer.carrying(usageToldByOthers)
    }

    func refusal() -> Failure? {
        if trueMS < outageUntil {
            return .refused(.outage, Reason("SERVER_UNAVAILABLE", "server too busy"))
        }
        guard meets(profile.refusedWhole) else { return nil }
        switch Int.random(in: 0..<4, using: &chance) {
        case 0:
            hasSession = false
            return .refused(.session, Reason("INVALID_SESSION_ID", "session expired"))
        case 1:
            return .refused(.concurrency, Reason("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests"))
        case 2:
            return .refused(.allowance, Reason("REQUEST_LIMIT_EXCEEDED", "TotalRequests"))
        default:
            return .refused(.outage, Reason("UNREACHABLE", "connection refused"))
        }
    }

    func unclear() -> Failure {
        let codes = ["TIMEOUT", "CONNECTION_LOST", "BAD_GATEWAY", "SHORT_ANSWER", "WRONG_LEAD"]
        return .unclear(Reason(codes.randomElement(using: &chance) ?? "TIMEOUT", "no answer"))
    }

    func meets(_ probability: Double) -> Bool {
        guard chance.happens(isQuiet ? 0 : probability) else { return false }
        counts.faults += 1
        return true
    }

    func travel() -> Int64 { Int64.random(in: 1...400, using: &chance) }
}

extension InFlightCall {
    /// What it asks, for a trace.
    fileprivate var summary: String {
        switch content {
        case .conversions(let call): "convert \(call.jobs.map(\.conversion.leadID))"
        case .verification(let call): "verify \(call.jobs.map(\.job.conversion.leadID))"
        case .search(let search): "search \(search.kind) \(search.asked)"
        case .followUps(let call): "\(call.kind) \(call.followUps.map(\.content))"
        case .followUpVerification(let call): "find \(call.followUps.map(\.content))"
        case .login: "log in"
        case .limits: "read limits"
        }
    }
}

extension CallResult {
    /// What came back, for a trace.
    fileprivate var summary: String {
        switch self {
        case .conversions(_, let reply): reply.summary { $0.map(\.summary).joined(separator: " ") }
        case .verification(_, let reply): reply.summary { $0.map(\.summary).joined(separator: " ") }
        case .search(_, let reply): reply.summary { "\($0)" }
        case .followUps(_, let reply): reply.summary { "\($0)" }
        case .followUpVerification(_, let reply): reply.summary { "\($0.map(\.count)) found" }
        case .login(let reply), .limits(let reply): reply.summary { "yes" }
        }
    }

    /// The same with the org's count.
    fileprivate func carrying(_ usage: OrgUsage?) -> CallResult {
        switch self {
        case .conversions(let call, let reply): .conversions(call, reply.carrying(usage))
        case .verification(let verification, let reply):
            .verification(verification, reply.carrying(usage))
        case .search(let search, let reply): .search(search, reply.carrying(usage))
        case .followUps(let call, let reply): .followUps(call, reply.carrying(usage))
        case .followUpVerification(let verification, let reply):
            .followUpVerification(verification, reply.carrying(usage))
        case .login(let reply): .login(reply.carrying(usage))
        case .limits(let reply): .limits(reply.carrying(usage))
        }
    }
}

extension LeadOutcome {
    fileprivate var summary: String {
        switch self {
        case .converted: "converted"
        case .refusedAsConverted(let reason), .transient(let reason), .unlisted(let reason),
            .permanent(let reason), .limited(let reason), .blocked(_, let reason),
            .duplicate(let reason, _):
            reason.code
        }
    }
}

extension LeadReading {
    fileprivate var summary: String {
        switch self {
        case .converted: "converted"
        case .notConverted, .ownedByQueue: "open"
        case .notVisible: "hidden"
        }
    }
}

extension Reply {
    fileprivate func summary(_ value: (Value) -> String) -> String {
        switch outcome {
        case .value(let answer): value(answer)
        case .refused(let blocker, let reason): "refused (\(blocker)): \(reason.code)"
        case .unclear(let reason): "unclear: \(reason.code)"
        }
    }

    fileprivate func carrying(_ usage: OrgUsage?) -> Reply {
        var reply = self
        reply.httpStatus = 200
        reply.usage = usage
        return reply
    }
}
