public import Conversion

/// What the org's daily allowance lets us do: how many calls a day, at what pace, and when to stop
/// for the others.
public struct Allowance: Equatable, Sendable {
    /// The part of the allowance that we may use, above 0, at most 1.
    public var share: Double
    /// The part that must be left for others, 0 or more, below 1.
    public var reserve: Double
    /// Calls a second, if the operator set it.
    var fixedRate: Double?
    /// Bucket capacity in calls, if the operator set it.
    var fixedBurst: Double?
    /// The part of the day in which calls may start, above 0, at most 1: the day's calls have to
    /// get through in it.
    var openPart = 1.0
    /// The allowance before the first answer: a Developer Edition org's, the smallest there is.
    static let leastLimit = 15_000
    private static let secondsADay = 86_400.0
    /// More calls than anybody makes, and still a number that sums can be made of.
    private static let mostCalls = 1e12

    /// Calls that we may start in any 24 hours, 1 or more; nil when nothing says: the operator
    /// chose the pace, and the org's allowance is not known.
    public func callsADay(limit: Int?) -> Int? {
        guard limit != nil || fixedRate == nil else { return nil }
        return Int(min(max(1, share * Double(limit ?? Self.leastLimit)), Self.mostCalls))
    }

    /// Capacity and rate of the bucket.
    ///
    /// In any 24 hours a bucket lets capacity + rate x 24 h calls start; that sum is our share, or
    /// what others leave above the reserve, if that is less. A tenth of it may go at once, the rest
    /// comes in evenly. Of 100,000 at a share of 0.5 and a reserve of 0.1:
    /// - while others use up to 40,000 a day: 5,000 calls at once, then 45,000 a day, 0.52 a second;
    /// - while they use 80,000: 1,000 at once, then 9,000 a day, 0.1 a second;
    /// - while they use 40,000, and calls may start from 20:00 to 04:00 only: 1.56 a second.
    ///
    /// Others' use is the org's count less our own, so our pace does not depend on itself and comes
    /// to rest. They are taken to leave a hundredth at least; and once only the reserve is left, the
    /// pace is that of our share, because then only probes leave, and those must not wait for a
    /// token. A rate that the operator set stays; then only the sums of the day bind.
    /// - Parameter ours: Calls that we started in the last 24 hours.
    func bucket(_ usage: OrgUsage?, ours: Int) -> (capacity: Double, rate: Double) {
        let limit = Double(max(usage?.limit ?? Self.leastLimit, 1))
        let others = Double(max(0, (usage?.current ?? 0) - ours))
        let theyLeave = max(0.01 * limit, (1 - reserve) * limit - others)
        let onlyReserve = usage.map { isSpent($0, wasSpent: false) } ?? false
        let day = max(1, onlyReserve ? share * limit : min(share * limit, theyLeave))
        let capacity = max(1, fixedBurst ?? (fixedRate == nil ? day / 10 : 10))
        let rate = fixedRate ?? max(1, day - capacity) / (Self.secondsADay * openPart)
        return (capacity, rate)
    }

    /// Whether so much is used that only the reserve is left. A spent allowance counts as free
    /// again only a hundredth above the reserve, so that one call more or less does not flap.
    public func isSpent(_ usage: OrgUsage, wasSpent: Bool) -> Bool {
        let left = Double(max(0, usage.limit - usage.current))
        let kept = (reserve + (wasSpent ? 0.01 : 0)) * Double(usage.limit)
        return left < max(kept, 1)
    }
}
