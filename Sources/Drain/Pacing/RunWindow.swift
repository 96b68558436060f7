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

    /// Whether it is open in each minute of the week, from Monday's first on.
    private let open: [Bool]
    private let zone: TimeZone
    /// The part of 24 hours in which it is open, above 0, at most 1, of those that have most of it: a
    /// share of a day's requests must last so long. On the two days a year on which the clocks are
    /// changed it is an hour off.
    public let openPart: Double

    private static let day = 1440
    private static let week = 7 * day

    /// Hours of every day; as in `Hours`.
    public init(start: Int, end: Int, zone: TimeZone) {
        self.init([Hours(start: start, end: end)], zone: zone)
    }

    /// All of these hours, by the clocks of a zone.
    public init(_ hours: [Hours], zone: TimeZone) {
        var open = [Bool](repeating: false, count: Self.week)
        for minute in hours.flatMap(\.minutes) { open[minute % Self.week] = true }
        self.open = open
        self.zone = zone
        var length = open.prefix(Self.day).count { $0 }
        var longest = length
        for minute in open.indices {
            length += (open[(minute + Self.day) % Self.week] ? 1 : 0) - (open[minute] ? 1 : 0)
            longest = max(longest, length)
        }
        openPart = Double(max(1, longest)) / Double(Self.day)
    }

    /// Whether calls may start then.
    public func isOpen(at time: Timestamp) -> Bool {
        isOpen(inMinute: time.minute, offset: offset(at: time))
    }

    /// When it next opens, if it is closed at this time, or closes, if it is open; one that is always
    /// open, a week later.
    public func nextChange(after time: Timestamp) -> Timestamp {
        var offset = offset(at: time)
        let isOpen = isOpen(inMinute: time.minute, offset: offset)
        // An hour that the clocks skip in one week comes in the next.
        for minute in time.minute + 1...time.minute + Int64(2 * Self.week + Self.day) {
            let next = Timestamp(milliseconds: minute * 60_000)
            // Clocks are put forward and back at whole quarters of an hour.
            if minute % 15 == 0 { offset = self.offset(at: next) }
            if self.isOpen(inMinute: minute, offset: offset) != isOpen { return next }
        }
        return time + Int64(Self.week) * 60_000
    }

    /// 1970 began on a Thursday.
    private func isOpen(inMinute minute: Int64, offset: Int64) -> Bool {
        let week = Int64(Self.week)
        let clock = (minute + offset + 3 * Int64(Self.day)) % week
        return open[Int((clock + week) % week)]
    }

    /// How far its clocks are ahead of UTC then, in minutes.
    private func offset(at time: Timestamp) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(time)) / 60)
    }
}

extension RunWindow.Hours {
    /// Since Monday began; the last may be in the next week.
    fileprivate var minutes: [Int] {
        let last = end > start ? end : end + 1440
        return days.flatMap { day in (start..<last).map { day * 1440 + $0 } }
    }
}

extension Timestamp {
    /// Whole minutes since 1970 began.
    fileprivate var minute: Int64 { Int64((Double(milliseconds) / 60_000).rounded(.down)) }
}

extension Date {
    fileprivate init(_ time: Timestamp) {
        self.init(timeIntervalSince1970: Double(time.milliseconds) / 1000)
    }
}
