/// A row of the input, in whatever format it came.
protocol Row {
    /// What stands under the field's own name, or nil when nothing does.
    func value(of field: LeadField) -> Value?

    /// What a placeholder points to, or nil when the row has no such place.
    func value(at path: TemplatePath) -> Value?
}

/// What stands at a place of a row: a JSON value, or the text of a cell.
enum Value: Equatable, Sendable {
    /// JSON's null.
    case null
    /// JSON's true or false.
    case flag(Bool)
    /// A number as it is written: nothing here counts with it.
    case number(String)
    case text(String)
    /// An array.
    case list([Value])
    /// An object, its members in order.
    case object([Member])

    /// A name and its value.
    struct Member: Equatable, Sendable {
        let name: String
        let value: Value
    }

    /// The member of that name, or the element of that number, counted from 0.
    func child(_ step: String) -> Value? {
        switch self {
        case .object(let members): members.last { $0.name == step }?.value
        case .list(let elements):
            Int(step).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
        case .null, .flag, .number, .text: nil
        }
    }

    /// The text without the blanks around it; nil when it is null, empty or all blank.
    func readAsText() throws(RowError) -> String? {
        switch self {
        case .null: return nil
        case .number(let digits): return digits
        case .text(let text):
            let trimmed = text.trimmed
            guard !trimmed.isEmpty else { return nil }
            guard !trimmed.utf8.contains(where: \.isForbidden) else {
                throw RowError("it holds a control character: take that out")
            }
            return String(trimmed)
        case .flag: throw RowError("it is true or false where a text belongs")
        case .list, .object:
            throw RowError("it is a list or an object where a text belongs; map a part of it")
        }
    }

    /// Yes or no; null and empty mean no.
    func readAsFlag() throws(RowError) -> Bool {
        if case .flag(let flag) = self { return flag }
        switch try readAsText()?.lowercased() {
        case "true", "yes", "1": return true
        case nil, "false", "no", "0": return false
        default: throw RowError("it is neither true nor false: write true, false or nothing")
        }
    }
}

extension UInt8 {
    /// Whether XML, which is what Salesforce is sent, has no way to write it. All such characters are
    /// one byte long.
    fileprivate var isForbidden: Bool {
        self < 0x20 && self != .tab && self != .lineFeed && self != .carriageReturn
    }
}

extension StringProtocol {
    /// The text without the blanks around it.
    var trimmed: SubSequence {
        // Most texts begin and end with a visible ASCII character: no need to look for whole ones.
        let visible: ClosedRange<Unicode.Scalar> = "!"..."~"
        if let first = unicodeScalars.first, let last = unicodeScalars.last,
            visible.contains(first), visible.contains(last)
        {
            return self[...]
        }
        guard let start = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[endIndex...] }
        return self[start...last]
    }
}
