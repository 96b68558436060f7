import Foundation

/// One input of the Apex action that converts leads.
///
/// The platform holds inputs against the class's variables: a name that none has, a value of
/// another type or a required one that is missing refuses the whole call.
struct ActionInput {
    private static let texts: Set = [
        "leadId", "convertedStatus", "accountId", "contactId", "opportunityId", "opportunityName",
        "ownerId", "relatedPersonAccountId",
    ]
    private static let flags: Set = [
        "doNotCreateOpportunity", "overwriteLeadSource", "sendNotificationEmail",
        "allowDuplicates", "suppressFeed", "truncateFields",
    ]
    private static let required = ["leadId", "convertedStatus"]

    private var texts: [String: String] = [:]
    private var flags: [String: Bool] = [:]

    private init(_ value: WrittenValue) throws(Refusal) {
        guard case .object(let members) = value else { throw .noInputs }
        for (name, value) in members {
            switch value {
            case _ where !Self.texts.union(Self.flags).contains(name): throw .unknownInput(name)
            case .text(let text) where Self.texts.contains(name): texts[name] = text
            case .flag(let flag) where Self.flags.contains(name): flags[name] = flag
            case .null: break
            default: throw .noInputs
            }
        }
        for name in Self.required where texts[name] == nil {
            throw Refusal(
                code: "REQUIRED_FIELD_MISSING",
                message: "You must specify a value for the \(name) parameter.")
        }
    }

    /// What the class does with its inputs; the first speaks for all about duplicates.
    static func read(_ body: [UInt8]) throws(Refusal) -> ([LeadConvert], ConvertOptions) {
        let decoder = JSONDecoder()
        guard let members = try? decoder.decode([String: WrittenValue].self, from: Data(body))
        else { throw .noInputs }
        for name in members.keys where name != "inputs" { throw .unknownInput(name) }
        guard case .list(let inputs)? = members["inputs"] else { throw .noInputs }
        let read = try inputs.map { value throws(Refusal) in try ActionInput(value) }
        let flags = read.first?.flags ?? [:]
        let options = ConvertOptions(
            truncatesText: flags["truncateFields"] ?? false,
            savesDuplicates: flags["allowDuplicates"] ?? false)
        return (read.map(\.request), options)
    }

    private var request: LeadConvert {
        LeadConvert(
            leadID: texts["leadId"] ?? "", convertedStatus: texts["convertedStatus"] ?? "",
            accountID: texts["accountId"], contactID: texts["contactId"],
            opportunityID: texts["opportunityId"], opportunityName: texts["opportunityName"],
            ownerID: texts["ownerId"],
            doNotCreateOpportunity: flags["doNotCreateOpportunity"] ?? false,
            overwriteLeadSource: flags["overwriteLeadSource"] ?? false,
            relatedPersonAccountID: texts["relatedPersonAccountId"])
    }
}

extension Refusal {
    fileprivate static let noInputs = Refusal(
        code: "JSON_PARSER_ERROR", message: "an array of inputs is required")

    fileprivate static func unknownInput(_ name: String) -> Refusal {
        Refusal(code: "INVALID_INPUT", message: "No input parameter is named \(name).")
    }
}

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
