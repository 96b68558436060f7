/// What stands around the records of a query's answer, as the Salesforce CLI or the REST API gives it:
/// an object that also says whether these are all of them.
///
/// It knows no more of JSON than strings and brackets until all of it is there; then it is parsed.
struct QueryEnvelope {
    /// What is kept of it, in bytes; it has a few hundred.
    private static let longest = 1 << 20

    private var bytes: [UInt8] = []
    private var depth = 0
    private var isInText = false
    private var isEscaped = false

    /// Whether no more of it can be kept.
    var isFull: Bool { bytes.count >= Self.longest }

    /// Takes the next byte that is no part of a record.
    /// - Returns: Whether it ends the object.
    mutating func take(_ byte: UInt8, line: Int) throws(InputError) -> Bool {
        guard !isFull else { throw .longEnvelope(Self.longest, line) }
        bytes.append(byte)
        guard !isInText else {
            if byte == .quote, !isEscaped { isInText = false }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            return false
        }
        switch byte {
        case .quote: isInText = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
        return depth == 0
    }

    /// Refuses an answer that is not whole: leads that it leaves out would never be converted, and nobody
    /// would be told.
    /// - Parameter count: How many records stood in it.
    func check(records count: Int, line: Int) throws(InputError) {
        let answer: Value
        do throws(RowError) {
            answer = try JSONParser.parse(bytes[...])
        } catch {
            throw .badEnvelope(line)
        }
        // The records themselves are not kept: the first list, which was theirs, is empty.
        let results = answer.queryResults
        guard let result = results.first else { throw .badEnvelope(line) }
        guard results.allSatisfy({ $0.child("records") == .list([]) }) else {
            throw .severalLists(line)
        }
        var total: Int?
        if case .number(let digits) = result.child("totalSize") { total = Int(digits) }
        guard result.child("done") != .flag(false), total ?? 0 <= count else {
            throw .partOfQuery(line, records: count, total: total)
        }
    }
}

extension Value {
    /// The objects in it that have a list of records, in the order of these lists.
    fileprivate var queryResults: [Value] {
        switch self {
        case .object(let members):
            members.flatMap { member in
                if member.name == "records", case .list = member.value { return [self] }
                return member.value.queryResults
            }
        case .list(let elements): elements.flatMap(\.queryResults)
        case .null, .flag, .number, .text: []
        }
    }
}

extension InputError {
    private static let theirArrayAlone = "give the array of the records alone"

    fileprivate static func longEnvelope(_ longest: Int, _ line: Int) -> InputError {
        InputError(
            sentence: "more than \(longest) bytes stand around its records",
            remedy: "Instead, \(theirArrayAlone).", line: line)
    }

    fileprivate static func badEnvelope(_ line: Int) -> InputError {
        InputError(
            sentence: "what stands around its records is not valid JSON",
            remedy: "Fetch it again, or \(theirArrayAlone).", line: line)
    }

    fileprivate static func severalLists(_ line: Int) -> InputError {
        InputError(
            sentence: "it holds several lists of records",
            remedy: "Give each list as an array in a file of its own.", line: line)
    }

    fileprivate static func partOfQuery(_ line: Int, records: Int, total: Int?) -> InputError {
        let total = total.flatMap { $0 > records ? $0 : nil }
        let all = total.map { "the \($0) records that the query gave" } ?? "the query's records"
        let limit = total.map { "let sf fetch them all, with SF_ORG_MAX_QUERY_LIMIT=\($0); or " }
        return InputError(
            sentence: "it holds \(records) of \(all), not all of them",
            remedy: "To take all, \(limit ?? "")ask with --from-soql. To take only these, "
                + "\(theirArrayAlone).", line: line)
    }
}
