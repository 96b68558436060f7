// Texts that HTTP has a form of its own for.

extension Timestamp {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    /// 1970 began on a Thursday.
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    /// Reads `Sun, 22 Nov 2026 07:31:48 GMT`, the form that RFC 9110 demands; anything else is nil.
    public init?(httpDate text: String) {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT",
            let month = Self.months.firstIndex(of: String(words[2]))
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        self.init("\(words[3])-\(number)-\(words[1])T\(words[4]).000Z")
    }

    /// As HTTP writes it: `Sun, 22 Nov 2026 07:31:48 GMT`.
    public var httpDate: String {
        let text = description
        let month = Int(text.dropFirst(5).prefix(2)).map { Self.months[$0 - 1] } ?? ""
        let day = Self.days[Int((milliseconds / 86_400_000 % 7 + 7) % 7)]
        return "\(day), \(text.dropFirst(8).prefix(2)) \(month) \(text.prefix(4)) "
            + "\(text.dropFirst(11).prefix(8)) GMT"
    }
}

extension StringProtocol {
    /// Whether a host of this name or number is this machine, and cannot be another.
    public var isLoopbackHost: Bool {
        let numbers = split(separator: ".", omittingEmptySubsequences: false)
        return ["localhost", "::1", "[::1]"].contains(lowercased())
            || numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }
}
