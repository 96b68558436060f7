public import Conversion
public import Foundation

/// The hours of the week in which calls may start, by the clocks of one place.
///
/// It is open at a moment if those clocks then show a time of one of its hours. So where they are put
/// forward, the hour that they skip is missing from it; where they are put back, it has the hour that
/// they show twice, twice.
public struct RunWindow: Sendable, Equatable {
    /// Hours of some days, from `start` to `end` in minutes after midnight; at or before `start`, the
    /// end is the next day's. The days are those on which they begin.
    public struct Hours: Sendable, Equatable {
        /// Days of the week, 0 is Monday, 6 is Sunday.
        public var days: [Int]
        /// 0..<1440.
        public var start: Int
        /// 0...1440.
        public var end: Int

        /// Hours, by default of every day.
        public init(days: [Int] = Array(0..<7), start: Int, end: Int) {
            self.days = days
            self.start = start
            self.end = end
        }
    }

    /// When it is open, in milliseconds since Monday began, in order and apart from each other; what
    /// goes on over the end of the week is two.
    private let open: [Range<Int64>]
    private let zone: TimeZone
    private static let dayMS: Int64 = 86_400_000
    private static let weekMS = 7 * dayMS

    /// Hours of every day; as in `Hours`.
    public init(start: Int, end: Int, zone: TimeZone) {
        self.init([Hours(start: start, end: end)], zone: zone)
    }

    /// All of these hours, by the clocks of a zone.
    public init(_ hours: [Hours], zone: TimeZone) {
        open = Self.merged(hours.flatMap(\.ranges))
        self.zone = zone
    }

    private static func merged(_ ranges: [Range<Int64>]) -> [Range<Int64>] {
        let inWeek = ranges.flatMap { range in
            range.upperBound <= weekMS
                ? [range] : [range.lowerBound..<weekMS, 0..<range.upperBound - weekMS]
        }
        var merged: [Range<Int64>] = []
        for range in inWeek.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] =
                    last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    /// The part of 24 hours in which it is open, above 0, at most 1, of those that have most of it: a
    /// share of a day's requests must last so long. On the two days a year on which the clocks are
    /// changed it is an hour off.
    public var openPart: Double {
        // No 24 hours have more of it than some that begin when it opens.
        let lengths = open.map { length(within: $0.lowerBound..<$0.lowerBound + Self.dayMS) }
        return Double(lengths.max() ?? Self.dayMS) / Double(Self.dayMS)
    }

    private func length(within day: Range<Int64>) -> Int64 {
        let next = open.map { $0.lowerBound + Self.weekMS..<$0.upperBound + Self.weekMS }
        return (open + next).reduce(0) { sum, range in
            let part = range.clamped(to: day)
            return sum + part.upperBound - part.lowerBound
        }
    }

    /// Whether calls may start then.
    public func isOpen(at time: Timestamp) -> Bool {
        let clock = clock(at: time)
        return open.contains { $0.contains(clock) }
    }

    /// When it next opens, if it is closed at this time, or closes, if it is open; one that is always
    /// open, a week later.
    public func nextChange(after time: Timestamp) -> Timestamp {
        let isOpen = isOpen(at: time)
        var time = time
        // A change of the clocks that leaves it open, or closed, is passed over: there are only so
        // many, and the hours begin and end every week.
        while true {
            let byTheClock = time + waitForBoundary(from: clock(at: time))
            guard let change = changeOfClocks(after: time), change <= byTheClock else {
                return byTheClock
            }
            time = change
            if self.isOpen(at: time) != isOpen { return time }
        }
    }

    private func waitForBoundary(from clock: Int64) -> Int64 {
        let goesOn = open.first?.lowerBound == 0 && open.last?.upperBound == Self.weekMS
        let boundaries = open.flatMap { [$0.lowerBound, $0.upperBound % Self.weekMS] }
            .filter { !(goesOn && $0 == 0) }
        let waits = boundaries.map { ($0 - clock + Self.weekMS) % Self.weekMS }
        return waits.filter { $0 > 0 }.min() ?? Self.weekMS
    }

    /// Milliseconds since Monday began that the clocks show. 1970 began on a Thursday.
    private func clock(at time: Timestamp) -> Int64 {
        let offset = Int64(zone.secondsFromGMT(for: Date(time)))
        let local = (time.milliseconds + offset * 1000 + 3 * Self.dayMS) % Self.weekMS
        return (local + Self.weekMS) % Self.weekMS
    }

    /// When they are next put forward or back.
    private func changeOfClocks(after time: Timestamp) -> Timestamp? {
        zone.nextDaylightSavingTimeTransition(after: Date(time))
            .map { Timestamp(milliseconds: Int64(($0.timeIntervalSince1970 * 1000).rounded())) }
            .flatMap { $0 > time ? $0 : nil }
    }
}

extension RunWindow.Hours {
    /// In milliseconds since Monday began; the last may end in the next week.
    fileprivate var ranges: [Range<Int64>] {
        let last = end > start ? end : end + 1440
        return days.map { day in
            let midnight = Int64(day) * 1440
            return (midnight + Int64(start)) * 60_000..<(midnight + Int64(last)) * 60_000
        }
    }
}

extension Date {
    fileprivate init(_ time: Timestamp) {
        self.init(timeIntervalSince1970: Double(time.milliseconds) / 1000)
    }
}
