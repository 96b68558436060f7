import HTTPTypes

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
