/// The id of a Salesforce record, held in its 18-character form.
///
/// Salesforce hands out 15 case-sensitive characters; the three behind them repeat the case of
/// those fifteen, so that an id survives programs that fold case. Both forms name one record:
/// two ids are equal when their first fifteen characters are.
/// Source: developer.salesforce.com, SOAP API Developer Guide, "Field Types", ID.
public struct RecordID: Hashable, Sendable, CustomStringConvertible {
    /// The objects whose ids we are given, each with the three characters its ids begin with.
    public enum Kind: String, Sendable, CaseIterable {
        case lead = "00Q"
        case account = "001"
        case contact = "003"
        case opportunity = "006"
        /// A user, `005`; a queue (`00G`) can own a lead but not what it is converted into.
        case user = "005"
    }

    // The bytes of its 18 characters. Ids are copied by the million, and a string's copies are counted.
    private let first: UInt64
    private let second: UInt64
    private let third: UInt16

    /// Reads an id of 15 or 18 characters.
    /// - Throws: `MalformedRecordID`, which says what is wrong.
    public init(_ text: some StringProtocol, of kind: Kind) throws(MalformedRecordID) {
        // An id is read for each of a million rows: its bytes are looked at where they are.
        var text = String(text)
        self = try text.withUTF8 { Self.read($0, of: kind) }.get()
    }

    /// The id of which these are the first fifteen characters; nil when they are not an id's.
    public init?(stem: some StringProtocol, of kind: Kind) {
        guard stem.utf8.count == 15, let id = try? RecordID(stem, of: kind) else { return nil }
        self = id
    }

    /// - Parameter bytes: Fifteen letters and digits; what stands behind them is not looked at.
    private init(stem bytes: UnsafeBufferPointer<UInt8>) {
        var words: (UInt64, UInt64, UInt16) = (0, 0, 0)
        withUnsafeMutableBytes(of: &words) { words in
            for place in 0..<15 { words[place] = bytes[place] }
            for group in 0..<3 { words[15 + group] = Self.suffix(of: bytes, group) }
        }
        (first, second, third) = words
    }

    private static func read(
        _ bytes: UnsafeBufferPointer<UInt8>, of kind: Kind
    ) -> Result<RecordID, MalformedRecordID> {
        guard bytes.count == 15 || bytes.count == 18 else { return .failure(.length(bytes.count)) }
        guard bytes.allSatisfy(\.isLetterOrDigit) else { return .failure(.character) }
        guard bytes.starts(with: kind.rawValue.utf8) else {
            return .failure(.prefix(expected: kind))
        }
        let id = RecordID(stem: bytes)
        let isWhole = bytes.count == 15 || id.withUTF8 { $0[15...].elementsEqual(bytes[15...]) }
        return isWhole
            ? .success(id) : .failure(.suffix(expected: String(id.description.suffix(3))))
    }

    /// Gives its 18 characters, suffix included, as bytes.
    public func withUTF8<Value>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Value
    ) rethrows -> Value {
        try withUnsafeBytes(of: (first, second, third)) { bytes in
            try body(UnsafeBufferPointer(rebasing: bytes.bindMemory(to: UInt8.self)[..<18]))
        }
    }

    /// The 18 characters, suffix included.
    public var description: String { withUTF8 { String(decoding: $0, as: UTF8.self) } }

    /// The 15 characters that tell it from all others; the other three only guard its letters' case.
    public var short: String { withUTF8 { String(decoding: $0[..<15], as: UTF8.self) } }

    /// For a group of five characters the letter that says which of them are capitals.
    ///
    /// `00QD0` has capitals at places 2 and 3: 4 + 8 = 12, which is `M`; `00000` has none: `A`.
    private static func suffix(of bytes: UnsafeBufferPointer<UInt8>, _ group: Int) -> UInt8 {
        var capitals: UInt8 = 0
        for place in 0..<5 where bytes[group * 5 + place].isCapital { capitals |= 1 << place }
        return capitals < 26 ? UInt8(ascii: "A") + capitals : UInt8(ascii: "0") + capitals - 26
    }
}

/// Why a text is not the id of a record.
public enum MalformedRecordID: Error, Equatable, CustomStringConvertible {
    /// Neither 15 nor 18 characters.
    case length(Int)
    /// A character that is neither an ASCII letter nor a digit.
    case character
    /// An id of another object.
    case prefix(expected: RecordID.Kind)
    /// The last three characters do not belong to the first fifteen.
    case suffix(expected: String)

    /// What is wrong, without the id itself.
    public var description: String {
        switch self {
        case .length(let count):
            "an id has 15 or 18 characters, this one has \(count)"
        case .character:
            "an id has only the letters A-Z, a-z and the digits"
        case .prefix(let kind):
            "the id of a \(kind) begins with \(kind.rawValue)"
        case .suffix(let expected):
            "its last three characters should be \(expected): one of the characters is mistyped"
        }
    }
}

extension UInt8 {
    fileprivate var isCapital: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }

    fileprivate var isLetterOrDigit: Bool {
        isCapital || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
