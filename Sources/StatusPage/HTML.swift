import Conversion

/// A piece of HTML. What is put into its text is escaped, unless it is HTML itself.
///
///     let cell: HTML = "<td title=\"\(message)\">\(code)</td>"
///
/// Attributes stand in double quotes, always: then escaping is all that text needs to stay text.
struct HTML: ExpressibleByStringInterpolation, Sendable {
    let text: String

    static let none: HTML = ""

    init(stringLiteral text: String) {
        self.text = text
    }

    init(stringInterpolation interpolation: StringInterpolation) {
        text = interpolation.text
    }

    private init(text: String) {
        self.text = text
    }

    /// Text that is HTML already: our own, never anybody else's.
    static func trusted(_ text: String) -> HTML { HTML(text: text) }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ html: HTML) { text += html.text }
        mutating func appendInterpolation(_ pieces: [HTML]) {
            for piece in pieces { text += piece.text }
        }
        mutating func appendInterpolation(_ string: String) { text += HTML.escaped(string) }
        mutating func appendInterpolation(_ number: Int) { text += String(number) }
        mutating func appendInterpolation(_ number: Int64) { text += String(number) }
    }

    /// Escaped for text and for attributes in quotes. Control characters, which HTML forbids, become
    /// the replacement character.
    static func escaped(_ string: String) -> String {
        guard string.unicodeScalars.contains(where: { replacement(of: $0) != nil }) else {
            return string
        }
        var text = ""
        for scalar in string.unicodeScalars { text += replacement(of: scalar) ?? String(scalar) }
        return text
    }

    private static func replacement(of scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "&": "&amp;"
        case "<": "&lt;"
        case ">": "&gt;"
        case "\"": "&quot;"
        case "'": "&#39;"
        case "\t", "\n", "\r": nil
        default: scalar.isControl ? "\u{FFFD}" : nil
        }
    }
}
