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
