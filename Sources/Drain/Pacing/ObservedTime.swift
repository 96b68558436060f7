import Conversion

/// For how long something has failed: a clock that goes on from one answer to the next.
///
/// Calls may be kept back for hours, by run hours, a pause or a spent allowance, and time in which
/// nothing is asked is evidence against nobody. It still counts a little, so that what always fails
/// comes to an end at any pace: of two failures before a closed night and two after it, a minute
/// apart, 7 minutes are counted.
struct ObservedTime: Equatable {
    /// What it shows, in milliseconds.
    private(set) var elapsedMS: Int64 = 0
    private var last: Moment?

    /// Twice the longest pause between two probes: an answer takes its time, too.
    private static let longestGapMS: Int64 = 30 * 60_000
    /// So much of a longer one counts.
    private static let longGapCountsMS: Int64 = 5 * 60_000

    /// An answer says something of those that fail.
    mutating func advance(to now: Moment) {
        let gap = last.map { now.since($0) } ?? 0
        elapsedMS += gap <= Self.longestGapMS ? gap : Self.longGapCountsMS
        last = now
    }

    /// An answer says something of nobody: the time until then does not count.
    mutating func skip(to now: Moment) { last = now }
}
