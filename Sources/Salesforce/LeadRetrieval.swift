import Conversion
import NIOCore

/// Reads which leads are converted, and into what: up to 2,000 of them in one request.
///
/// Source: REST API Developer Guide, "Get Records with a Request Body" (sObject Collections): the
/// answer stands in the order of the ids, with null where one is invalid or not shown to us.
enum LeadRetrieval {
    private static let fields = [
        "Id", "IsConverted", "ConvertedAccountId", "ConvertedContactId", "ConvertedOpportunityId",
        "OwnerId",
    ]

    /// The body of the request. Ids are letters and digits, so they need no escaping.
    static func body(_ ids: [RecordID]) -> ByteBuffer {
        let quotedIDs = ids.map { "\"\($0)\"" }.joined(separator: ",")
        let quotedFields = fields.map { "\"\($0)\"" }.joined(separator: ",")
        return ByteBuffer(string: "{\"ids\":[\(quotedIDs)],\"fields\":[\(quotedFields)]}")
    }

    /// What the answer says of each.
    static func outcome(of response: APIResponse, for ids: [RecordID])
        -> Reply<[LeadReading]>.Outcome
    {
        guard response.status == 200 else { return .init(response.outcomeOfReading) }
        guard let leads = response.json([Lead?].self) else {
            return .unclear(.unreadable("The answer is not a list of leads"))
        }
        guard leads.count == ids.count else {
            return .unclear(.shortAnswer(leads.count, of: ids.count))
        }
        guard zip(leads, ids).allSatisfy({ lead, id in lead.map { id.isNamed(by: $0.id) } ?? true })
        else { return .unclear(.wrongLead) }
        return .value(leads.map { $0?.reading ?? .notVisible })
    }

    /// A lead as the org writes it; an answer without `Id` or `IsConverted` is none.
    private struct Lead: Decodable, OwnedRow {
        enum CodingKeys: String, CodingKey {
            case id = "Id"
            case isConverted = "IsConverted"
            case accountID = "ConvertedAccountId"
            case contactID = "ConvertedContactId"
            case opportunityID = "ConvertedOpportunityId"
            case ownerID = "OwnerId"
        }

        var id: String
        var isConverted: Bool
        var accountID: String?
        var contactID: String?
        var opportunityID: String?
        var ownerID: String?

        var reading: LeadReading {
            guard isConverted else { return isOwnedByQueue ? .ownedByQueue : .notConverted }
            return .converted(
                ConvertedRecords(
                    accountID: accountID, contactID: contactID, opportunityID: opportunityID))
        }
    }
}

/// Reads how up to 2,000 leads look before they are sent, in one request.
///
/// Source: REST API Developer Guide, "Get Records with a Request Body" (sObject Collections).
enum LeadPreviews {
    /// The body of the request. Ids are letters and digits, so they need no escaping.
    static func request(_ leads: [RecordID]) -> ByteBuffer {
        let ids = leads.map { "\"\($0)\"" }.joined(separator: ",")
        return ByteBuffer(
            string: "{\"ids\":[\(ids)],\"fields\":[\"Id\",\"IsConverted\",\"OwnerId\"]}")
    }

    /// What the answer says of each; of none, when it does not fit the question.
    static func outcome(
        of response: APIResponse, for leads: [RecordID]
    ) -> Reply<[LeadPreview]>.Outcome {
        .json(response, [Lead?].self) { rows in
            let fits =
                rows.count == leads.count
                && zip(rows, leads).allSatisfy { row, id in
                    row.map { id.isNamed(by: $0.id) } ?? true
                }
            return fits ? rows.map { $0?.preview ?? .notVisible } : nil
        }
    }

    private struct Lead: Decodable, OwnedRow {
        enum CodingKeys: String, CodingKey {
            case id = "Id"
            case isConverted = "IsConverted"
            case ownerID = "OwnerId"
        }

        var id: String
        var isConverted: Bool
        var ownerID: String?

        var preview: LeadPreview {
            isConverted
                ? .converted
                : isOwnedByQueue
                    ? .ownedByQueue
                    : .open(ownerID: ownerID.flatMap { RecordID(stem: $0.prefix(15), of: .user) })
        }
    }
}

/// A lead's row that tells its owner.
private protocol OwnedRow {
    var ownerID: String? { get }
}

extension OwnedRow {
    /// Queues are groups, and a group's id begins with 00G.
    fileprivate var isOwnedByQueue: Bool { ownerID?.hasPrefix("00G") == true }
}
