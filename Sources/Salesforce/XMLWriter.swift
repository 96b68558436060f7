import Conversion
import NIOCore

/// Writes a request's envelope into one array; a `ByteBuffer` would check each of its many small
/// writes.
struct XMLWriter {
    private var bytes: [UInt8] = []

    /// - Parameter capacity: About as many bytes as the envelope will have.
    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    /// What has been written, in UTF-8.
    var body: ByteBuffer { ByteBuffer(bytes: bytes) }

    /// An envelope up to the headers that say whose session it is and which client calls.
    mutating func writeEnvelopeStart(token: Secret, client: String) {
        write(
            """
            <?xml version="1.0" encoding="UTF-8"?>\
            <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
            xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header><urn:SessionHeader>
            """)
        writeElement("sessionId", token.text)
        write("</urn:SessionHeader><urn:CallOptions>")
        writeElement("client", client)
        write("</urn:CallOptions>")
    }

    /// An element of Salesforce's with a text, if there is one.
    mutating func writeElement(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        writeStartTag(name)
        writeText(text)
        writeEndTag(name)
    }

    /// An element of Salesforce's with an id, if there is one.
    mutating func writeElement(_ name: StaticString, _ id: RecordID?) {
        guard let id else { return }
        writeStartTag(name)
        id.withUTF8 { bytes += $0 }
        writeEndTag(name)
    }

    mutating func writeElement(_ name: StaticString, _ flag: Bool) {
        writeStartTag(name)
        write(flag ? "true" : "false")
        writeEndTag(name)
    }

    mutating func writeStartTag(_ name: StaticString) {
        write("<urn:")
        write(name)
        write(">")
    }

    mutating func writeEndTag(_ name: StaticString) {
        write("</urn:")
        write(name)
        write(">")
    }

    /// Markup, as it is.
    mutating func write(_ markup: StaticString) {
        bytes += UnsafeBufferPointer(start: markup.utf8Start, count: markup.utf8CodeUnitCount)
    }

    /// Text, so that it is text and nothing else, wherever it stands in XML.
    ///
    /// What XML 1.0 cannot hold at all (control characters, two noncharacters) is left out: one
    /// such character would make the whole call unreadable, a hundred leads with it.
    mutating func writeText(_ text: String) {
        var text = text
        text.withUTF8 { text in
            var start = 0
            for index in text.indices {
                guard let (escape, length) = Self.escape(in: text, at: index) else { continue }
                bytes += text[start..<index]
                write(escape)
                start = index + length
            }
            bytes += text[start...]
        }
    }

    /// What stands for the character that begins at a byte, and that character's length.
    private static func escape(
        in text: UnsafeBufferPointer<UInt8>, at index: Int
    ) -> (StaticString, length: Int)? {
        switch text[index] {
        case UInt8(ascii: "&"): ("&amp;", 1)
        case UInt8(ascii: "<"): ("&lt;", 1)
        case UInt8(ascii: ">"): ("&gt;", 1)
        case UInt8(ascii: "\""): ("&quot;", 1)
        case UInt8(ascii: "'"): ("&apos;", 1)
        case UInt8(ascii: "\r"): ("&#13;", 1)  // as it is, it would arrive as a line feed
        case UInt8(ascii: "\t"), UInt8(ascii: "\n"): nil
        case 0..<0x20: ("", 1)
        // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
        case 0xEF where text[index + 1] == 0xBF && text[index + 2] >= 0xBE: ("", 3)
        default: nil
        }
    }
}
