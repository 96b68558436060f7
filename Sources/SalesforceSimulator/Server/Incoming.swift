import HTTPTypes
import Hummingbird

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
