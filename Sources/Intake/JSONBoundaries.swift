/// Knows where one record of a text ends and the next begins.
protocol RecordBoundary {
    /// Places the next byte. `line` is the line it stands in.
    mutating func take(_ byte: UInt8, line: Int) throws(InputError) -> BytePosition

    /// Throws at the end of the text when that isn't whole.
    func finish(line: Int) throws(InputError)
}

/// What a byte is to the record at hand.
enum BytePosition {
    /// It stands before the record and is no part of it.
    case before
    /// It is part of the record.
    case inside
    /// It stands behind the record and is no part of it.
    case behind
    /// It ends a record that is missing.
    case missing
}

/// Ends a record where an element of the outermost array does.
///
/// It knows no more of JSON than strings and brackets: whether an element is well formed is the
/// parser's business, and only that element's fault. The array may also be the `records` of an object, as
/// the Salesforce CLI prints what a query gave; the rest of that only tells whether they are all.
struct ArrayBoundary: RecordBoundary {
    private enum Place {
        case beforeArray, envelope, restOfEnvelope, behindEnvelope, first, between, element, text,
            escape, afterArray
    }

    private var place = Place.beforeArray
    private var depth = 0
    private var isInEnvelope = false
    private var envelope = QueryEnvelope()
    /// How many elements have ended.
    private var count = 0
    /// How many of the last bytes of an envelope that are not blank are the beginning of its key.
    private var matched = 0
    private static let key = Array("\"records\":[".utf8)

    mutating func take(_ byte: UInt8, line: Int) throws(InputError) -> BytePosition {
        switch place {
        case .beforeArray:
            if byte == UInt8(ascii: "[") { place = .first }
            if byte == UInt8(ascii: "{") { (place, isInEnvelope) = (.envelope, true) }
            guard byte.isBlank || place != .beforeArray else { throw .notAnArray(line) }
            if isInEnvelope { _ = try envelope.take(byte, line: line) }
            return .before
        case .envelope:
            // Objects without end are no envelope.
            guard !envelope.isFull else { throw .notAnArray(line) }
            _ = try envelope.take(byte, line: line)
            guard !byte.isBlank else { return .before }
            matched = byte == Self.key[matched] ? matched + 1 : byte == .quote ? 1 : 0
            if matched == Self.key.count { place = .first }
            return .before
        case .restOfEnvelope:
            guard try envelope.take(byte, line: line) else { return .before }
            try envelope.check(records: count, line: line)
            place = .behindEnvelope
            return .before
        case .behindEnvelope:
            guard byte.isBlank else { throw .textAfterAnswer(line) }
            return .before
        case .afterArray:
            guard byte.isBlank else { throw .textAfterArray(line) }
            return .before
        case .text:
            if byte == .quote { place = .element }
            if byte == UInt8(ascii: "\\") { place = .escape }
            return .inside
        case .escape:
            place = .text
            return .inside
        case .first, .between, .element:
            let position = takeBetweenTexts(byte)
            if place == .restOfEnvelope { _ = try envelope.take(byte, line: line) }
            return position
        }
    }

    func finish(line: Int) throws(InputError) {
        switch place {
        case .afterArray, .behindEnvelope: return
        case .beforeArray, .envelope: throw .notAnArray(line)
        default: throw .endlessArray(line)
        }
    }

    private mutating func takeBetweenTexts(_ byte: UInt8) -> BytePosition {
        if place != .element, byte.isBlank { return .before }
        let before = place
        place = .element
        switch byte {
        case .quote:
            place = .text
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth += 1
        case UInt8(ascii: ",") where depth == 0:
            place = .between
            if before == .element { count += 1 }
            return before == .element ? .behind : .missing
        case UInt8(ascii: "]") where depth == 0:
            place = isInEnvelope ? .restOfEnvelope : .afterArray
            if before == .element { count += 1 }
            return before == .between ? .missing : .behind
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth = max(0, depth - 1)
        default:
            break
        }
        return .inside
    }
}

/// Ends a record at a line break: an object a line.
struct LineBoundary: RecordBoundary {
    private var isInside = false

    mutating func take(_ byte: UInt8, line: Int) -> BytePosition {
        if byte.isLineBreak {
            isInside = false
            return .behind
        }
        isInside = isInside || !byte.isBlank
        return isInside ? .inside : .before
    }

    func finish(line: Int) {}
}

extension RowError {
    /// What stands between two commas, or a comma and a bracket, with nothing in between.
    static let missing = RowError(
        "not valid JSON: no row stands before this comma or bracket: take one comma out")
}

extension InputError {
    fileprivate static func notAnArray(_ line: Int) -> InputError {
        InputError(
            sentence: "a JSON input is one array of objects and begins with [",
            remedy:
                "For an object a line, type --format ndjson; of an object around the rows, give "
                + "their array alone, or call it records.", line: line
        )
    }

    fileprivate static func textAfterArray(_ line: Int) -> InputError {
        InputError(
            sentence: "something stands behind the end of the array",
            remedy: "Put all rows into one array; for an object a line, type --format ndjson.",
            line: line
        )
    }

    fileprivate static func textAfterAnswer(_ line: Int) -> InputError {
        InputError(
            sentence: "something stands behind the end of the query's answer",
            remedy: "Give each answer in a file of its own: enqueue takes several.", line: line
        )
    }

    fileprivate static func endlessArray(_ line: Int) -> InputError {
        InputError(
            sentence: "the input ends before its array does",
            remedy: "It may be cut off: fetch it again.", line: line
        )
    }
}
