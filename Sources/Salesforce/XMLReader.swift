import NIOCore

/// Reads an answer in one pass over its bytes, or not at all.
///
/// It is given whatever a server sends and must never do worse than refuse it. On Linux,
/// Foundation's parser does: an element's name that is not UTF-8 brings the process down. What
/// SOAP needs of XML is little enough to be read here: elements, attributes, text, character data.
/// Comments and instructions are skipped; a DOCTYPE, and with it every entity but the five, is
/// refused.
struct XMLReader {
    /// The bytes are not one whole well-formed document in UTF-8, or it is out of proportion.
    struct Malformed: Error {}

    /// SOAP needs 6 levels, a duplicate rule's matches about 12.
    private static let deepest = 40
    /// 100 results need about 1,000 elements, with duplicates some 10,000.
    private static let most = 200_000

    private let bytes: [UInt8]
    private var position = 0
    private var elements: [XMLDocument.Element] = []
    private var text: [UInt8] = []
    /// The elements that have not ended, each with its name, prefix included.
    private var open: [(index: Int, name: Range<Int>)] = []

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        text.reserveCapacity(bytes.count / 2)
    }

    /// The root element, or nil.
    static func read(_ body: ByteBuffer) -> XMLNode? {
        let bytes = Array(body.readableBytesView)
        do {
            _ = try UTF8Span(validating: bytes.span)
            var reader = XMLReader(bytes)
            return XMLNode(try reader.document())
        } catch {
            return nil
        }
    }

    private mutating func document() throws(Malformed) -> XMLDocument {
        _ = skip("\u{FEFF}")
        while let byte = peek() {
            if byte == UInt8(ascii: "<") {
                try readMarkup()
            } else if !open.isEmpty {
                try readText(upTo: UInt8(ascii: "<"))
            } else {
                guard byte.isBlank else { throw Malformed() }
                position += 1
            }
        }
        guard open.isEmpty, !elements.isEmpty else { throw Malformed() }
        return XMLDocument(bytes: bytes, text: text, elements: elements)
    }

    private mutating func readMarkup() throws(Malformed) {
        if skip("</") {
            try readEndTag()
        } else if skip("<?") {
            _ = try take(through: "?>")
        } else if skip("<!--") {
            _ = try take(through: "-->")
        } else if !open.isEmpty, skip("<![CDATA[") {
            let data = bytes[try take(through: "]]>")]
            guard !data.contains(0) else { throw Malformed() }
            text += data
        } else if skip("<!") {
            throw Malformed()
        } else {
            position += 1
            try readStartTag()
        }
    }

    // MARK: - Tags

    private mutating func readStartTag() throws(Malformed) {
        guard elements.isEmpty || !open.isEmpty, elements.count < Self.most,
            open.count < Self.deepest
        else { throw Malformed() }
        let (name, localPart) = try readName()
        let index = elements.count
        elements.append(
            .init(name: localPart, text: text.count..<text.count, end: index + 1))
        skipBlanks()
        while let byte = peek(), byte != UInt8(ascii: "/"), byte != UInt8(ascii: ">") {
            if try readAttribute() { elements[index].isNil = true }
            skipBlanks()
        }
        let isEmpty = skip("/")
        guard skip(">") else { throw Malformed() }
        if !isEmpty { open.append((index, name)) }
    }

    private mutating func readEndTag() throws(Malformed) {
        let (name, _) = try readName()
        skipBlanks()
        guard skip(">"), let start = open.popLast(), areEqual(start.name, name) else {
            throw Malformed()
        }
        elements[start.index].text = elements[start.index].text.lowerBound..<text.count
        elements[start.index].end = elements.count
    }

    /// A name, and what of it stands behind the prefix.
    private mutating func readName() throws(Malformed) -> (Range<Int>, localPart: Range<Int>) {
        let start = position
        var localStart = start
        while let byte = peek(), byte.isNamePart {
            position += 1
            if byte == UInt8(ascii: ":") { localStart = position }
        }
        guard position > start else { throw Malformed() }
        return (start..<position, localStart..<position)
    }

    /// `name="value"`, in either kind of quotes.
    /// - Returns: Whether it says that the element is nil.
    private mutating func readAttribute() throws(Malformed) -> Bool {
        let (_, name) = try readName()
        skipBlanks()
        guard skip("=") else { throw Malformed() }
        skipBlanks()
        guard let quote = peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw Malformed()
        }
        position += 1
        let start = text.count
        try readText(upTo: quote)
        guard peek() == quote else { throw Malformed() }
        position += 1
        let value = start..<text.count
        let isTrue = text.hold("true", at: value) || text.hold("1", at: value)
        text.removeSubrange(value)
        return isTrue && bytes.hold("nil", at: name)
    }

    // MARK: - Text

    /// Adds what stands up to a byte, or up to the next tag, with the references in it resolved.
    private mutating func readText(upTo end: UInt8) throws(Malformed) {
        var start = position
        while let byte = peek(), byte != end, byte != UInt8(ascii: "<") {
            guard byte != 0 else { throw Malformed() }
            if byte == UInt8(ascii: "&") {
                text += bytes[start..<position]
                try readReference()
                start = position
            } else {
                position += 1
            }
        }
        text += bytes[start..<position]
    }

    private mutating func readReference() throws(Malformed) {
        position += 1
        let reference = String(decoding: bytes[try take(through: ";")], as: UTF8.self)
        switch reference {
        case "amp": text.append(UInt8(ascii: "&"))
        case "lt": text.append(UInt8(ascii: "<"))
        case "gt": text.append(UInt8(ascii: ">"))
        case "quot": text.append(UInt8(ascii: "\""))
        case "apos": text.append(UInt8(ascii: "'"))
        default:
            let isHexadecimal = reference.hasPrefix("#x")
            let digits = reference.dropFirst(isHexadecimal ? 2 : 1)
            guard reference.hasPrefix("#"), digits.allSatisfy(\.isHexDigit),
                let value = UInt32(digits, radix: isHexadecimal ? 16 : 10), value != 0,
                let scalar = Unicode.Scalar(value)
            else { throw Malformed() }
            text += String(scalar).utf8
        }
    }

    // MARK: - Bytes

    private func areEqual(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        one.count == other.count
            && zip(one, other).allSatisfy { bytes[$0] == bytes[$1] }
    }

    /// The byte to come, or nil at the end.
    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    /// Steps over a text if it comes next.
    private mutating func skip(_ text: StaticString) -> Bool {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count, bytes.hold(text, at: position..<end) else { return false }
        position = end
        return true
    }

    private mutating func skipBlanks() {
        while let byte = peek(), byte.isBlank { position += 1 }
    }

    /// What stands before a terminator, which is stepped over.
    private mutating func take(through terminator: StaticString) throws(Malformed) -> Range<Int> {
        let start = position
        while position < bytes.count {
            let end = position
            if skip(terminator) { return start..<end }
            position += 1
        }
        throw Malformed()
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
