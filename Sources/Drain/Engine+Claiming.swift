import Conversion
import Storage

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
    /// What was read last.
    var lastRead = Read.search
    /// Which kind of follow-up was sent last.
    var lastFollowUp = FollowUpKind.task

    /// The calls that only read.
    enum Read: CaseIterable {
        case verification, followUpVerification, search
    }
}

extension CaseIterable where Self: Equatable, AllCases == [Self] {
    /// All of them, from the one after the last, so that none keeps the others waiting.
    static func inTurn(after last: Self) -> [Self] {
        let next = allCases.firstIndex(of: last).map { $0 + 1 } ?? 0
        return Array(allCases[next...] + allCases[..<next])
    }
}

/// The calls that jobs go into.
extension Engine {
    /// Jobs to choose from when other leads than those that failed are to be found.
    private static let mostOffered = 100
    /// Those that failed go back to the front: it looks past as many of them.
    private static let mostLookedAt = 2000

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
        start.callLifetimeMS = options.lifetimeSinceClaimMS
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
        var start = start.carrying(pacer.callSize)
        start.callLifetimeMS = options.lifetimeSinceClaimMS
        start.takesExtra = options.takesExtra
        let call = try queue.claims.claim(
            upTo: failures.failedJobs.isEmpty
                ? leads : min(Self.mostOffered + failures.failedJobs.count, Self.mostLookedAt),
            start,
            from: turns.converting
        ) { offered in
            Array(CallPlan.choose(failures.preferred(offered)).prefix(leads))
        }
        guard let call else { return nil }
        turns.converting = call.cursor
        turns.conversionsAreNext = false
        return InFlightCall(callID: call.id, startedAt: start.at, content: .conversions(call))
    }

    /// Asks about the leads that have waited longest.
    func claimVerification(_ start: CallStart) throws -> InFlightCall? {
        let failures = readFailures[.verification]
        let size = failures.size
        // Offered more than one, a probe finds another lead than the one that is read apart.
        let offer = isProbingReads ? max(size, Self.mostOffered) : size
        let verification = try queue.claims.claimVerification(upTo: offer, start) { offered in
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
            kind, upTo: failures.size, start, from: turns.searching[kind] ?? RoundRobinCursor()
        ) { offered in
            SearchPlan.choose(
                failures.choose(offered, isProbe: isProbingReads, id: kind.subject), for: kind)
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

extension CallStart {
    fileprivate func carrying(_ size: AdaptiveCallSize) -> CallStart {
        var start = self
        start.size = (size.limit, size.reason)
        return start
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
