/// Takes a command's text apart into words.
struct CommandWords {
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
