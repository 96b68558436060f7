import Foundation

/// One input of the Apex action that converts leads.
struct ActionInput: Decodable {
    private struct Inputs: Decodable {
        var inputs: [ActionInput]
    }

    var leadId: String?
    var convertedStatus: String?
    var accountId: String?
    var contactId: String?
    var opportunityId: String?
    var opportunityName: String?
    var ownerId: String?
    var doNotCreateOpportunity: Bool?
    var overwriteLeadSource: Bool?

    static func read(_ body: [UInt8]) throws(Refusal) -> [LeadConvert] {
        guard let read = try? JSONDecoder().decode(Inputs.self, from: Data(body)) else {
            throw Refusal(
                code: "JSON_PARSER_ERROR", message: "an array of inputs is required")
        }
        return read.inputs.map(\.ask)
    }

    private var ask: LeadConvert {
        LeadConvert(
            leadID: leadId ?? "", convertedStatus: convertedStatus ?? "", accountID: accountId,
            contactID: contactId, opportunityID: opportunityId, opportunityName: opportunityName,
            ownerID: ownerId, doNotCreateOpportunity: doNotCreateOpportunity ?? false,
            overwriteLeadSource: overwriteLeadSource ?? false)
    }
}

extension LeadConvertResult {
    /// The result as an invocable action gives it.
    func actionResult(_ name: String) -> JSON {
        switch outcome {
        case .success(let records):
            Self.json(
                name, errors: .null, isSuccess: true,
                outputs: .object([
                    "leadId": .string(leadID), "accountId": .string(records.accountID.text),
                    "contactId": .string(records.contactID.text),
                    "opportunityId": .text(records.opportunityID?.text),
                ]))
        case .failure(let failure):
            Self.json(
                name,
                errors: .array([
                    .object([
                        "statusCode": .string(failure.code), "message": .string(failure.message),
                        "fields": .array(failure.fields.map(JSON.string)),
                    ])
                ]), isSuccess: false, outputs: .null)
        }
    }

    private static func json(
        _ name: String, errors: JSON, isSuccess: Bool, outputs: JSON
    ) -> JSON {
        .object([
            "actionName": .string(name), "errors": errors, "invocationId": .null,
            "isSuccess": .bool(isSuccess), "outcome": .null, "outputValues": outputs,
            "sortOrder": .int(-1), "version": .int(1),
        ])
    }
}
