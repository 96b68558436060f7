import Storage

/// Whose turn it is.
struct Turns {
    /// Which batch is next in calls that convert.
    var converting = Rotation()
    /// Which batch is next in calls that look for contacts.
    var matching = Rotation()
    /// Whether conversions come before contacts are looked for again.
    var conversionsAreNext = false
}

/// The calls that jobs go into.
extension Engine {
    /// By turns a search for contacts, where leads want one, and conversions: what was found is not
    /// old when it is used, and neither keeps the other waiting.
    mutating func claim(_ work: Work, _ start: CallStart) throws -> Outgoing? {
        guard work.jobsAreDue else { return nil }
        let mayMatch = work.hasUnmatched && !isMatching
        if mayMatch, !turns.conversionsAreNext, let match = try claimMatch(start) { return match }
        if let call = try claimConversions(start) { return call }
        return mayMatch && turns.conversionsAreNext ? try claimMatch(start) : nil
    }

    private mutating func claimConversions(_ start: CallStart) throws -> Outgoing? {
        let call = try queue.claim(
            upTo: callSize.limit, start.carrying(callSize), from: turns.converting,
            choosing: CallPlan.choose)
        guard let call else { return nil }
        turns.converting = call.rotation
        turns.conversionsAreNext = false
        return Outgoing(callID: call.id, startedAt: start.at, content: .conversions(call))
    }

    /// Asks about the leads that have waited longest.
    func claimQuestion(_ start: CallStart) throws -> Outgoing? {
        let question = try queue.claimQuestion(upTo: verifications.size, start) { offered in
            verifications.choose(offered) { $0.job.id }
        }
        guard let question, let first = question.jobs.first else { return nil }
        return Outgoing(
            callID: question.id, startedAt: start.at, content: .question(question),
            isApart: verifications.isApart(first.job.id))
    }

    private mutating func claimMatch(_ start: CallStart) throws -> Outgoing? {
        let match = try queue.claimMatch(
            upTo: searches.size, start, from: turns.matching
        ) { offered in
            MatchPlan.choose(searches.choose(offered) { $0.id })
        }
        guard let match, let first = match.jobs.first else { return nil }
        turns.matching = match.rotation
        turns.conversionsAreNext = true
        return Outgoing(
            callID: match.id, startedAt: start.at, content: .match(match),
            isApart: searches.isApart(first.id))
    }
}

extension CallStart {
    fileprivate func carrying(_ size: AdaptiveCallSize) -> CallStart {
        var start = self
        start.size = (size.limit, size.reason)
        return start
    }
}
