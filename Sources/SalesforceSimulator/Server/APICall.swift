/// A call to one of the APIs, as far as it could be read.
struct APICall: Sendable {
    var kind: CallKind
    var dialect: Dialect
    /// The API version of the path, as REST writes it into the addresses of records.
    var version: String
    var token: String
    /// What it wants, or why that cannot be had.
    var operation: Result<Operation, Refusal>

    var size: Int { (try? operation.get().size) ?? 0 }
}

extension APICall {
    /// A refusal in the words of the API that was used. What the org's own code ran into comes
    /// from an Apex action as the action's failure, not as the API's.
    func reply(_ refusal: Refusal) -> Reply {
        if refusal.isThrownByApex,
            case .success(.convert(let requests, _, .action(let name))) = operation
        {
            return ActionAnswer(name: name).thrown(refusal.message, inputs: requests.count)
        }
        return dialect.reply(refusal)
    }
}

/// What an API call wants done.
enum Operation: Sendable {
    /// The API through which a conversion came, and so how its results are written.
    enum APIKind: Sendable {
        case soap
        case action(name: String)
    }

    case convert([LeadConvert], ConvertOptions, APIKind)
    case userInfo
    case limits
    case describe
    case query(String, includesDeleted: Bool)
    case morePages(locator: String)
    case record(Entity, id: String, fields: [String])
    case retrieve(Entity, ids: [String], fields: [String])
    case update([WrittenRecord])
    case create([WrittenRecord])

    /// How many leads or records it is about.
    var size: Int {
        switch self {
        case .convert(let requests, _, _): requests.count
        case .retrieve(_, let ids, _): ids.count
        case .update(let records), .create(let records): records.count
        case .record: 1
        case .userInfo, .limits, .describe, .query, .morePages: 0
        }
    }

    var requests: [LeadConvert] {
        if case .convert(let requests, _, _) = self { requests } else { [] }
    }
}
