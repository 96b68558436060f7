import Conversion

/// What stands in the way of every call: begun when a call meets it, ended when one gets through,
/// and probed in between by one call at a time with growing pauses.
struct Obstruction: Equatable {
    enum Kind: String {
        case outage, allowance, concurrency
    }

    /// A stretch of time in which nothing gets through.
    struct Spell: Equatable {
        var kind: Kind
        var reason: Reason
        /// The kind of call that met it; one of that sort has to get through to end it.
        var metByLogin: Bool
        var since: Moment
        var probeAt: Moment
        var pauseMS: Int64
    }

    private(set) var spell: Spell?
    /// The first pause before a probe, in milliseconds.
    var probeIntervalMS: Int64

    private static let longestPauseMS: Int64 = 15 * 60_000
    /// Too many calls at once is over when one of the others ends, mostly in seconds.
    private static let concurrencyPauseMS: Int64 = 1000

    init(probeIntervalMS: Int64) {
        self.probeIntervalMS = probeIntervalMS
    }

    /// A call met it. Calls that were in flight together meet it together: only a probe, sent
    /// after the spell began, makes the pause grow.
    /// - Returns: Whether this is the beginning.
    mutating func meet(
        _ kind: Kind, _ reason: Reason, byLogin: Bool, startedAt: Moment, at now: Moment
    ) -> Bool {
        let first =
            kind == .concurrency
            ? min(Self.concurrencyPauseMS, probeIntervalMS) : probeIntervalMS
        guard var spell else {
            spell = Spell(
                kind: kind, reason: reason, metByLogin: byLogin, since: now,
                probeAt: now + first, pauseMS: first)
            return true
        }
        let wasProbe = startedAt.since(spell.since) > 0
        spell.pauseMS = wasProbe ? min(spell.pauseMS * 2, max(Self.longestPauseMS, first)) : first
        spell.probeAt = now + spell.pauseMS
        let isAnother = spell.kind != kind
        (spell.kind, spell.reason, spell.metByLogin) = (kind, reason, byLogin)
        self.spell = spell
        return isAnother
    }

    /// A call got through.
    /// - Returns: The spell that this ends, if it does.
    mutating func passed(login: Bool) -> Spell? {
        guard let spell, spell.metByLogin == login else { return nil }
        self.spell = nil
        return spell
    }

    /// When the next call may start; nil when nothing stands in the way.
    func probeAt(whileInFlight inFlight: Int) -> Probe? {
        guard let spell else { return nil }
        return inFlight > 0 ? .afterTheOneInFlight : .at(spell.probeAt)
    }

    enum Probe: Equatable {
        case afterTheOneInFlight
        case at(Moment)
    }
}
