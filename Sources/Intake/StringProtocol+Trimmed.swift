extension StringProtocol {
    /// The text without the blanks around it.
    var trimmed: SubSequence {
        guard let start = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[endIndex...] }
        return self[start...last]
    }
}
