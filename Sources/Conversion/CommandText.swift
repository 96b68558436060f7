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
        guard let program = words.first, !program.isEmpty else { throw .empty }
        // The daemon may run in another folder than the one who types.
        guard !program.contains("/") || program.hasPrefix("/") else { throw .relativePath(program) }
    }
}

/// Why a text is no command.
public enum MalformedCommand: Error, Equatable, CustomStringConvertible {
    /// No program.
    case empty
    /// A quote that does not end.
    case openQuote(Character)
    /// A backslash with nothing behind it.
    case openEscape
    /// A character that only a shell could make something of.
    case needsShell(Character)
    /// A character that no argument can hold.
    case zeroCharacter
    /// A path that depends on the folder.
    case relativePath(String)

    /// What is wrong, and what to type.
    public var description: String {
        switch self {
        case .empty:
            "names no program: give its name or absolute path, then its arguments"
        case .openQuote(let quote):
            "has a \(quote) that is never closed: close it, or write \\\(quote) for the character"
        case .openEscape:
            "ends in a backslash: write \\\\ for the character"
        case .needsShell(let character):
            "has a \(character), but no shell runs it: quote the character, or write "
                + "sh -c '...'"
        case .zeroCharacter:
            "has a character of value zero, which no argument can hold"
        case .relativePath(let path):
            "names \(path) by a relative path: give the absolute one"
        }
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
        guard character != "\0" else { throw .zeroCharacter }
        if isEscaped { return takeEscaped(character) }
        switch (quote, character) {
        case (nil, "\\"), ("\"", "\\"): isEscaped = true
        case (nil, "'"), (nil, "\""): open(character)
        case (character, _): quote = nil
        case (nil, _) where character.isWhitespace: endWord()
        case (nil, _) where Self.shellsOwn.contains(character): throw .needsShell(character)
        case ("\"", "$"), ("\"", "`"): throw .needsShell(character)
        default: add(character)
        }
    }

    private static let shellsOwn: Set<Character> = ["|", "&", ";", "<", ">", "(", ")", "$", "`"]
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
        guard !isEscaped else { throw .openEscape }
        if let quote { throw .openQuote(quote) }
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
        // SQL is full of single quotes, and stays readable within double ones.
        let isTame = contains("'") && !contains { "\"$`\\!".contains($0) }
        return isTame ? "\"\(self)\"" : "'\(replacing("'", with: "'\\''"))'"
    }
}
