import Conversion

/// What the org says of its rolling day of requests, and when it is to be asked for it.
struct UsageReading: Equatable {
    private(set) var usage: OrgUsage?
    private(set) var at: Timestamp?
    /// The same time on the machine's own clock; nil for a reading of the daemon before.
    private var seenAt: Moment?
    /// When the limits may be asked for again, after they were not available.
    private var askAgainAt: Moment?
    private var pauseMS = firstPauseMS

    /// How long a count stays valid, in milliseconds: others go on spending.
    private static let lastsMS: Int64 = 3_600_000
    private static let firstPauseMS: Int64 = 60_000
    private static let longestPauseMS: Int64 = 3_600_000
    private static let dayMS: Int64 = 86_400_000

    init(_ usage: OrgUsage? = nil, at: Timestamp? = nil) {
        self.usage = usage
        self.at = at
    }

    /// Takes in the count that an answer carried.
    ///
    /// Answers overtake each other: of calls that were out together the higher count is the later.
    /// A call that started after the higher count had come is later than it, and may bring a lower
    /// one: the day rolls.
    mutating func learn(_ new: OrgUsage, from startedAt: Moment, at now: Moment) {
        if let usage, let seenAt, usage.limit == new.limit, usage.current > new.current,
            seenAt.since(startedAt) > 0
        {
            return
        }
        (usage, at, seenAt) = (new, now.wall, now)
    }

    /// Whether the count is unknown or old, or has to be read to know whether the allowance is back.
    /// - Parameter isNeeded: Whether the pace depends on it.
    func mustBeRead(isNeeded: Bool, allowanceIsSpent: Bool, at now: Moment) -> Bool {
        if let askAgainAt, askAgainAt.since(now) > 0 { return false }
        if allowanceIsSpent { return true }
        guard at != nil else { return isNeeded }
        return isOld(at: now)
    }

    /// Whether there is a count that is no longer valid.
    func isOld(at now: Moment) -> Bool {
        at.map { abs(now.wall - $0) > Self.lastsMS } ?? false
    }

    mutating func wasRead() {
        (askAgainAt, pauseMS) = (nil, Self.firstPauseMS)
    }

    /// The answer got lost, or was none.
    mutating func wasLost(at now: Moment) {
        askAgainAt = now + pauseMS
        pauseMS = min(pauseMS * 2, Self.longestPauseMS)
    }

    /// The user may not see the limits; somebody may change that some day.
    mutating func isWithheld(at now: Moment) {
        askAgainAt = now + Self.dayMS
    }
}
