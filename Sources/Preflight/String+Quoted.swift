extension String {
    /// The text as a word that a shell takes as it is.
    var shellQuoted: String {
        if !isEmpty, utf8.allSatisfy(\.isPlainInShell) { return self }
        // SQL is full of single quotes, and stays readable within double ones.
        let isTame = contains("'") && !contains { "\"$`\\!".contains($0) }
        return isTame ? "\"\(self)\"" : "'\(replacing("'", with: "'\\''"))'"
    }

    /// The text as a literal of SQL.
    var sqlQuoted: String { "'\(replacing("'", with: "''"))'" }
}

extension UInt8 {
    fileprivate var isPlainInShell: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "-_./:=,+@%".utf8.contains(self)
        }
    }
}
