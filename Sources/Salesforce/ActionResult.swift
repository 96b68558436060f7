import Conversion

/// What the Apex action says of one lead.
///
/// A class has no say in `isSuccess` and `errors`: the platform writes them, and an exception fails
/// all inputs of a call. So the class tells what it refused in `statusCode` and `message`, beside
/// the lead's id. Source: Actions Developer Guide, "Invoking Actions".
struct ActionResult: Decodable {
    struct Outputs: Decodable {
        var leadId: String?
        var accountId: String?
        var contactId: String?
        var opportunityId: String?
        var statusCode: String?
        var message: String?
    }

    struct Failure: Decodable {
        var statusCode: String?
        var message: String?
        var fields: [String]?
    }

    var isSuccess: Bool
    var errors: [Failure]?
    var outputValues: Outputs?

    /// Whether the class did not come to answer for this lead.
    var isThrown: Bool { !isSuccess && outputValues?.leadId == nil }

    /// Why the lead was refused.
    var failure: LeadErrors {
        var reasons = (errors ?? []).map { error in
            Reason(error.statusCode, error.message, fields: error.fields ?? [])
        }
        if let outputs = outputValues, outputs.statusCode != nil {
            reasons.append(Reason(outputs.statusCode, outputs.message, fields: []))
        }
        return LeadErrors(reasons)
    }

    /// What came of the lead; nil when the result does not say.
    var outcome: LeadOutcome? {
        let isRefused = !isSuccess || outputValues?.statusCode != nil || errors?.isEmpty == false
        guard !isRefused else { return failure.outcome }
        guard let outputs = outputValues, let account = outputs.accountId else { return nil }
        return .converted(
            ConvertedRecords(
                accountID: account, contactID: outputs.contactId,
                opportunityID: outputs.opportunityId))
    }
}
