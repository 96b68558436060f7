/// A program and its arguments as one text, in words as a shell would make them, but no shell runs
/// it.
///
/// Blanks separate words; `'...'` holds anything but `'`; in `"..."`, a backslash takes away the
/// meaning of `"`, `\`, `$` and `` ` ``, and outside of quotes that of any character. What only a
/// shell could do (pipes, redirections, variables) is refused unless it is quoted: else it would
/// reach the program as it stands.
public struct CommandText: Hashable, Sendable, CustomStringConvertible {
    /// The program, by its name or absolute path, and its arguments.
    public let words: [String]
    /// The text as it was given.
    public let description: String

    /// Reads a command.
    /// - Throws: `MalformedCommand`, which says what is wrong.
    public init(_ text: String) throws(MalformedCommand) {
        description = text
        words = try CommandWords.split(text)
        guard let program = words.first, !program.isEmpty else {
            throw MalformedCommand(
                "names no program: give its name or absolute path, then its arguments")
        }
        // The daemon may run in another folder than the user.
        guard !program.contains("/") || program.hasPrefix("/") else {
            throw MalformedCommand("names \(program) by a relative path: give the absolute one")
        }
    }
}

/// Why a text is no command.
public struct MalformedCommand: Error, Equatable, CustomStringConvertible {
    /// What is wrong, and what to type.
    public let description: String

    fileprivate init(_ description: String) {
        self.description = description
    }
}

/// Takes a command's text apart into words.
private struct CommandWords {
    private var words: [String] = []
    /// The word that has begun; an empty one may have, as `''`.
    private var word: String?
    private var quote: Character?
    private var isEscaped = false

    static func split(_ text: String) throws(MalformedCommand) -> [String] {
        var splitting = CommandWords()
        for character in text { try splitting.take(character) }
        return try splitting.end()
    }

    private mutating func take(_ character: Character) throws(MalformedCommand) {
        guard character != "\0" else {
            throw MalformedCommand("has a character of value zero, which no argument can hold")
        }
        if isEscaped { return takeEscaped(character) }
        switch (quote, character) {
        case (nil, "\\"), ("\"", "\\"): isEscaped = true
        case (nil, "'"), (nil, "\""): open(character)
        case (character, _): quote = nil
        case (nil, _) where character.isWhitespace: endWord()
        case (nil, _) where Self.shellOnly.contains(character): throw Self.needsShell(character)
        case ("\"", "$"), ("\"", "`"): throw Self.needsShell(character)
        default: add(character)
        }
    }

    private static func needsShell(_ character: Character) -> MalformedCommand {
        MalformedCommand(
            "has a \(character), but no shell runs it: quote the character, or write sh -c '...'")
    }

    private static let shellOnly: Set<Character> = ["|", "&", ";", "<", ">", "(", ")", "$", "`"]
    private static let escapableInQuotes: Set<Character> = ["\"", "\\", "$", "`"]

    private mutating func takeEscaped(_ character: Character) {
        isEscaped = false
        // Between double quotes it is an ordinary character before all others.
        if quote != nil, !Self.escapableInQuotes.contains(character) { add("\\") }
        add(character)
    }

    private mutating func open(_ character: Character) {
        quote = character
        word = word ?? ""
    }

    private mutating func add(_ character: Character) {
        word = (word ?? "") + String(character)
    }

    private mutating func endWord() {
        if let word { words.append(word) }
        word = nil
    }

    private mutating func end() throws(MalformedCommand) -> [String] {
        guard !isEscaped else {
            throw MalformedCommand("ends in a backslash: write \\\\ for the character")
        }
        if let quote {
            throw MalformedCommand(
                "has a \(quote) that is never closed: close it, or write \\\(quote) for the "
                    + "character")
        }
        endWord()
        return words
    }
}

extension String {
    /// The text as a word that a shell takes as it is.
    public var shellQuoted: String {
        let isPlain = utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:=,+@%".utf8.contains(byte)
            }
        }
        if isPlain, !isEmpty { return self }
        if unicodeScalars.contains(where: \.isControl) { return quotedWithEscapes }
        // SQL is full of single quotes, and stays readable within double ones.
        let isTame = contains("'") && !contains { "\"$`\\!".contains($0) }
        return isTame ? "\"\(self)\"" : "'\(replacing("'", with: "'\\''"))'"
    }

    /// As bash reads it, with no control character in it, which a terminal would obey.
    private var quotedWithEscapes: String {
        let escaped = unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "'", "\\": text += "\\\(scalar)"
            case _ where scalar.isControl:
                for byte in String(scalar).utf8 {
                    text += "\\x" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return "$'\(escaped)'"
    }
}
