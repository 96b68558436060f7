public import Conversion
import Foundation
import NIOCore
import NIOHTTP1

/// Reads fields of up to 2,000 records of one object in one request.
///
/// Source: REST API Developer Guide, "Get Records with a Request Body" (sObject Collections): the
/// answer stands in the order of the ids, with null where one is invalid or not shown to us.
enum RecordRetrieval {
    static func body(_ ids: [String], _ fields: [String]) -> ByteBuffer {
        // Both are letters, digits and underscores.
        let quotedIDs = ids.map { "\"\($0)\"" }.joined(separator: ",")
        let quotedFields = (["Id"] + fields).map { "\"\($0)\"" }.joined(separator: ",")
        return ByteBuffer(string: "{\"ids\":[\(quotedIDs)],\"fields\":[\(quotedFields)]}")
    }

    /// The fields of each, by name; none of a record that is not shown to us.
    static func outcome(
        of response: APIResponse, for ids: [String]
    ) -> Reply<[[String: JSON]?]>.Outcome {
        guard response.status == 200 else { return .init(response.outcomeOfReading) }
        guard let records = response.json([[String: JSON]?].self) else {
            return .unclear(.unreadable("The answer is not a list of records"))
        }
        guard records.count == ids.count else {
            return .unclear(.shortAnswer(records.count, of: ids.count, "records"))
        }
        return .value(records)
    }
}

extension SalesforceTransport {
    /// Reads fields of 1...2,000 records of one object, in the order of their ids; nil is one that is
    /// not shown to us.
    public func retrieve(
        _ ids: [String], of object: String, fields: [String]
    ) async -> Reply<[[String: JSON]?]> {
        precondition((1...2000).contains(ids.count), "a retrieval takes 1...2,000 ids")
        let body = RecordRetrieval.body(ids, fields)
        return await rest(.POST, "\(dataPath)/composite/sobjects/\(object)", body: body) {
            Reply($0, RecordRetrieval.outcome(of: $0, for: ids))
        }
    }
}
