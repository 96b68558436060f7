import Conversion
import NIOCore

/// Writes up to 200 records in one request, each by itself.
///
/// Source: REST API Developer Guide, "sObject Collections": with `allOrNone` false a record that is
/// refused keeps no other back, and the results stand in the order of the records. Records of one
/// object stand together, since an answer to more than ten chunks is none.
enum RecordWrites {
    /// The body that sets fields. Their values go out as they were given, so that no number is
    /// rounded on the way.
    static func body(_ updates: [FieldUpdate]) -> ByteBuffer {
        let records = updates.map { update in
            // What is given is the text of an object, and the schema lets no other through.
            let fields = update.fields.drop { $0.isWhitespace }.dropFirst()
            let (type, id) = (JSON.text(update.object).line, JSON.text(update.recordID).line)
            let start = "{\"attributes\":{\"type\":\(type)},\"id\":\(id)"
            let isEmpty = fields.allSatisfy { $0.isWhitespace || $0 == "}" }
            return start + (isEmpty ? "}" : "," + fields)
        }
        return body(records)
    }

    /// The body that makes notes or tasks.
    static func body(_ records: [MarkedRecord]) -> ByteBuffer {
        body(records.map(text))
    }

    private static func body(_ records: [String]) -> ByteBuffer {
        ByteBuffer(
            string: "{\"allOrNone\":false,\"records\":[\(records.joined(separator: ","))]}")
    }

    private static func text(_ record: MarkedRecord) -> String {
        var fields: [(String, String?)]
        switch record.content {
        case .note(let body):
            fields = [("ParentId", record.parentID), ("Title", record.title), ("Body", body)]
        case .task(let aboutID, let due, let ownerID):
            fields = [
                ("WhoId", record.parentID), ("WhatId", aboutID), ("Subject", record.title),
                ("Description", record.isCut ? record.text : nil), ("ActivityDate", due),
                ("OwnerId", ownerID),
            ]
        }
        let object = record.kind == .note ? "Note" : "Task"
        let members = fields.compactMap { name, value in
            value.map { "\(JSON.text(name).line):\(JSON.text($0).line)" }
        }
        return "{\"attributes\":{\"type\":\"\(object)\"},\(members.joined(separator: ","))}"
    }

    /// What the answer says of each.
    /// - Parameter ids: The record at each place, where it is known before.
    static func outcome(
        of response: APIResponse, for ids: [String?]
    ) -> Reply<[RecordOutcome]>.Outcome {
        guard response.status == 200 else { return refusal(response, ids.count) }
        guard let results = response.json([Result].self) else {
            return .unclear(.unreadable("The answer is not a list of results"))
        }
        guard results.count == ids.count else {
            return .unclear(.shortAnswer(results.count, of: ids.count, "records"))
        }
        var outcomes: [RecordOutcome] = []
        for (result, id) in zip(results, ids) {
            guard let outcome = result.outcome(for: id) else {
                return .unclear(
                    Reason(
                        ours: "WRONG_RECORD",
                        "A result names no record, or another than the one at its place."))
            }
            outcomes.append(outcome)
        }
        return .init(records: outcomes)
    }

    /// The whole request was refused: what is wrong may be in one of its records. But a server's failure
    /// may come from after the records were written: it proves nothing, whatever stands in it.
    private static func refusal(
        _ response: APIResponse, _ count: Int
    ) -> Reply<[RecordOutcome]>.Outcome {
        guard let error = response.json([RESTError].self)?.first else {
            return .init(response.outcomeByStatus)
        }
        let reason = error.reason
        guard response.status < 500 || response.status == 503 else { return .unclear(reason) }
        if ofOneRecord.contains(reason.code) {
            return count == 1
                ? .value([.permanent(reason)]) : .refused(.callTooLarge, reason)
        }
        return .init(Failure(refusalOfWrite: reason))
    }

    /// Codes that mean the org to a call that converts, and one record to a call that writes some: it
    /// names a field that the org lacks, or hides from the user.
    private static let ofOneRecord: Set<String> = [
        "INSUFFICIENT_ACCESS", "INVALID_FIELD", "INVALID_TYPE", "JSON_PARSER_ERROR", "MALFORMED_ID",
    ]

    private struct Result: Decodable {
        var id: String?
        var success: Bool
        var errors: [ResultError]?

        /// Nil when it does not say what became of this record.
        func outcome(for given: String?) -> RecordOutcome? {
            if let id, let given, id.prefix(15) != given.prefix(15) { return nil }
            guard success else {
                return RecordOutcome(LeadErrors((errors ?? []).map(\.reason)).outcome)
            }
            return (id ?? given).map { .done(id: $0) }
        }
    }
}

extension Reply<[RecordOutcome]>.Outcome {
    /// As for leads: see `init(leads:)`.
    fileprivate init(records: [RecordOutcome]) {
        let limited = records.compactMap {
            if case .limited(let reason) = $0 { reason } else { nil }
        }
        self =
            switch limited.first {
            case let reason? where records.count == 1: .value([.permanent(reason)])
            case let reason? where limited.count == records.count: .refused(.callTooLarge, reason)
            default: .value(records)
            }
    }
}

extension RecordOutcome {
    /// The same codes mean the same to whatever record they are about. One that nobody knows is tried a
    /// few times: a refusal says at least that nothing was written.
    fileprivate init?(_ outcome: LeadOutcome) {
        switch outcome {
        case .converted: return nil
        case .transient(let reason), .unlisted(let reason): self = .transient(reason)
        case .limited(let reason): self = .limited(reason)
        case .permanent(let reason), .refusedAsConverted(let reason), .duplicate(let reason, _):
            self = .permanent(reason)
        case .blocked(let blocker, let reason): self = .blocked(blocker, reason)
        }
    }
}
