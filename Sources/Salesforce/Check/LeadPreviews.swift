import Conversion
import NIOCore

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
    ) -> CheckReply<[LeadPreview]>.Outcome {
        .json(response, [Lead?].self) { rows in
            let fits =
                rows.count == leads.count
                && zip(rows, leads).allSatisfy { row, id in
                    row.map { id.isNamed(by: $0.id) } ?? true
                }
            return fits ? rows.map { $0?.preview ?? .notVisible } : nil
        }
    }

    private struct Lead: Decodable {
        enum CodingKeys: String, CodingKey {
            case id = "Id"
            case isConverted = "IsConverted"
            case ownerID = "OwnerId"
        }

        var id: String
        var isConverted: Bool
        var ownerID: String?

        var preview: LeadPreview {
            // Queues are groups, and a group's id begins with 00G.
            isConverted ? .converted : ownerID?.hasPrefix("00G") == true ? .ownedByQueue : .open
        }
    }
}
