public import Conversion

/// A moment as people type it: ISO 8601 with a zone, or a duration from now.
public struct TimeText: Equatable, Sendable {
    public let moment: Timestamp

    /// What a wrong text should have been where a moment ahead is asked for.
    public static let aheadRule =
        "must be a time with its zone, 2026-11-22T07:31:48Z or 2026-11-22T08:31+01:00, "
        + "or a duration from now, +15m"
    /// What a wrong text should have been where a moment past is asked for.
    public static let pastRule =
        "must be a time with its zone, 2026-11-22T07:31:48Z or 2026-11-22T08:31+01:00, "
        + "or how long ago, 2h"

    /// Reads when something is to happen: a time, or `+15m`. Nil when it is neither.
    public init?(ahead text: String, now: Timestamp) {
        if let duration = text.hasPrefix("+") ? DurationText(text.dropFirst()) : nil {
            moment = now + duration.milliseconds
        } else if let moment = Self.moment(text) {
            self.moment = moment
        } else {
            return nil
        }
    }

    /// Reads since when something is looked at: a time, or `2h` for two hours ago. Nil when it
    /// is neither.
    public init?(past text: String, now: Timestamp) {
        if let duration = DurationText(text) {
            moment = now + -duration.milliseconds
        } else if let moment = Self.moment(text) {
            self.moment = moment
        } else {
            return nil
        }
    }

    /// Reads ISO 8601; seconds and their fraction may be left out, the zone may not: a time
    /// without one means another moment on each machine.
    private static func moment(_ text: String) -> Timestamp? {
        let form =
            /(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|z|[+-]\d{2}:?\d{2})/
            .asciiOnlyDigits()
        guard let (_, date, minutes, seconds, fraction, zone) = text.wholeMatch(of: form)?.output,
            let offset = offset(zone)
        else { return nil }
        let thousandths = ((fraction ?? "") + "000").prefix(3)
        let moment = Timestamp("\(date)T\(minutes):\(seconds ?? "00").\(thousandths)Z").map {
            $0 + -offset
        }
        // The zone may take it out of the years 0 to 9999, which are all that our tables can hold.
        return moment.flatMap { Timestamp($0.description) == $0 ? $0 : nil }
    }

    /// How far `+02:00` is ahead of UTC, in milliseconds.
    private static func offset(_ zone: Substring) -> Int64? {
        guard let sign = zone.first, sign == "+" || sign == "-" else { return 0 }
        guard let hours = Int64(zone.dropFirst().prefix(2)), let minutes = Int64(zone.suffix(2)),
            hours <= 15, minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (sign == "+" ? 60_000 : -60_000)
    }
}

/// A length of time as people type it: `500ms`, `30s`, `15m`, `12h`, `90d`.
public struct DurationText: Equatable, Sendable {
    /// The length in milliseconds, 0 or more, at most 100 years.
    public let milliseconds: Int64

    /// What a wrong text should have been.
    public static let rule = "must be a whole number with its unit: 500ms, 30s, 15m, 12h or 90d"

    private static let longest: Int64 = 36_500 * 86_400_000

    /// Reads a duration; nil when it breaks the rule or is longer than 100 years.
    public init?(_ text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), let unit = Self.unit(String(text.dropFirst(digits.count)))
        else { return nil }
        let (milliseconds, isTooLong) = count.multipliedReportingOverflow(by: unit)
        guard !isTooLong, milliseconds <= Self.longest else { return nil }
        self.milliseconds = milliseconds
    }

    private static func unit(_ name: String) -> Int64? {
        switch name {
        case "ms": 1
        case "s": 1000
        case "m": 60_000
        case "h": 3_600_000
        case "d": 86_400_000
        default: nil
        }
    }
}
