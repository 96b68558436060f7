import Conversion
import Storage

/// Which call leaves, and what goes into it.
extension Engine {
    private static let lookAgainMS: Int64 = 5000
    /// Jobs to choose from when other leads than those that failed are to be found.
    private static let mostOffered = 100
    /// Those that failed go back to the front: it looks past as many of them.
    private static let mostLookedAt = 2000

    /// Claims what is most urgent of what may leave: a login, the limits, a verification, and then what
    /// the jobs want.
    mutating func claimAndLaunch(
        _ work: Work, _ followUps: FollowUpDemand, _ permit: Pacer.Permit, at now: Moment
    ) throws -> Step {
        var start = CallStart(at: now, waited: waits.waited(at: now))
        if permit.tiers == [.login] {
            let id = try queue.claims.begin(.token, start)
            return launch(InFlightCall(callID: id, startedAt: now, content: .login))
        }
        let bucketBefore = pacer.bucket
        start.limiter = pacer.takeToken(at: now)
        do {
            if let call = try claimCall(work, followUps, permit, start) { return launch(call) }
        } catch {
            pacer.bucket = bucketBefore
            throw error
        }
        // All that is due belongs to accounts that calls are still writing to, or waits for its
        // contact or account.
        pacer.bucket = bucketBefore
        let isSearching = SearchKind.allCases.contains { isReading(.search($0)) }
        let isTurnedAway = isProbingReads && inFlight.isEmpty && !work.searches.isEmpty
        if isTurnedAway, let fault = giveUp(at: now) { return .end(.fault(fault)) }
        let reason: WaitReason = isSearching ? .slot : isTurnedAway ? .outage : .account
        waits.record(reason, at: now)
        // What is due may be all that was looked at: with no answer to come, it looks again. What
        // follows conversions may be waiting for a fuller call, which these jobs do not bring now.
        let times = [
            work.nextAt.map { now + ($0 - now.wall) },
            followUps.sendTime.flatMap { $0.since(now) > 0 ? $0 : nil },
        ]
        let next =
            times.earliest
            ?? (inFlight.isEmpty ? now + Self.lookAgainMS : nil)
        let probe = pacer.probesBefore(next, at: now)
        return try wait(reason, until: pauseEndsBefore(probe, at: now))
    }

    private mutating func claimCall(
        _ work: Work, _ followUps: FollowUpDemand, _ permit: Pacer.Permit, _ start: CallStart
    ) throws -> InFlightCall? {
        if permit.tiers == [.limits] {
            let id = try queue.claims.begin(.limits, start)
            return InFlightCall(callID: id, startedAt: start.at, content: .limits)
        }
        for tier in turns.order(permit.tiers) {
            let call =
                switch tier {
                case .conversion where permit.searchesTakeTurns:
                    try claimJobs(work, permit.leads, start)
                case .conversion: try claimConversions(permit.leads, start)
                case .followUp: try claimFollowUps(followUps, start)
                default:
                    try claimRead(work, followUps, start)
                        ?? (permit.searchesTakeTurns ? nil : claimSearch(work, start))
                }
            if let call { return call }
        }
        return nil
    }

    /// Asks what is to be asked. While reads fail, each of them is a probe, and the kinds of them take
    /// turns: one lead that can't be read must not take all the probes.
    private mutating func claimRead(
        _ work: Work, _ followUps: FollowUpDemand, _ start: CallStart
    ) throws -> InFlightCall? {
        let kinds =
            isProbingReads
            ? WorkTurn.Read.inTurn(after: turns.lastRead) : [.verification, .followUpVerification]
        for kind in kinds {
            let call =
                switch kind {
                case .verification:
                    wantsVerification(work, at: start.at) ? try claimVerification(start) : nil
                case .followUpVerification:
                    followUps.verificationsAreDue ? try claimFollowUpVerification(start) : nil
                case .search: try claimSearch(work, start)
                }
            guard let call else { continue }
            turns.lastRead = kind
            return call
        }
        return nil
    }

    private mutating func launch(_ call: InFlightCall) -> Step {
        inFlight[call.callID] = call
        pacer.started(call.paced)
        waits.blocked = nil
        return .send(call)
    }

    /// Searches for contacts and accounts, where leads want that, before those run out that were searched
    /// for already, and no sooner: what was found is not old when it is used, and a search, which may be for
    /// two hundred leads, is not made for each call of a few. No two searches follow each other without a
    /// conversion that is due.
    mutating func claimJobs(
        _ work: Work, _ leads: Int, _ start: CallStart
    ) throws -> InFlightCall? {
        guard work.jobsAreDue else { return nil }
        let conversionsAreNext = try turns.conversionsAreNext || hasEnoughMatched(work, start)
        if !conversionsAreNext, let search = try claimSearch(work, start) { return search }
        if let call = try claimConversions(leads, start) { return call }
        return conversionsAreNext ? try claimSearch(work, start) : nil
    }

    /// Whether the leads that were searched for already fill two calls.
    private func hasEnoughMatched(_ work: Work, _ start: CallStart) throws -> Bool {
        guard wantsSearch(work, at: start.at) else { return false }
        let enough = 2 * pacer.callSize.limit
        var start = start
        start.lifetimeSinceClaimMS = options.lifetimeSinceClaimMS
        return try queue.claims.matchedJobs(countingTo: enough, start) >= enough
    }

    mutating func claimSearch(_ work: Work, _ start: CallStart) throws -> InFlightCall? {
        // What is found while nothing is converted would be old when it is used.
        guard work.jobsAreDue, pacer.mayConvert(at: start.at) else { return nil }
        for kind in SearchKind.inTurn(after: turns.lastSearch)
        where wants(kind, work, at: start.at) {
            if let search = try claimSearch(kind, start) { return search }
        }
        return nil
    }

    var isProbingReads: Bool { pacer.reads.openState != nil }

    func wantsSearch(_ work: Work, at now: Moment) -> Bool {
        SearchKind.allCases.contains { wants($0, work, at: now) }
    }

    private func wants(_ kind: SearchKind, _ work: Work, at now: Moment) -> Bool {
        work.searches.contains(kind) && mayRead(.search(kind), at: now)
    }

    /// After a failure other leads go first: they show whose fault it was.
    mutating func claimConversions(_ leads: Int, _ start: CallStart) throws -> InFlightCall? {
        let failures = pacer.circuit.failures
        var start = start
        start.size = (pacer.callSize.limit, pacer.callSize.reason)
        start.lifetimeSinceClaimMS = options.lifetimeSinceClaimMS
        start.takesExtra = options.takesExtra
        let call = try queue.claims.claim(
            upTo: failures.failedJobs.isEmpty
                ? leads : min(Self.mostOffered + failures.failedJobs.count, Self.mostLookedAt),
            room: leads, start, from: turns.converting
        ) { offered in
            Array(CallPlan.choose(failures.preferred(offered)).prefix(leads))
        }
        guard let call else { return nil }
        turns.converting = call.cursor
        turns.conversionsAreNext = false
        turns.conversionsComeFirst = false
        return InFlightCall(callID: call.id, startedAt: start.at, content: .conversions(call))
    }

    /// Asks about the leads that have waited longest.
    func claimVerification(_ start: CallStart) throws -> InFlightCall? {
        let failures = readFailures[.verification]
        let size = failures.size
        // Among more candidates, a probe finds another lead than the one that is read apart.
        let candidates = isProbingReads ? max(size, Self.mostOffered) : size
        let verification = try queue.claims.claimVerification(upTo: candidates, start) { offered in
            let chosen = failures.choose(offered, isProbe: isProbingReads) { $0.job.id }
            return Array(chosen.prefix(size))
        }
        guard let verification, let first = verification.jobs.first else { return nil }
        return InFlightCall(
            callID: verification.id, startedAt: start.at, content: .verification(verification),
            isApart: failures.isApart(first.job.id))
    }

    private mutating func claimSearch(
        _ kind: SearchKind, _ start: CallStart
    ) throws -> InFlightCall? {
        var start = start
        if kind == .contact { start.takesExtra = options.takesExtra }
        let failures = readFailures[.search(kind)]
        let search = try queue.claims.claimSearch(
            kind, upTo: SearchPlan.mostJobs, start,
            from: turns.searching[kind] ?? RoundRobinCursor()
        ) { offered in
            SearchPlan.choose(
                failures.choose(offered, isProbe: isProbingReads, id: kind.subject), for: kind,
                mostKeys: failures.size)
        }
        guard let search, let first = search.jobs.first else { return nil }
        turns.searching[kind] = search.cursor
        turns.conversionsAreNext = true
        turns.lastSearch = kind
        return InFlightCall(
            callID: search.id, startedAt: start.at, content: .search(search),
            isApart: failures.isApart(kind.subject(of: first)))
    }
}

// Commands that ask the org themselves (`leadconvert check`, `enqueue --from-soql`) spend of the same
// allowance, beside a daemon or without one. They write each request into `calls` before it leaves, and
// leave the bucket to the daemon, which alone keeps it.

extension Engine {
    /// Counts requests that commands have made since the last look, and takes their tokens.
    mutating func payForChecks(at now: Moment) throws {
        let calls = try unpaidChecks()
        guard calls > 0 else { return }
        pacer.pay(forOthers: calls, at: now)
    }

    mutating func unpaidChecks() throws -> Int {
        let checks = try queue.reports.checks(after: lastCallSeen)
        lastCallSeen = checks.last ?? lastCallSeen
        return checks.count
    }
}

extension FailureRun {
    /// With one first that no call has failed with since the last success; or else one that can't
    /// be what made all of them fail; or else one that has not failed alone.
    fileprivate func preferred(_ offered: [ClaimedJob]) -> [ClaimedJob] {
        guard !failedJobs.isEmpty else { return offered }
        let isBetter: [(ClaimedJob) -> Bool] = [
            { failedJobs[$0.id] == nil && $0.split == nil && !isKnownFailing($0.id) },
            { failedJobs[$0.id] == nil },
            { !suspects.contains($0.id) && failedAlone[$0.id] == nil },
            { failedAlone[$0.id] == nil },
        ]
        for isBetter in isBetter {
            guard let place = offered.firstIndex(where: isBetter) else { continue }
            return [offered[place]] + offered[..<place] + offered[(place + 1)...]
        }
        return offered
    }
}

/// Whose turn it is.
struct WorkTurn {
    /// Which batch is next in calls that convert.
    var converting = RoundRobinCursor()
    /// Which batch is next in searches.
    var searching: [SearchKind: RoundRobinCursor] = [:]
    /// Whether conversions come before anything is searched for again.
    var conversionsAreNext = false
    /// What was searched for last.
    var lastSearch = SearchKind.account
    var lastRead = Read.search
    /// Which kind of follow-up was sent last.
    var lastFollowUp = FollowUpKind.task
    /// Whether what follows conversions was sent after the last call that converts.
    var conversionsComeFirst = false

    /// The calls that only read.
    enum Read: CaseIterable {
        case verification, followUpVerification, search
    }

    /// What follows conversions goes before them, but not twice in a row: a million notes that are retried
    /// must not keep a lead waiting.
    func order(_ tiers: [CallTier]) -> [CallTier] {
        guard conversionsComeFirst, let followUp = tiers.firstIndex(of: .followUp),
            let conversion = tiers.firstIndex(of: .conversion), followUp < conversion
        else { return tiers }
        var ordered = tiers
        ordered.swapAt(followUp, conversion)
        return ordered
    }
}

extension CaseIterable where Self: Equatable, AllCases == [Self] {
    /// All of them, from the one after the last, so that none keeps the others waiting.
    static func inTurn(after last: Self) -> [Self] {
        let next = allCases.firstIndex(of: last).map { $0 + 1 } ?? 0
        return Array(allCases[next...] + allCases[..<next])
    }
}
