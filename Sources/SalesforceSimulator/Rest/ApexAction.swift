import Foundation

/// One input of the Apex action that converts leads.
///
/// The platform holds inputs against the class's variables: a name that none has, a value of
/// another type or a required one that is missing refuses the whole call.
struct ActionInput: Decodable {
    private struct Inputs: Decodable {
        var inputs: [ActionInput]

        init(from decoder: any Decoder) throws {
            inputs = try Self.only(["inputs"], in: decoder).decode([ActionInput].self, "inputs")
        }
    }

    private static let texts = [
        "leadId", "convertedStatus", "accountId", "contactId", "opportunityId", "opportunityName",
        "ownerId", "relatedPersonAccountId",
    ]
    private static let flags = [
        "doNotCreateOpportunity", "overwriteLeadSource", "sendNotificationEmail",
        "allowDuplicates", "suppressFeed", "truncateFields",
    ]
    private static let required = ["leadId", "convertedStatus"]

    private var texts: [String: String] = [:]
    private var flags: [String: Bool] = [:]

    init(from decoder: any Decoder) throws {
        let members = try Self.only(Self.texts + Self.flags, in: decoder)
        for name in Self.texts { texts[name] = try members.decodeIfPresent(String.self, name) }
        for name in Self.flags { flags[name] = try members.decodeIfPresent(Bool.self, name) }
        for name in Self.required where texts[name] == nil {
            throw Refusal(
                code: "REQUIRED_FIELD_MISSING",
                message: "You must specify a value for the \(name) parameter.")
        }
    }

    /// What the class does with its inputs; the first speaks for all about duplicates.
    static func read(_ body: [UInt8]) throws(Refusal) -> ([LeadConvert], ConvertOptions) {
        do {
            let read = try JSONDecoder().decode(Inputs.self, from: Data(body)).inputs
            let flags = read.first?.flags ?? [:]
            let options = ConvertOptions(
                truncatesText: flags["truncateFields"] ?? false,
                savesDuplicates: flags["allowDuplicates"] ?? false,
                tracksNoFeed: flags["suppressFeed"] ?? false)
            return (read.map(\.request), options)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(
                code: "JSON_PARSER_ERROR", message: "an array of inputs is required")
        }
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

/// A member's name, whatever it is.
private struct MemberName: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decodable {
    /// The members of an object that may have these and no others.
    fileprivate static func only(
        _ names: [String], in decoder: any Decoder
    ) throws -> KeyedDecodingContainer<MemberName> {
        let members = try decoder.container(keyedBy: MemberName.self)
        for key in members.allKeys where !names.contains(key.stringValue) {
            throw Refusal(
                code: "INVALID_INPUT", message: "No input parameter is named \(key.stringValue).")
        }
        return members
    }
}

extension KeyedDecodingContainer<MemberName> {
    fileprivate func decode<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
        try decode(type, forKey: MemberName(stringValue: name))
    }

    fileprivate func decodeIfPresent<Value: Decodable>(
        _ type: Value.Type, _ name: String
    ) throws -> Value? {
        try decodeIfPresent(type, forKey: MemberName(stringValue: name))
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
