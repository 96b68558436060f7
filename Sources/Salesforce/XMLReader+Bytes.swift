/// The reader's pieces: names, attributes, text.
extension XMLReader {
    /// The byte to come, or nil at the end.
    func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    /// Steps over a text if it comes next.
    mutating func skip(_ text: String) -> Bool {
        guard bytes[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    mutating func skipBlanks() {
        _ = take(while: \.isBlank)
    }

    /// The bytes up to the first one that is not wanted.
    mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = bytes[position...].prefix(while: isWanted)
        position = taken.endIndex
        return taken
    }

    /// The bytes up to an ending, which is stepped over.
    mutating func take(through ending: String) throws(Malformed) -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.count {
            let end = position
            if skip(ending) { return bytes[start..<end] }
            position += 1
        }
        throw Malformed()
    }

    /// A name, prefix included.
    mutating func name() throws(Malformed) -> ArraySlice<UInt8> {
        let name = take(while: \.isNamePart)
        guard !name.isEmpty else { throw Malformed() }
        return name
    }

    /// `name="value"`, in either kind of quotes.
    mutating func attribute() throws(Malformed) -> (name: String, value: String) {
        let name = try string(name())
        skipBlanks()
        guard skip("=") else { throw Malformed() }
        skipBlanks()
        guard let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw Malformed()
        }
        position += 1
        let value = take { $0 != quote && $0 != UInt8(ascii: "<") }
        guard peek() == quote else { throw Malformed() }
        position += 1
        return (name, try text(of: value))
    }

    /// Bytes as they are.
    func string(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> String {
        guard !bytes.contains(0), let string = String(validating: bytes, as: UTF8.self) else {
            throw Malformed()
        }
        return string
    }

    /// Bytes with the references in them resolved.
    func text(of bytes: ArraySlice<UInt8>) throws(Malformed) -> String {
        var rest = bytes
        var text = ""
        while let ampersand = rest.firstIndex(of: UInt8(ascii: "&")) {
            guard let end = rest[ampersand...].firstIndex(of: UInt8(ascii: ";")) else {
                throw Malformed()
            }
            text += try string(rest[..<ampersand])
            text.unicodeScalars.append(try scalar(string(rest[ampersand..<end].dropFirst())))
            rest = rest[end...].dropFirst()
        }
        return text.isEmpty ? try string(rest) : try text + string(rest)
    }

    private func scalar(_ reference: String) throws(Malformed) -> Unicode.Scalar {
        switch reference {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            let isHexadecimal = reference.hasPrefix("#x")
            let digits = reference.dropFirst(isHexadecimal ? 2 : 1)
            guard reference.hasPrefix("#"), digits.allSatisfy(\.isHexDigit),
                let value = UInt32(digits, radix: isHexadecimal ? 16 : 10), value != 0,
                let scalar = Unicode.Scalar(value)
            else { throw Malformed() }
            return scalar
        }
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool {
        self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09
    }

    /// Whatever does not end a name; XML is stricter, and nothing depends on it here.
    fileprivate var isNamePart: Bool {
        switch self {
        case 0...0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "/"),
            UInt8(ascii: "="), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "&"):
            false
        default:
            true
        }
    }
}

extension String {
    /// The name behind the prefix: `sf:exceptionCode` is `exceptionCode`.
    var localPart: String {
        guard let colon = utf8.lastIndex(of: UInt8(ascii: ":")) else { return self }
        return String(self[utf8.index(after: colon)...])
    }

    /// What XML Schema takes for true.
    var isXMLTrue: Bool { self == "true" || self == "1" }
}
