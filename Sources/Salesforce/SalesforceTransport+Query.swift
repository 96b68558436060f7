public import Conversion
import NIOCore
import NIOHTTP1

// Queries that an operator writes, a page each.

extension SalesforceTransport {
    /// The first page of what a SOQL query gives.
    public func query(_ soql: String) async -> Reply<QueryAnswer> {
        await page(at: "\(dataPath)/query?q=\(soql.percentEncoded)")
    }

    /// The page at the address that the one before has named.
    public func nextPage(_ page: QueryPage.Address) async -> Reply<QueryAnswer> {
        await self.page(at: page.path)
    }

    private func page(at path: String) async -> Reply<QueryAnswer> {
        await rest(.GET, path) { Reply($0, QueryAnswer.outcome(of: $0)) }
    }
}

/// What came of a query.
public enum QueryAnswer: Sendable {
    case page(QueryPage)
    /// The query is none that the org runs: Salesforce's own words on it.
    case refused(Reason)

    /// Codes of a request that failed for a reason which is not in the query.
    private static let notOfTheQuery: Set = ["QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG"]

    static func outcome(of response: APIResponse) -> Reply<QueryAnswer>.Outcome {
        if response.status == 200 {
            guard let page = QueryPage(response.body) else {
                return .unclear(.unreadable("The answer is not a page of records"))
            }
            return .value(.page(page))
        }
        if response.status == 400, let reason = response.json([RESTError].self)?.first?.reason,
            !notOfTheQuery.contains(reason.code)
        {
            return .value(.refused(reason))
        }
        return .init(response.outcomeOfReading)
    }
}

/// A page of records, of up to 2,000.
public struct QueryPage: Sendable {
    /// Where the next page is.
    public struct Address: Sendable {
        let path: String
    }

    /// The records as Salesforce wrote them, a line each.
    public let lines: [UInt8]
    /// How many there are on all pages.
    public let total: Int
    /// Where the next page is; nil on the last.
    public let next: Address?

    private struct Head: Decodable {
        var totalSize: Int
        var done: Bool
        var nextRecordsUrl: String?
    }

    /// Nil when it is no page, or does not say where the next one is.
    init?(_ body: ByteBuffer) {
        let response = APIResponse(status: 200, body: body)
        guard let head = response.json(Head.self),
            let lines = RecordLines.split(Array(body.readableBytesView))
        else { return nil }
        self.lines = lines
        total = head.totalSize
        guard !head.done else {
            next = nil
            return
        }
        // No other server is sent the token.
        guard let path = head.nextRecordsUrl, path.hasPrefix("/services/data/") else { return nil }
        next = Address(path: path)
    }
}

/// Takes the records out of a page, byte by byte, so that numbers and texts stay as they are written.
private struct RecordLines {
    private var lines: [UInt8] = []
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// The string that was last read at the top, which may be a name.
    private var name: [UInt8] = []
    private var isInRecords = false
    private var hasRecords = false

    /// Nil when there are none to be found in a text that is JSON.
    static func split(_ page: [UInt8]) -> [UInt8]? {
        var reading = RecordLines()
        reading.lines.reserveCapacity(page.count)
        for byte in page { reading.take(byte) }
        return reading.hasRecords ? reading.lines : nil
    }

    private mutating func take(_ byte: UInt8) {
        if isInString {
            takeOfString(byte)
            return keep(byte)
        }
        switch byte {
        case UInt8(ascii: "\""):
            isInString = true
            if depth == 1 { name = [] }
            keep(byte)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth += 1
            if depth == 2, byte == UInt8(ascii: "["), name == Array("records".utf8) {
                (isInRecords, hasRecords) = (true, true)
            } else {
                keep(byte)
            }
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if depth == 2 { isInRecords = false }
            keep(byte)
            depth -= 1
            if depth == 2, isInRecords { lines.append(UInt8(ascii: "\n")) }
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
            break
        default:
            // What stands between two records.
            if depth > 2 { keep(byte) }
        }
    }

    private mutating func takeOfString(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
            return
        }
        if depth == 1 { name.append(byte) }
    }

    private mutating func keep(_ byte: UInt8) { if isInRecords { lines.append(byte) } }
}
