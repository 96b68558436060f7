// Prints what Foundation makes of times, zones, hosts, numbers and texts.
import Foundation

let time = Date(timeIntervalSince1970: 1_795_332_708.123)

for name in TimeZone.knownTimeZoneIdentifiers + ["CET", "GMT+2", "US/Pacific", "None/Such"] {
    guard let zone = TimeZone(identifier: name) else {
        print(name, "is no zone")
        continue
    }
    var changes: [String] = []
    var next = zone.nextDaylightSavingTimeTransition(after: time)
    while let change = next, changes.count < 4 {
        changes.append("\(change.timeIntervalSince1970) \(zone.secondsFromGMT(for: change))")
        next = zone.nextDaylightSavingTimeTransition(after: change)
    }
    print(name, zone.secondsFromGMT(for: time), zone.abbreviation(for: time) ?? "", changes)
}

for kind in [Calendar.Identifier.gregorian, .iso8601] {
    var calendar = Calendar(identifier: kind)
    calendar.timeZone = TimeZone(identifier: "Europe/Berlin") ?? .gmt
    let parts: Set<Calendar.Component> = [.year, .month, .day, .hour, .weekday, .weekOfYear]
    print(calendar.dateComponents(parts, from: time), calendar.startOfDay(for: time), calendar)
}
let formatter = DateFormatter()
formatter.locale = Locale(identifier: "en_US_POSIX")
formatter.timeZone = TimeZone(identifier: "Europe/Berlin")
for format in [
    "yyyy-MM-dd HH:mm:ss.SSS", "EEE, dd MMM yyyy HH:mm:ss z", "yyyy-MM-dd'T'HH:mm:ssXXXXX",
] {
    formatter.dateFormat = format
    let text = formatter.string(from: time)
    print(text, formatter.date(from: text) ?? "is no time")
}
print(ISO8601DateFormatter().string(from: time), time.ISO8601Format(), time, time.formatted())
print(
    Locale.current, Calendar.current.firstWeekday, 1234567.5.formatted(), 0.25.formatted(.percent))
print(String(format: "%.2f %5d %@", locale: .current, 1234.5, 42, "ä" as NSString))

for host in [
    "exämple.com", "BÜCHER.example", "faß.de", "日本語.jp", "Ⅷ.example", "xn--bcher-kva.example",
] {
    print(
        URL(string: "https://\(host)/ä?q=ö") ?? "is no URL",
        URLComponents(string: "//\(host)") ?? "")
}
for text in ["Straße ÄÖÜ", "ΑΣΟΣ", "İstanbul", "ﬁn naïve"] {
    print(text.lowercased(), text.uppercased(), text.capitalized, text.localizedLowercase)
    print(text.folding(options: [.diacriticInsensitive, .caseInsensitive], locale: nil))
    print(
        text.precomposedStringWithCompatibilityMapping,
        text.matches(of: #/\b\w+/#.ignoresCase()).count)
}
print("a10".compare("a9", options: .numeric).rawValue, "ä".caseInsensitiveCompare("Ä").rawValue)
print(
    try NSRegularExpression(pattern: #"(?i)\b\p{L}+ss\b"#).numberOfMatches(
        in: "Mass ÄSS x", range: NSRange(location: 0, length: 10)))
print(CocoaError(.fileNoSuchFile).localizedDescription, POSIXError(.EACCES).localizedDescription)
