import Conversion

/// What the Apex action says of one lead.
///
/// A class has no say in `isSuccess` and `errors`: the platform writes them, and an exception fails
/// all inputs of a call. So the class tells what it refused in `statusCode` and `message`, beside
/// the lead's id. Source: Actions Developer Guide, "Invoking Actions".
struct ActionResult: Decodable {
    /// Apex writes a text that it has nothing to put into as null or as "", alike.
    struct Outputs: Decodable {
        private enum CodingKeys: CodingKey {
            case leadId, accountId, contactId, opportunityId, statusCode, message
        }

        var leadId: String?
        var accountId: String?
        var contactId: String?
        var opportunityId: String?
        var statusCode: String?
        var message: String?

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            func text(_ key: CodingKeys) throws -> String? {
                try values.decodeIfPresent(String.self, forKey: key).flatMap {
                    $0.allSatisfy(\.isWhitespace) ? nil : $0
                }
            }
            leadId = try text(.leadId)
            accountId = try text(.accountId)
            contactId = try text(.contactId)
            opportunityId = try text(.opportunityId)
            statusCode = try text(.statusCode)
            message = try text(.message)
        }
    }

    var isSuccess: Bool
    var errors: [ResultError]?
    var outputValues: Outputs?

    /// Whether the class did not come to answer for this lead.
    var isThrown: Bool { !isSuccess && outputValues?.leadId == nil }

    /// Why the lead was refused.
    var failure: LeadErrors {
        var reasons = (errors ?? []).map(\.reason)
        if let outputs = outputValues, outputs.statusCode != nil {
            reasons.append(Reason(outputs.statusCode, outputs.message, fields: []))
        }
        return LeadErrors(reasons)
    }

    /// What came of the lead; nil when the result does not say.
    var outcome: LeadOutcome? {
        let isRefused = !isSuccess || outputValues?.statusCode != nil || errors?.isEmpty == false
        guard !isRefused else { return failure.outcome }
        guard let outputs = outputValues, let account = outputs.accountId,
            RecordID.names(account, .account),
            outputs.contactId.map({ RecordID.names($0, .contact) }) ?? true,
            outputs.opportunityId.map({ RecordID.names($0, .opportunity) }) ?? true
        else { return nil }
        return .converted(
            ConvertedRecords(
                accountID: account, contactID: outputs.contactId,
                opportunityID: outputs.opportunityId))
    }
}
