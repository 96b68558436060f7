import Conversion

/// How an input's characters are written.
public enum TextEncoding: String, CaseIterable, Sendable {
    /// What nearly everything writes today.
    case utf8 = "utf-8"
    /// What spreadsheets call Unicode text; a byte order mark says which half comes first.
    case utf16 = "utf-16"
    /// What Windows programs write in Western Europe and the Americas.
    case windows1252 = "windows-1252"
    /// Windows-1252's predecessor; its characters are a part of Windows-1252's.
    case latin1 = "iso-8859-1"

    /// The encoding of that name, in any case.
    public init?(named name: String) {
        self.init(rawValue: name.lowercased())
    }

    /// Decodes a source to UTF-8.
    func decoded(_ source: ByteSource) -> ByteSource {
        switch self {
        case .utf8:
            return source
        case .windows1252, .latin1:
            return ByteSource(name: source.name) { () throws(OperatorError) in
                Self.fromWindows1252(try source.next())
            }
        case .utf16:
            var decoder = UTF16Decoder(name: source.name)
            return ByteSource(name: source.name) { () throws(OperatorError) in
                // A piece may hold less than one character, and an empty one would be the end.
                while true {
                    let piece = try source.next()
                    let text = try decoder.decode(piece)
                    if piece.isEmpty || !text.isEmpty { return text }
                }
            }
        }
    }

    private static func fromWindows1252(_ piece: [UInt8]) -> [UInt8] {
        guard piece.contains(where: { $0 >= 0x80 }) else { return piece }
        let units = piece.map { byte in
            (0x80..<0xA0).contains(byte) ? special[Int(byte) - 0x80] : UInt16(byte)
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    /// The characters of 80 to 9F. Source: WHATWG Encoding Standard, index windows-1252.
    private static let special: [UInt16] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013,
        0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ]
}

/// UTF-16 with a byte order mark, or else with the low half first, as Windows writes it.
private struct UTF16Decoder {
    let name: String
    private var rest: [UInt8] = []
    private var isBigEndian: Bool?

    init(name: String) {
        self.name = name
    }

    /// The text of a piece, as far as its characters are whole; an empty piece is the end.
    mutating func decode(_ piece: [UInt8]) throws(OperatorError) -> [UInt8] {
        let bytes = rest + piece
        rest = []
        if piece.isEmpty, !bytes.isEmpty { throw malformed }
        guard bytes.count >= 2 else {
            rest = bytes
            return []
        }
        var units = units(of: bytes)
        if bytes.count % 2 == 1 { rest = [bytes[bytes.count - 1]] }
        if let last = units.last, UTF16.isLeadSurrogate(last) {
            units.removeLast()
            rest = Array(bytes.suffix(2 + rest.count))
        }
        guard let text = String(validating: units, as: UTF16.self) else { throw malformed }
        return Array(text.utf8)
    }

    private mutating func units(of bytes: [UInt8]) -> [UInt16] {
        let bigEndian = isBigEndian ?? bytes.starts(with: [0xFE, 0xFF])
        var units = stride(from: 0, to: bytes.count - 1, by: 2).map { index in
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            return bigEndian ? first << 8 | second : second << 8 | first
        }
        if isBigEndian == nil, units.first == 0xFEFF { units.removeFirst() }
        isBigEndian = bigEndian
        return units
    }

    private var malformed: OperatorError {
        OperatorError(
            .dataRefused, "\(name): not UTF-16 text.",
            remedy: "Name its encoding with --encoding: utf-8, utf-16, windows-1252 or iso-8859-1.")
    }
}
