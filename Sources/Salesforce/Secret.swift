public import Conversion

extension Secret {
    /// Whether this is a JSON Web Token rather than Salesforce's opaque `00D...!...`.
    ///
    /// The SOAP API answers such tokens with INVALID_SESSION_ID always, which looks like an
    /// expired session and would be renewed without end.
    /// Source: Salesforce Help, "JSON Web Token (JWT)-Based Access Tokens".
    public var isJSONWebToken: Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isInParts = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(\.isBase64URL) }
        return (parts.count == 3 && isInParts) || text.hasPrefix("eyJ")
    }

    /// Whether it can stand in a header and in XML as it is: visible ASCII, nothing else.
    var isHeaderSafe: Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

extension UInt8 {
    fileprivate var isBase64URL: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "="):
            true
        default:
            false
        }
    }
}
