/// Words the answer of the Apex action.
///
/// The class tells what it refused among its outputs; `isSuccess` and `errors` are the platform's
/// to write, and say whether the class itself got through.
struct ActionAnswer {
    let name: String
    /// Whether the class writes "" for the code of a success, rather than null.
    var writesEmptyStatusCode = false

    /// The class has answered for each lead, or has thrown for some: the org lets an action save
    /// in part, and those leads alone were rolled back.
    func reply(_ results: [LeadConvertResult]) -> Reply {
        .json(
            .array(results.map { result($0) }),
            status: results.contains(where: \.isThrown) ? 400 : 200)
    }

    /// The class threw: it failed for all its inputs, and what it did is taken back.
    func thrown(_ message: String, inputs: Int) -> Reply {
        .json(.array(Array(repeating: thrown(message), count: inputs)), status: 400)
    }

    private func thrown(_ message: String) -> JSON {
        let error = JSON.object([
            "statusCode": .string("UNKNOWN_EXCEPTION"),
            "message": .string("An Apex error occurred: \(message)"), "fields": .array([]),
        ])
        return json(errors: .array([error]), isSuccess: false, outputs: .null)
    }

    private func result(_ result: LeadConvertResult) -> JSON {
        var outputs = [JSON.Member("leadId", .string(result.leadID))]
        switch result.outcome {
        case .success(let records) where records.comesWithoutIDs:
            outputs = [
                "leadId", "accountId", "contactId", "opportunityId", "statusCode", "message",
            ]
            .map { JSON.Member($0, .null) }
        case .success(let records):
            outputs += [
                .init("accountId", .string(records.accountID.text)),
                .init("contactId", .string(records.contactID.text)),
                .init("opportunityId", .text(records.opportunityID?.text)),
                .init("statusCode", writesEmptyStatusCode ? .string("") : .null),
                .init("message", .null),
            ]
        case .failure(let failure) where failure.isThrown:
            return thrown(failure.message)
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
