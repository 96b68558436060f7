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
