import HTTPTypes

/// Where a path leads.
enum Route: Equatable {
    case token
    case soap(version: String)
    /// SOAP, but an endpoint that does not know the partner namespace.
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

extension Simulator {
    /// The newest version of the API that the simulated org knows: 67.
    public static var newestAPIVersion: Int { APIVersion.newest }
}

/// The versions of the API that the simulated org knows.
enum APIVersion {
    /// The newest; those after it do not exist yet.
    static let newest = 67

    /// - Parameter oldest: Versions before it are retired.
    static func check(_ text: String, _ dialect: Dialect, oldest: Int) throws(Refusal) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1] == "0", let number = Int(parts[0]), number <= newest else {
            throw dialect == .soap ? .retiredVersion(.soap) : .notFound()
        }
        guard number >= oldest else { throw .retiredVersion(dialect) }
    }

    /// What `/services/data/` tells anybody.
    static func list(from oldest: Int) -> JSON {
        .array(
            (oldest...newest).map { number in
                .object([
                    "label": .string(label(number)),
                    "url": .string("/services/data/v\(number).0"),
                    "version": .string("\(number).0"),
                ])
            })
    }

    /// Three releases a year: 67 is Summer '26, 66 is Spring '26, 65 is Winter '26.
    private static func label(_ number: Int) -> String {
        let season = ["Spring", "Summer", "Winter"][number % 3]
        return "\(season) '\((number + 1) / 3 + 4)"
    }
}
