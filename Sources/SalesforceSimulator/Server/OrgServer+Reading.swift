import HTTPTypes
import Hummingbird

extension OrgServer {
    /// The API call that a request makes, read as strictly as its dialect demands.
    func call(_ incoming: Incoming, _ route: Route) -> APICall {
        switch route {
        case .rest(let version, let rest):
            return restCall(incoming, version, rest, kind: route.kind(incoming.method))
        case .soap(let version):
            return soapCall(incoming, version)
        default:
            return soapCall(incoming, nil)
        }
    }

    private func restCall(
        _ incoming: Incoming, _ version: String, _ rest: [String], kind: CallKind
    ) -> APICall {
        let operation = Result { () throws(Refusal) -> Operation in
            try APIVersion.check(version, .rest, oldest: configuration.oldestVersion)
            try Self.checkLength(incoming)
            return try RestRequest(incoming, rest, apexAction: configuration.apexAction).operation()
        }
        return APICall(
            kind: Self.kind(of: operation) ?? kind, dialect: .rest, version: version,
            token: incoming.bearer,
            operation: operation)
    }

    /// What a call writes is in its body.
    private static func kind(of operation: Result<Operation, Refusal>) -> CallKind? {
        switch operation {
        case .success(.update): .set
        case .success(.create(let records)):
            records.allSatisfy { $0.entity == .task } ? .task : .note
        default: nil
        }
    }

    /// Salesforce takes 16,384 bytes of address and headers.
    private static func checkLength(_ incoming: Incoming) throws(Refusal) {
        let query = incoming.query.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard incoming.path.utf8.count + query <= 16_384 else {
            throw Refusal(code: "URI_TOO_LONG", message: "URI Too Long", status: 414)
        }
    }

    /// A nil version is an endpoint that does not know the partner namespace.
    private func soapCall(_ incoming: Incoming, _ version: String?) -> APICall {
        var kind = CallKind.convert, token = ""
        let operation = Result { () throws(Refusal) -> Operation in
            guard incoming.method == .post, incoming.mediaType == "text/xml" else {
                throw .beforeDispatch("content-type of the request should be text/xml")
            }
            guard let version else { throw .noOperation }
            try APIVersion.check(version, .soap, oldest: configuration.oldestVersion)
            let request = try SoapRequest(incoming.body)
            token = request.sessionID
            switch request.call {
            case .convertLead(let requests):
                return .convert(requests, request.options, .soap)
            case .getUserInfo:
                kind = .userInfo
                return .userInfo
            }
        }
        return APICall(
            kind: kind, dialect: .soap, version: version ?? "", token: token, operation: operation)
    }
}

extension Refusal {
    fileprivate static let noOperation = Refusal.beforeDispatch(
        "No operation available for request {\(SoapRequest.partner)}convertLead, "
            + "please check the WSDL for the service.")
}

/// A request, read whole.
struct Incoming: Sendable {
    var method: HTTPRequest.Method
    var path: String
    var query: [String: String]
    var headers: HTTPFields
    var body: [UInt8]

    /// The token after "Bearer" or "OAuth"; both words are used.
    var bearer: String {
        let words = (headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
        guard words.count == 2, ["bearer", "oauth"].contains(words[0].lowercased()) else {
            return ""
        }
        return String(words[1])
    }

    /// The type without its parameters, in lower case.
    var mediaType: String {
        let type = (headers[.contentType] ?? "").prefix { $0 != ";" }
        return type.lowercased().filter { $0 != " " }
    }
}

extension Incoming {
    /// The body's fields, if it is a form.
    var form: [String: String]? {
        guard mediaType == "application/x-www-form-urlencoded" else { return nil }
        return Self.fields(String(decoding: body, as: UTF8.self))
    }

    /// `name=value&name=value`, as addresses and forms write it; nil where it is malformed.
    ///
    /// `URI.queryParameters` would leave a "+" as it is, and queries are full of them.
    static func fields(_ text: String) -> [String: String]? {
        try? URLEncodedFormDecoder().decode([String: String].self, from: text)
    }
}
