/// Words the answer of the Apex action.
///
/// The class tells what it refused among its outputs; `isSuccess` and `errors` are the platform's
/// to write, and say whether the class itself got through.
struct ActionAnswer {
    let name: String

    /// The class has answered for each lead.
    func reply(_ results: [LeadConvertResult]) -> Reply {
        .json(.array(results.map { result($0) }))
    }

    /// The class threw: it failed for all its inputs, and what it did is taken back.
    func thrown(_ message: String, inputs: Int) -> Reply {
        let error = JSON.object([
            "statusCode": .string("UNKNOWN_EXCEPTION"),
            "message": .string("An Apex error occurred: \(message)"), "fields": .array([]),
        ])
        let result = json(errors: .array([error]), isSuccess: false, outputs: .null)
        return .json(.array(Array(repeating: result, count: inputs)), status: 400)
    }

    private func result(_ result: LeadConvertResult) -> JSON {
        var outputs = [JSON.Member("leadId", .string(result.leadID))]
        switch result.outcome {
        case .success(let records):
            outputs += [
                .init("accountId", .string(records.accountID.text)),
                .init("contactId", .string(records.contactID.text)),
                .init("opportunityId", .text(records.opportunityID?.text)),
                .init("statusCode", .null), .init("message", .null),
            ]
        case .failure(let failure):
            outputs += [
                .init("accountId", .null), .init("contactId", .null),
                .init("opportunityId", .null), .init("statusCode", .string(failure.code)),
                .init("message", .string(failure.message)),
            ]
        }
        return json(errors: .null, isSuccess: true, outputs: .object(outputs))
    }

    private func json(errors: JSON, isSuccess: Bool, outputs: JSON) -> JSON {
        .object([
            "actionName": .string(name), "errors": errors, "invocationId": .null,
            "isSuccess": .bool(isSuccess), "outcome": .null, "outputValues": outputs,
            "sortOrder": .int(-1), "version": .int(1),
        ])
    }
}
