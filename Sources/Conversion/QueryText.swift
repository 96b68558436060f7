/// Text in a SOQL query, and in the URL that carries the query.
extension String {
    /// A text's bytes, as values of one query, in its URL at most. With its headers a request may have
    /// 16,384 (Salesforce Developer Limits, API request limits).
    public static let mostBytesOfQueryValues = 12_000

    /// As a value in a query. A backslash takes away the meaning of a quote and of itself.
    /// Source: SOQL and SOSL Reference, "Quoted String Escape Sequences".
    public var soqlQuoted: String {
        "'" + replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }

    /// As it stands in a URL's query or in a form: of all characters the unreserved ones of RFC 3986 are
    /// left, so that a plus stays a plus.
    public var percentEncoded: String {
        utf8.reduce(into: "") { text, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    /// What it takes as one of several values in a query's URL, its comma included.
    public var bytesAsQueryValue: Int { soqlQuoted.percentEncoded.utf8.count + 3 }
}
