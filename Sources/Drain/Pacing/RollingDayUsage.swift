import Conversion

/// How many calls of ours count against our share: those of the last 24 hours.
///
/// The org's window rolls, so a call counts until a day after its start. Calls are kept by the
/// minute, whole minutes leave, and so a call counts for up to a minute longer and never shorter.
struct RollingDayUsage: Equatable {
    private struct Minute: Equatable {
        /// Minutes of uptime; below 0 for one before the machine was started.
        var number: Int64
        var calls: Int
        /// The uptime at which its last call is a day old, in milliseconds.
        var endMS: Int64 { (number + 1) * RollingDayUsage.minuteMS + RollingDayUsage.dayMS }
    }

    /// Oldest first.
    private var minutes: [Minute] = []
    private static let minuteMS: Int64 = 60_000
    private static let dayMS: Int64 = 86_400_000

    /// - Parameter calls: How many calls started how many minutes ago, in any order.
    init(_ calls: [(minutesAgo: Int64, calls: Int)] = [], at now: Moment) {
        let this = now.uptimeMS / Self.minuteMS
        for (ago, calls) in calls.sorted(by: { $0.minutesAgo > $1.minutesAgo }) {
            minutes.append(Minute(number: this - ago, calls: calls))
        }
    }

    /// Calls that count now.
    mutating func calls(at now: Moment) -> Int {
        minutes.removeAll { $0.endMS <= now.uptimeMS }
        return minutes.reduce(0) { $0 + $1.calls }
    }

    /// A call starts.
    mutating func count(at now: Moment) {
        let this = now.uptimeMS / Self.minuteMS
        if minutes.last?.number == this {
            minutes[minutes.count - 1].calls += 1
        } else {
            minutes.append(Minute(number: this, calls: 1))
        }
    }

    /// Milliseconds until one more may start without the day holding more than `most`, 1 or more;
    /// 0 when one may now.
    mutating func wait(toStayWithin most: Int, at now: Moment) -> Int64 {
        var left = calls(at: now)
        var wait: Int64 = 0
        for minute in minutes where left >= most {
            left -= minute.calls
            wait = minute.endMS - now.uptimeMS
        }
        return wait
    }
}
