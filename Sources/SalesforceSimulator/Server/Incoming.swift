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

/// Reads `name=value&name=value`, as addresses and forms write it.
enum PercentText {
    static func fields(_ text: some StringProtocol) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[decoded(halves[0])] = halves.count == 2 ? decoded(halves[1]) : ""
        }
        return fields
    }

    /// The text with `%41` and `+` read; a broken escape stands for itself.
    static func decoded(_ text: some StringProtocol) -> String {
        var out: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(digits, radix: 16) {
                out.append(value)
                rest = rest.dropFirst(2)
            } else {
                out.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
