/// A moment of the wall clock in UTC, to the millisecond, as all our tables write it:
/// `2026-11-22T07:31:48.123Z`. Texts of this form sort as the moments they name.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var milliseconds: Int64

    /// The moment so many milliseconds after 1970 began.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Reads the 24 characters that `description` writes; anything else is nil.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 24, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), bytes[19] == UInt8(ascii: "."),
            bytes[23] == UInt8(ascii: "Z"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
            let day = Self.number(bytes[8..<10]), let hour = Self.number(bytes[11..<13]),
            let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19]),
            let fraction = Self.number(bytes[20..<23]),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        guard Self.date(days: days) == (year, month, day) else { return nil }
        milliseconds = ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + fraction
    }

    /// The 24 characters.
    public var description: String {
        let (days, rest) = Self.divide(milliseconds, by: 86_400_000)
        let (year, month, day) = Self.date(days: days)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func write(_ number: Int64, _ width: Int, _ end: Character) {
            var divisor = (1..<width).reduce(Int64(1)) { power, _ in power * 10 }
            while divisor > 0 {
                text.append(UInt8(48 + number / divisor % 10))
                divisor /= 10
            }
            text.append(end.asciiValue ?? 0)
        }
        write(year, 4, "-")
        write(month, 2, "-")
        write(day, 2, "T")
        write(rest / 3_600_000, 2, ":")
        write(rest / 60_000 % 60, 2, ":")
        write(rest / 1000 % 60, 2, ".")
        write(rest % 1000, 3, "Z")
        return String(decoding: text, as: UTF8.self)
    }

    /// The earlier moment is the lesser.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The moment so many milliseconds later.
    public static func + (left: Timestamp, milliseconds: Int64) -> Timestamp {
        let (sum, overflow) = left.milliseconds.addingReportingOverflow(milliseconds)
        return Timestamp(milliseconds: overflow ? (milliseconds > 0 ? .max : .min) : sum)
    }

    /// How many milliseconds lie between them; negative when `right` is later.
    public static func - (left: Timestamp, right: Timestamp) -> Int64 {
        left.milliseconds - right.milliseconds
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        digits.reduce(Int64?(0)) { sum, digit in
            guard let sum, (48...57).contains(digit) else { return nil }
            return sum * 10 + Int64(digit - 48)
        }
    }

    private static func divide(_ number: Int64, by divisor: Int64) -> (Int64, Int64) {
        let rest = number % divisor
        return rest < 0 ? (number / divisor - 1, rest + divisor) : (number / divisor, rest)
    }

    // Years are counted from March, so that the leap day is the last of its year, in eras of
    // 400 years, which are all 146,097 days long. 719,468 days lie before 1970 in that count.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let (era, yearOfEra) = divide(marchYear, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    private static func date(days: Int64) -> (Int64, Int64, Int64) {
        let (era, dayOfEra) = divide(days + 719_468, by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
