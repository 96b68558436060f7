import Drain
import Foundation

extension DrainOptions {
    init(_ reader: inout SettingReader, giveUpAfter: String?) {
        self.init()
        callSize = reader.whole("LEADCONVERT_CALL_SIZE", 1...100, default: callSize)
        // An org of 25 concurrent long-running requests refuses the next, of whatever program.
        concurrency = reader.whole("LEADCONVERT_CONCURRENCY", 1...25, default: concurrency)
        dailyShare = reader.value(
            "LEADCONVERT_DAILY_SHARE", default: dailyShare,
            rule: "must be a part of the allowance, above 0 and at most 1, e.g. 0.5"
        ) { Double($0).flatMap { $0 > 0 && $0 <= 1 ? $0 : nil } }
        reserve = reader.value(
            "LEADCONVERT_RESERVE", default: reserve,
            rule: "must be a part of the allowance, at least 0 and below 1, e.g. 0.1"
        ) { Double($0).flatMap { $0 >= 0 && $0 < 1 ? $0 : nil } }
        rate = reader.figure(
            "LEADCONVERT_RATE", 0.000001...1_000_000,
            rule:
                "must be auto, or calls per second as a decimal from 0.000001 to 1000000, e.g. 0.5"
        )
        burst = reader.figure(
            "LEADCONVERT_BURST", 1...1_000_000,
            rule: "must be auto, or a number of calls from 1 to 1000000")
        lingerMS = reader.figure(
            "LEADCONVERT_LINGER", 0...60_000,
            rule: "must be auto, or milliseconds from 0 to 60000"
        ).map { Int64($0) }
        probeIntervalMS = reader.milliseconds(
            "LEADCONVERT_PROBE_INTERVAL", 1...900_000, default: probeIntervalMS
        )
        callLifetimeMS = reader.milliseconds(
            "LEADCONVERT_CALL_LIFETIME", 0...86_400_000, default: callLifetimeMS
        )
        window = reader.optional("LEADCONVERT_RUN_HOURS", rule: RunWindow.rule) { RunWindow($0) }
        giveUpAfterMS = giveUpAfter.flatMap { DurationText($0)?.milliseconds }
        if let giveUpAfter, giveUpAfterMS == nil {
            reader.report("--give-up-after", value: giveUpAfter, DurationText.rule)
        }
    }
}

extension SettingReader {
    /// A figure, or nil where it is to be derived from the org's allowance or the bucket.
    fileprivate mutating func figure(
        _ name: String, _ range: ClosedRange<Double>, rule: String
    ) -> Double? {
        guard text(name)?.lowercased() != "auto" else { return nil }
        return optional(name, rule: rule) { text in
            Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension RunWindow {
    /// What a wrong text should have been.
    static let rule =
        "must be two different times of day and a time zone, e.g. 20:00-06:00 Europe/Berlin, or such "
        + "times for days, e.g. Mon-Fri 20:00-06:00, Sat-Sun 00:00-24:00 Europe/Berlin"

    /// Reads hours; nil when they break the rule or the machine does not know the zone.
    init?(_ text: String) {
        guard let blank = text.lastIndex(where: \.isWhitespace),
            let zone = TimeZone(identifier: String(text[text.index(after: blank)...]))
        else { return nil }
        let parts = text[..<blank].split(separator: ",", omittingEmptySubsequences: false)
        let hours = parts.map { Hours(String($0)) }
        guard !hours.contains(nil) else { return nil }
        self.init(hours.compactMap(\.self), zone: zone)
    }
}

extension RunWindow.Hours {
    private static let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

    /// Reads `20:00-06:00`, `Sat 20:00-06:00` or `Mon-Fri 20:00-06:00`.
    fileprivate init?(_ text: String) {
        let form =
            /\s*(?:([A-Za-z]{3})(?:-([A-Za-z]{3}))?\s+)?(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*/
            .asciiOnlyDigits()
        guard
            let (_, first, last, startHour, startMinute, endHour, endMinute) =
                text.wholeMatch(of: form)?.output,
            let start = Self.minutes(startHour, startMinute), start < 1440,
            let end = Self.minutes(endHour, endMinute), start != end,
            let days = Self.days(first, last ?? first)
        else { return nil }
        self.init(days: days, start: start, end: end)
    }

    /// From one day to another, over the end of the week if need be; every day when none is named.
    private static func days(_ first: Substring?, _ last: Substring?) -> [Int]? {
        guard let first, let last else { return Array(0..<7) }
        guard let start = names.firstIndex(of: first.lowercased()),
            let end = names.firstIndex(of: last.lowercased())
        else { return nil }
        return (start...(end < start ? end + 7 : end)).map { $0 % 7 }
    }

    /// Minutes after midnight; 24:00 is the end of the day.
    private static func minutes(_ hour: Substring, _ minute: Substring) -> Int? {
        guard let hour = Int(hour), let minute = Int(minute), minute < 60,
            hour < 24 || hour == 24 && minute == 0
        else { return nil }
        return hour * 60 + minute
    }
}
