public import Conversion
public import Foundation

/// The hours of the day in which calls may start, by the clocks of one place.
///
/// It is open at a moment if those clocks then show a time from `start` up to `end`. So where they
/// are put forward, the hour that they skip is missing from it; where they are put back, it has the
/// hour that they show twice, twice.
public struct RunWindow: Sendable, Equatable {
    private let startMS: Int64
    private let endMS: Int64
    private let zone: TimeZone
    private static let dayMS: Int64 = 86_400_000

    /// Hours from `start` to `end` by the clocks of a zone, in minutes after midnight, 0..<1440; at or
    /// before `start`, the end is the next day's.
    public init(start: Int, end: Int, zone: TimeZone) {
        startMS = Int64(start) * 60_000
        endMS = Int64(end) * 60_000
        self.zone = zone
    }

    /// The part of a day in which it is open, above 0, at most 1; on the two days a year on which
    /// the clocks are changed it is an hour off.
    public var openPart: Double {
        let length = (endMS - startMS + Self.dayMS) % Self.dayMS
        return length == 0 ? 1 : Double(length) / Double(Self.dayMS)
    }

    /// Whether calls may start then.
    public func isOpen(at time: Timestamp) -> Bool {
        let clock = clock(at: time)
        return startMS < endMS
            ? startMS <= clock && clock < endMS : startMS <= clock || clock < endMS
    }

    /// When it next opens, if it is closed at this time, or closes, if it is open.
    public func nextChange(after time: Timestamp) -> Timestamp {
        let isOpen = isOpen(at: time)
        var time = time
        // A change of the clocks that leaves it open, or closed, is passed over: there are only so
        // many, and the hours begin and end every day.
        while true {
            let boundary = isOpen ? endMS : startMS
            let wait = (boundary - clock(at: time) + Self.dayMS) % Self.dayMS
            let byTheClock = time + (wait == 0 ? Self.dayMS : wait)
            guard let change = changeOfClocks(after: time), change <= byTheClock else {
                return byTheClock
            }
            time = change
            if self.isOpen(at: time) != isOpen { return time }
        }
    }

    /// Milliseconds after midnight that the clocks show.
    private func clock(at time: Timestamp) -> Int64 {
        let offset = Int64(zone.secondsFromGMT(for: Date(time)))
        let local = (time.milliseconds + offset * 1000) % Self.dayMS
        return (local + Self.dayMS) % Self.dayMS
    }

    /// When they are next put forward or back.
    private func changeOfClocks(after time: Timestamp) -> Timestamp? {
        zone.nextDaylightSavingTimeTransition(after: Date(time))
            .map { Timestamp(milliseconds: Int64(($0.timeIntervalSince1970 * 1000).rounded())) }
            .flatMap { $0 > time ? $0 : nil }
    }
}

extension Date {
    fileprivate init(_ time: Timestamp) {
        self.init(timeIntervalSince1970: Double(time.milliseconds) / 1000)
    }
}
