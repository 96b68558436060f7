import NIOCore

extension ByteBuffer {
    /// Writes text so that it is text and nothing else, wherever it stands in XML.
    ///
    /// What XML 1.0 cannot hold at all (control characters, two noncharacters) is left out: one
    /// such character would make the whole call unreadable, a hundred leads with it.
    mutating func writeXMLText(_ text: String) {
        guard text.utf8.contains(where: \.needsCare) else {
            writeString(text)
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": writeStaticString("&amp;")
            case "<": writeStaticString("&lt;")
            case ">": writeStaticString("&gt;")
            case "\"": writeStaticString("&quot;")
            case "'": writeStaticString("&apos;")
            case "\r": writeStaticString("&#13;")  // as it is, it would arrive as a line feed
            case "\t", "\n": writeInteger(UInt8(scalar.value))
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": break
            default: writeBytes(UTF8.encode(scalar).map { Array($0) } ?? [])
            }
        }
    }
}

extension UInt8 {
    /// `0xEF` begins the noncharacters, and others that are fine.
    fileprivate var needsCare: Bool {
        switch self {
        case 0..<0x20, UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"),
            UInt8(ascii: "\""), UInt8(ascii: "'"), 0xEF:
            true
        default:
            false
        }
    }
}
