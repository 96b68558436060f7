extension JSONParser {
    /// Reads the text whose opening quote comes next.
    mutating func text() throws(RowError) -> String {
        place += 1
        let start = place
        while let byte = next, byte != .quote, byte != UInt8(ascii: "\\"), byte >= 0x20 {
            place += 1
        }
        let plain = bytes[start..<place]
        if skipByte(.quote) { return String(decoding: plain, as: UTF8.self) }
        return try escapedText(after: plain)
    }

    private mutating func escapedText(after plain: ArraySlice<UInt8>) throws(RowError) -> String {
        var text = Array(plain)
        while let byte = next {
            place += 1
            switch byte {
            case .quote: return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0x20...: text.append(byte)
            default: throw error("a line break or control character stands in a text")
            }
        }
        throw error("a text never ends")
    }

    private mutating func escape(into text: inout [UInt8]) throws(RowError) {
        let letter = next
        place += 1
        switch letter {
        case .quote, UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter ?? 0)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(.lineFeed)
        case UInt8(ascii: "r"): text.append(.carriageReturn)
        case UInt8(ascii: "t"): text.append(.tab)
        case UInt8(ascii: "u"): text += String(try scalar()).utf8
        default: throw error("a backslash stands before a letter that it does not go with")
        }
    }

    /// A character written as one `\uXXXX`, or as the two of a surrogate pair.
    private mutating func scalar() throws(RowError) -> Character {
        let unit = try hexadecimal()
        if let scalar = Unicode.Scalar(unit) { return Character(scalar) }
        guard UTF16.isLeadSurrogate(UInt16(unit)), skipByte(UInt8(ascii: "\\")),
            skipByte(UInt8(ascii: "u"))
        else { throw error("half of a \\u pair stands alone") }
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar((unit - 0xD800) << 10 + (second - 0xDC00) + 0x10000)
        else { throw error("half of a \\u pair stands alone") }
        return Character(scalar)
    }

    private mutating func hexadecimal() throws(RowError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw error("\\u needs four hexadecimal digits") }
            unit = unit << 4 + UInt32(digit)
            place += 1
        }
        return unit
    }
}
