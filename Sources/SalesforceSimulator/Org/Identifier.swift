/// A record's id: fifteen characters, and three that repeat their case.
///
/// Source: developer.salesforce.com, SOAP API Developer Guide, "Field Types", ID.
package struct Identifier: Hashable, Sendable {
    /// All eighteen.
    package let text: String

    /// Reads an id of 15 characters, or of 18 with a right suffix; nil is a malformed one.
    package init?(_ given: String) {
        let bytes = Array(given.utf8)
        guard bytes.count == 15 || bytes.count == 18, bytes.allSatisfy(\.isLetterOrDigit)
        else { return nil }
        let full = bytes.prefix(15) + Self.suffix(of: bytes.prefix(15))
        guard bytes.count == 15 || bytes.elementsEqual(full) else { return nil }
        text = String(decoding: full, as: UTF8.self)
    }

    /// The id of the record with this number. The numbers start high enough that ids of one org
    /// show letters in both cases, as real ones do: 1 is `00QWs0000019C1sMAG` or near it.
    package init(_ entity: Entity, number: Int) {
        var digits = [UInt8](repeating: UInt8(ascii: "0"), count: 10)
        var rest = number + 1_234_567_890
        for place in digits.indices.reversed() where rest > 0 {
            digits[place] = Self.alphabet[rest % 62]
            rest /= 62
        }
        let bytes = Array(entity.prefix.utf8) + Array("Ws".utf8) + digits
        text = String(decoding: bytes + Self.suffix(of: bytes[...]), as: UTF8.self)
    }

    /// Whether it names a record of this object.
    func isOf(_ entity: Entity) -> Bool { text.hasPrefix(entity.prefix) }

    /// Each group of five makes a number: bit n is set where character n is a capital.
    private static func suffix(of bytes: ArraySlice<UInt8>) -> [UInt8] {
        stride(from: bytes.startIndex, to: bytes.endIndex, by: 5).map { start in
            var bits = 0
            for (bit, byte) in bytes[start..<start + 5].enumerated()
            where (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) {
                bits |= 1 << bit
            }
            return letters[bits]
        }
    }

    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345".utf8)
    private static let alphabet = Array(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
