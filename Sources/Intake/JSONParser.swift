/// Reads one JSON value, RFC 8259, from its bytes.
///
/// Ours, because numbers must stay as they are written (ids of 18 digits, 1.0), which JSONDecoder
/// does not do; and an element is at most a record long, so that there is nothing to stream.
struct JSONParser {
    /// Values may stand in each other this deep: a bound for our stack.
    private static let deepest = 64

    let bytes: ArraySlice<UInt8>
    var place: Int
    private var depth = 0

    /// The value that the bytes, which are UTF-8, hold.
    static func parse(_ bytes: ArraySlice<UInt8>) throws(RowError) -> Value {
        var parser = JSONParser(bytes)
        let value = try parser.value()
        parser.skipBlanks()
        guard parser.next == nil else { throw parser.error("something stands behind it") }
        return value
    }

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    var next: UInt8? { place < bytes.endIndex ? bytes[place] : nil }

    private mutating func value() throws(RowError) -> Value {
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"): return .object(try nested(Self.members))
        case UInt8(ascii: "["): return .list(try nested(Self.elements))
        case .quote: return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .flag(true))
        case UInt8(ascii: "f"): return try word("false", .flag(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || byte.isDigit: return try number()
        case nil: throw error("it ends too early")
        default: throw error("no value begins like this")
        }
    }

    private mutating func nested<Content>(
        _ read: (inout JSONParser) throws(RowError) -> Content
    ) throws(RowError) -> Content {
        depth += 1
        guard depth <= Self.deepest else { throw error("brackets stand too deep in each other") }
        place += 1
        let content = try read(&self)
        depth -= 1
        return content
    }

    private static func members(_ parser: inout JSONParser) throws(RowError) -> [Value.Member] {
        var members: [Value.Member] = []
        guard !parser.skip(UInt8(ascii: "}")) else { return members }
        repeat {
            parser.skipBlanks()
            guard parser.next == .quote else { throw parser.error("a key in quotes is missing") }
            let name = try parser.text()
            guard parser.skip(UInt8(ascii: ":")) else { throw parser.error("a colon is missing") }
            members.append(Value.Member(name: name, value: try parser.value()))
        } while parser.skip(UInt8(ascii: ","))
        guard parser.skip(UInt8(ascii: "}")) else {
            throw parser.error("a comma or } is missing")
        }
        return members
    }

    private static func elements(_ parser: inout JSONParser) throws(RowError) -> [Value] {
        var elements: [Value] = []
        guard !parser.skip(UInt8(ascii: "]")) else { return elements }
        repeat {
            elements.append(try parser.value())
        } while parser.skip(UInt8(ascii: ","))
        guard parser.skip(UInt8(ascii: "]")) else {
            throw parser.error("a comma or ] is missing")
        }
        return elements
    }

    private mutating func word(_ word: StaticString, _ value: Value) throws(RowError) -> Value {
        let text = word.description
        guard bytes[place...].starts(with: text.utf8) else {
            throw error("no value begins like this")
        }
        place += text.utf8.count
        return value
    }

    private mutating func number() throws(RowError) -> Value {
        let start = place
        _ = skipByte(UInt8(ascii: "-"))
        if !skipByte(UInt8(ascii: "0")) { try digits() }
        if skipByte(UInt8(ascii: ".")) { try digits() }
        if skipByte(UInt8(ascii: "e")) || skipByte(UInt8(ascii: "E")) {
            _ = skipByte(UInt8(ascii: "+")) || skipByte(UInt8(ascii: "-"))
            try digits()
        }
        return .number(String(decoding: bytes[start..<place], as: UTF8.self))
    }

    private mutating func digits() throws(RowError) {
        guard next?.isDigit == true else { throw error("a digit is missing") }
        while next?.isDigit == true { place += 1 }
    }

    private mutating func skipBlanks() {
        while next?.isBlank == true { place += 1 }
    }

    /// Skips blanks, then this byte if it comes next.
    private mutating func skip(_ byte: UInt8) -> Bool {
        skipBlanks()
        return skipByte(byte)
    }

    mutating func skipByte(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        place += 1
        return true
    }

    func error(_ sentence: String) -> RowError {
        RowError("not valid JSON: at its byte \(place - bytes.startIndex + 1) \(sentence)")
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
