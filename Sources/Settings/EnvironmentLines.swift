/// Reads `NAME=value` lines as systemd does.
///
/// Blank lines and those that begin with `#` or `;` say nothing. A value may begin with single
/// quotes, where all counts as it is, or with double quotes, where a backslash takes the meaning
/// from `"`, `\`, `` ` `` and `$`; outside of quotes it does so from any character. From the first
/// character on that stands in none, a quote is a character like others. At a line's end a backslash
/// joins the next line. Source: systemd.exec(5), `EnvironmentFile=`, and its env-file.c.
struct EnvironmentLines {
    /// An assignment, and where it stands: from its name to the end of its last line.
    struct Assignment {
        var name: String
        var value: String
        var range: Range<String.Index>
    }

    private var rest: Substring.UnicodeScalarView
    private var line = 1

    init(_ text: String) {
        // A carriage return and a line feed are two scalars, and one character.
        rest = text[...].unicodeScalars
    }

    /// The variables; of one that stands twice, the last.
    mutating func variables() throws(UnusableFile) -> [String: String] {
        Dictionary(try assignments().map { ($0.name, $0.value) }) { $1 }
    }

    /// All assignments, in their order.
    mutating func assignments() throws(UnusableFile) -> [Assignment] {
        var assignments: [Assignment] = []
        while let first = rest.first {
            if first.isBlank || first == "\n" {
                next()
            } else if first == "#" || first == ";" {
                skipLine()
            } else {
                let start = rest.startIndex
                let (name, value) = (try name(), try value())
                assignments.append(
                    Assignment(name: name, value: value, range: start..<rest.startIndex))
            }
        }
        return assignments
    }

    @discardableResult
    private mutating func next() -> Unicode.Scalar? {
        guard let scalar = rest.popFirst() else { return nil }
        if scalar == "\n" { line += 1 }
        return scalar
    }

    private mutating func skipLine() {
        while let scalar = next(), scalar != "\n" {}
    }

    private mutating func name() throws(UnusableFile) -> String {
        let start = line
        var name = String.UnicodeScalarView()
        while let scalar = rest.first, scalar != "=", scalar != "\n" {
            name.append(scalar)
            next()
        }
        let text = String(name).trimmingBlanks
        // The line itself may hold a secret that lost its name.
        guard next() == "=", text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil else {
            throw UnusableFile(rule: "line \(start) must be NAME=value, or begin with #")
        }
        return text
    }

    private mutating func value() throws(UnusableFile) -> String {
        let start = line
        var value = String.UnicodeScalarView()
        // Blanks at both ends do not count, unless they are quoted or escaped.
        var pending = String.UnicodeScalarView()
        var mayBeQuoted = true
        func add(_ scalar: Unicode.Scalar) {
            value.append(contentsOf: pending)
            value.append(scalar)
            pending = .init()
            mayBeQuoted = false
        }
        while let scalar = next(), scalar != "\n" {
            switch scalar {
            case "'" where mayBeQuoted, "\"" where mayBeQuoted:
                guard let quoted = quoted(by: scalar) else {
                    throw UnusableFile(rule: "the quote that line \(start) opens is never closed")
                }
                value.append(contentsOf: quoted)
            case "\\":
                if let escaped = next(), escaped != "\n" { add(escaped) }
            case _ where scalar.isBlank:
                if !mayBeQuoted { pending.append(scalar) }
            default:
                add(scalar)
            }
        }
        return String(value)
    }

    private mutating func quoted(by quote: Unicode.Scalar) -> String.UnicodeScalarView? {
        var quoted = String.UnicodeScalarView()
        while let scalar = next() {
            if scalar == quote { return quoted }
            guard scalar == "\\", quote == "\"" else {
                quoted.append(scalar)
                continue
            }
            guard let escaped = next() else { return nil }
            if escaped == "\n" { continue }
            if !["\"", "\\", "`", "$"].contains(escaped) { quoted.append(scalar) }
            quoted.append(escaped)
        }
        return nil
    }
}

extension Unicode.Scalar {
    fileprivate var isBlank: Bool { self == " " || self == "\t" || self == "\r" }
}

extension String {
    fileprivate var trimmingBlanks: String {
        let scalars = unicodeScalars.drop(while: \.isBlank)
        let end = scalars.reversed().prefix(while: \.isBlank).count
        return String(scalars.dropLast(end))
    }
}
