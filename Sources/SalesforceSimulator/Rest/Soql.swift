/// A query of the simpler kind:
/// `SELECT fields FROM object WHERE condition ORDER BY fields LIMIT n`, with fields of the object and
/// of those that it refers to.
struct Soql {
    /// What holds of a record.
    indirect enum Condition: Sendable {
        case comparison(field: String, Comparison, [JSON])
        case all([Condition])
        case any([Condition])
        case not(Condition)
    }

    enum Comparison: Sendable {
        case isOneOf, like, isBelow, isAbove
    }

    private(set) var fields: [String] = []
    private(set) var entity = Entity.lead
    private(set) var condition = Condition.all([])
    private(set) var order: [(field: String, descends: Bool)] = []
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
        if takeWord("WHERE") { condition = try anyOf() }
        if takeWord("ORDER") { try readOrder() }
        if takeWord("LIMIT") { limit = try count() }
        guard tokens.isEmpty else { throw .malformedQuery("unexpected token: \(tokens)") }
    }

    private mutating func anyOf() throws(Refusal) -> Condition {
        var parts = [try allOf()]
        while takeWord("OR") { parts.append(try allOf()) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func allOf() throws(Refusal) -> Condition {
        var parts = [try single()]
        while takeWord("AND") { parts.append(try single()) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func single() throws(Refusal) -> Condition {
        if takeWord("NOT") { return .not(try single()) }
        if take("(") {
            let inner = try anyOf()
            guard take(")") else { throw .malformedQuery("expecting a right parentheses") }
            return inner
        }
        let field = try word()
        if takeWord("NOT") {
            try expect("IN")
            return .not(.comparison(field: field, .isOneOf, try values()))
        }
        if takeWord("IN") { return .comparison(field: field, .isOneOf, try values()) }
        if takeWord("LIKE") { return .comparison(field: field, .like, [try value()]) }
        return try compared(field)
    }

    private mutating func values() throws(Refusal) -> [JSON] {
        guard take("(") else { throw .malformedQuery("expecting a left parentheses") }
        var values: [JSON] = []
        repeat { values.append(try value()) } while take(",")
        guard take(")") else { throw .malformedQuery("expecting a right parentheses") }
        return values
    }

    private mutating func compared(_ field: String) throws(Refusal) -> Condition {
        if take("!") {
            guard take("=") else { throw .malformedQuery("expecting !=") }
            return .not(.comparison(field: field, .isOneOf, [try value()]))
        }
        if take("=") { return .comparison(field: field, .isOneOf, [try value()]) }
        for (sign, other, comparison, opposite) in [
            ("<" as Character, ">" as Character, Comparison.isBelow, Comparison.isAbove),
            (">", "<", .isAbove, .isBelow),
        ] where take(sign) {
            if take(other) { return .not(.comparison(field: field, .isOneOf, [try value()])) }
            if take("=") { return .not(.comparison(field: field, opposite, [try value()])) }
            return .comparison(field: field, comparison, [try value()])
        }
        throw .malformedQuery("unknown operator behind \(field)")
    }

    private mutating func readOrder() throws(Refusal) {
        try expect("BY")
        repeat {
            let field = try word()
            let descends = takeWord("DESC")
            if !descends { _ = takeWord("ASC") }
            order.append((field, descends))
        } while take(",")
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
        case .word(let word):
            switch word.lowercased() {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "null": return .null
            default:
                if let number = Int(word) { return .int(number) }
                guard word.first?.isNumber == true else {
                    throw .malformedQuery("unexpected token: \(word)")
                }
                return .string(word)
            }
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
                let word = rest.prefix { $0.isLetter || $0.isNumber || "_.-:+".contains($0) }
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
