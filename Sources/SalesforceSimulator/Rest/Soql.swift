/// A query of the simplest kind:
/// `SELECT fields FROM object WHERE field = value AND field IN (values) ORDER BY field LIMIT n`.
struct Soql {
    /// A field and the values it may have.
    struct Condition {
        var field: String
        var values: [JSON]
        var isNegated = false
    }

    private(set) var fields: [String] = []
    private(set) var entity = Entity.lead
    private(set) var conditions: [Condition] = []
    private(set) var order: (field: String, descends: Bool)?
    private(set) var limit = Int.max
    let includesDeleted: Bool

    private var tokens: ArraySlice<SoqlToken>

    init(_ text: String, includesDeleted: Bool) throws(Refusal) {
        self.includesDeleted = includesDeleted
        tokens = try SoqlToken.split(text)[...]
        try expect("SELECT")
        repeat { fields.append(try word()) } while take(",")
        try expect("FROM")
        let name = try word()
        guard let entity = Entity(name: name) else { throw .unknownType(name) }
        self.entity = entity
        if takeWord("WHERE") {
            repeat { conditions.append(try condition()) } while takeWord("AND")
        }
        if takeWord("ORDER") { try readOrder() }
        if takeWord("LIMIT") { limit = try count() }
        guard tokens.isEmpty else { throw .malformedQuery("unexpected token: \(tokens)") }
    }

    private mutating func condition() throws(Refusal) -> Condition {
        let field = try word()
        if takeWord("IN") {
            guard take("(") else { throw .malformedQuery("expecting a left parentheses") }
            var values: [JSON] = []
            repeat { values.append(try value()) } while take(",")
            guard take(")") else { throw .malformedQuery("expecting a right parentheses") }
            return Condition(field: field, values: values)
        }
        let isNegated = take("!")
        guard take("=") else { throw .malformedQuery("only = , != and IN are understood here") }
        return Condition(field: field, values: [try value()], isNegated: isNegated)
    }

    private mutating func readOrder() throws(Refusal) {
        try expect("BY")
        let field = try word()
        let descends = takeWord("DESC")
        if !descends { _ = takeWord("ASC") }
        order = (field, descends)
    }

    private mutating func count() throws(Refusal) -> Int {
        guard let count = Int(try word()), count >= 0 else {
            throw .malformedQuery("LIMIT takes a number")
        }
        return count
    }

    private mutating func value() throws(Refusal) -> JSON {
        switch tokens.popFirst() {
        case .string(let text): return .string(text)
        case .word("true"), .word("TRUE"): return .bool(true)
        case .word("false"), .word("FALSE"): return .bool(false)
        case .word("null"), .word("NULL"): return .null
        case .word(let text):
            guard let number = Int(text) else { fallthrough }
            return .int(number)
        default: throw .malformedQuery("a value is missing")
        }
    }

    private mutating func word() throws(Refusal) -> String {
        guard case .word(let word) = tokens.popFirst() else {
            throw .malformedQuery("a name is missing")
        }
        return word
    }

    private mutating func expect(_ word: String) throws(Refusal) {
        guard takeWord(word) else { throw .malformedQuery("expecting \(word)") }
    }

    private mutating func takeWord(_ word: String) -> Bool {
        guard case .word(let next) = tokens.first, next.uppercased() == word else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func take(_ symbol: Character) -> Bool {
        guard tokens.first == .symbol(symbol) else { return false }
        tokens.removeFirst()
        return true
    }
}

/// The words of a SOQL query.
enum SoqlToken: Equatable {
    case word(String)
    case string(String)
    case symbol(Character)

    /// Splits a query into words; a backslash in a string takes the next character as it is.
    static func split(_ text: String) throws(Refusal) -> [SoqlToken] {
        var tokens: [SoqlToken] = []
        var rest = Substring(text)
        while let next = rest.first {
            if next == "'" {
                tokens.append(try string(&rest))
            } else if next.isLetter || next.isNumber {
                let word = rest.prefix { $0.isLetter || $0.isNumber || "_.-".contains($0) }
                tokens.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            } else {
                if !next.isWhitespace { tokens.append(.symbol(next)) }
                rest = rest.dropFirst()
            }
        }
        return tokens
    }

    private static func string(_ rest: inout Substring) throws(Refusal) -> SoqlToken {
        var value = ""
        rest = rest.dropFirst()
        while let next = rest.popFirst() {
            if next == "'" { return .string(value) }
            if next == "\\", let escaped = rest.popFirst() {
                value.append(escaped)
            } else {
                value.append(next)
            }
        }
        throw .malformedQuery("a string does not end")
    }
}

extension Refusal {
    static func malformedQuery(_ message: String) -> Refusal {
        Refusal(code: "MALFORMED_QUERY", message: message)
    }
}
