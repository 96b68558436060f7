import Conversion
import NIOCore

/// Reads which leads are converted, and into what: up to 2,000 of them in one request; or how they
/// look before they are sent.
enum LeadRetrieval {
    /// The body of the request for readings.
    ///
    /// A preview asks for the same: a field that the user may not read must show before a lead is in doubt.
    static func body(_ ids: [RecordID]) -> ByteBuffer {
        RecordRetrieval.body(
            ids.map(\.description),
            [
                "IsConverted", "ConvertedAccountId", "ConvertedContactId",
                "ConvertedOpportunityId", "OwnerId",
            ])
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
        guard areNamed(leads, by: ids) else { return .unclear(.wrongLead) }
        return .value(leads.map { $0?.reading ?? .notVisible })
    }

    /// What the answer says of how each looks; of none, when it does not fit the request.
    static func previews(of response: APIResponse, for ids: [RecordID])
        -> Reply<[LeadPreview]>.Outcome
    {
        .json(response, [Lead?].self) { leads in
            leads.count == ids.count && areNamed(leads, by: ids)
                ? leads.map { $0?.preview ?? .notVisible } : nil
        }
    }

    /// Whether each lead is the one asked about at its place.
    private static func areNamed(_ leads: [Lead?], by ids: [RecordID]) -> Bool {
        zip(leads, ids).allSatisfy { lead, id in lead.map { id.isNamed(by: $0.id) } ?? true }
    }

    /// A lead as the org writes it, with what was asked for; an answer without `Id` or `IsConverted`
    /// is none.
    private struct Lead: Decodable {
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

        var preview: LeadPreview {
            if isConverted { return .converted }
            if isOwnedByQueue { return .ownedByQueue }
            return .open(ownerID: ownerID.flatMap { RecordID(stem: $0.prefix(15), of: .user) })
        }

        /// Queues are groups, and a group's id begins with 00G.
        private var isOwnedByQueue: Bool { ownerID?.hasPrefix("00G") == true }
    }
}
