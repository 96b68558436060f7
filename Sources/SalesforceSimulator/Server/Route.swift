import HTTPTypes

/// Where a path leads.
enum Route: Equatable {
    case token
    case soap(version: String)
    /// SOAP, but a door that the partner namespace does not open.
    case otherSoap
    case versions
    case rest(version: String, rest: [String])
    case audit
    case leads
    case unknown

    init(_ path: String) {
        let parts = path.split(separator: "/").map(String.init)
        switch parts.first {
        case "services": self = Self.service(Array(parts.dropFirst()))
        case "__simulator" where parts == ["__simulator", "audit"]: self = .audit
        case "__simulator" where parts == ["__simulator", "leads"]: self = .leads
        default: self = .unknown
        }
    }

    private static func service(_ parts: [String]) -> Route {
        switch (parts.first, parts.dropFirst().first) {
        case ("oauth2", "token") where parts.count == 2: return .token
        case ("Soap", "u") where parts.count == 3: return .soap(version: parts[2])
        case ("Soap", "u") where parts.count == 4 && isOrg(parts[3]):
            return .soap(version: parts[2])
        case ("Soap", _): return .otherSoap
        case ("data", nil): return .versions
        case ("data", let version?) where version.hasPrefix("v"):
            return .rest(version: String(version.dropFirst()), rest: Array(parts.dropFirst(2)))
        default: return .unknown
        }
    }

    private static func isOrg(_ text: String) -> Bool {
        text == Org.id || text == Org.id.prefix(15)
    }

    /// What a request on this route is for, as far as the path and the method tell.
    func kind(_ method: HTTPRequest.Method) -> CallKind {
        switch self {
        case .token: .token
        case .soap, .otherSoap: .convert
        case .versions: .versions
        case .rest(_, let rest): Self.kind(rest, method)
        case .audit, .leads, .unknown: .other
        }
    }

    private static func kind(_ rest: [String], _ method: HTTPRequest.Method) -> CallKind {
        switch rest.first {
        case "limits": .limits
        case "query", "queryAll": .query
        case "composite": .verify
        case "sobjects": rest.count == 1 ? .describe : .record
        case "actions": rest.contains("custom") && method == .post ? .convert : .action
        default: .other
        }
    }
}
