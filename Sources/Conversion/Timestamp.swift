import Glibc

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
        var date = tm()
        (date.tm_year, date.tm_mon, date.tm_mday) = (year - 1900, month - 1, day)
        (date.tm_hour, date.tm_min, date.tm_sec) = (hour, minute, second)
        let seconds = timegm(&date)
        // Of a day that its month lacks it has made one of the next.
        guard date.tm_mday == day else { return nil }
        milliseconds = Int64(seconds) * 1000 + Int64(fraction)
    }

    /// The 24 characters.
    public var description: String {
        let fraction = (milliseconds % 1000 + 1000) % 1000
        var (seconds, date) = (Int(milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0)), tm())
        gmtime_r(&seconds, &date)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func write(_ number: Int32, _ width: Int, _ end: Character) {
            var divisor = (1..<width).reduce(Int32(1)) { power, _ in power * 10 }
            while divisor > 0 {
                text.append(UInt8(48 + number / divisor % 10))
                divisor /= 10
            }
            text.append(end.asciiValue ?? 0)
        }
        write(date.tm_year + 1900, 4, "-")
        write(date.tm_mon + 1, 2, "-")
        write(date.tm_mday, 2, "T")
        write(date.tm_hour, 2, ":")
        write(date.tm_min, 2, ":")
        write(date.tm_sec, 2, ".")
        write(Int32(fraction), 3, "Z")
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

    private static func number(_ digits: ArraySlice<UInt8>) -> Int32? {
        digits.reduce(Int32?(0)) { sum, digit in
            guard let sum, (48...57).contains(digit) else { return nil }
            return sum * 10 + Int32(digit - 48)
        }
    }
}
