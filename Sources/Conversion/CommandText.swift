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
