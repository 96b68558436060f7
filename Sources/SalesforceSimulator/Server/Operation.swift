/// What an API call wants done.
enum Operation: Sendable {
    /// Through which door a conversion came, and so how its results are written.
    enum Door: Sendable {
        case soap
        case action(name: String)
    }

    case convert([LeadConvert], ConvertOptions, Door)
    case userInfo
    case limits
    case describe
    case query(String, includesDeleted: Bool)
    case morePages(locator: String)
    case record(Entity, id: String, fields: [String])
    case retrieve(Entity, ids: [String], fields: [String])

    /// How many leads or records it is about.
    var size: Int {
        switch self {
        case .convert(let asks, _, _): asks.count
        case .retrieve(_, let ids, _): ids.count
        case .record: 1
        case .userInfo, .limits, .describe, .query, .morePages: 0
        }
    }

    /// The leads that it converts.
    var asks: [LeadConvert] {
        if case .convert(let asks, _, _) = self { asks } else { [] }
    }
}
