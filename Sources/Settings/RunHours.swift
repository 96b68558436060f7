public import Conversion
import Foundation

/// The hours of the day in which calls may start: `20:00-06:00 Europe/Berlin`.
public struct RunHours: Equatable, Sendable {
    /// When they begin, in minutes after midnight.
    public let start: Int
    /// When they end, in minutes after midnight; at or before `start`, it is the next day's.
    public let end: Int
    /// The zone whose midnight is meant, by its name in the time zone database.
    public let zone: String

    /// What a wrong text should have been.
    public static let rule =
        "must be two different times of day and a time zone, e.g. 20:00-06:00 Europe/Berlin"

    /// Reads hours; nil when they break the rule or the machine does not know the zone.
    public init?(_ text: String) {
        let form = /(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s+(\S+)/.asciiOnlyDigits()
        guard
            let (_, startHour, startMinute, endHour, endMinute, zone) =
                text.wholeMatch(of: form)?.output,
            let start = Self.minutes(startHour, startMinute),
            let end = Self.minutes(endHour, endMinute), start != end,
            TimeZone(identifier: String(zone)) != nil
        else { return nil }
        self.start = start
        self.end = end
        self.zone = String(zone)
    }

    /// How far the zone's clocks are ahead of UTC, in seconds, and since when: now, and after each
    /// of its changes (daylight saving, mostly) in the next twenty years.
    public func offsets(from now: Timestamp) -> [(since: Timestamp, seconds: Int)] {
        guard let zone = TimeZone(identifier: zone) else { return [] }
        var date = Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)
        let end = date.addingTimeInterval(20 * 366 * 86_400)
        var offsets = [(since: now, seconds: zone.secondsFromGMT(for: date))]
        while let change = zone.nextDaylightSavingTimeTransition(after: date),
            change > date, change < end
        {
            let since = Timestamp(milliseconds: Int64(change.timeIntervalSince1970 * 1000))
            offsets.append((since, zone.secondsFromGMT(for: change)))
            date = change
        }
        return offsets
    }

    private static func minutes(_ hour: Substring, _ minute: Substring) -> Int? {
        guard let hour = Int(hour), let minute = Int(minute), hour < 24, minute < 60 else {
            return nil
        }
        return hour * 60 + minute
    }
}
