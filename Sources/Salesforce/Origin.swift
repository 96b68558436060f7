import Conversion
import Foundation

/// Scheme, host and port of a server that may be told a secret: `https`, or `http` on loopback.
struct Origin: Hashable, Sendable, CustomStringConvertible {
    let host: String
    /// `https://host[:port]`, without a slash at the end.
    let description: String

    /// Reads a URL that names a server and nothing on it; nil when it is anything else.
    init?(_ text: String) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            let host = parts.host?.lowercased(), !host.isEmpty,
            parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil,
            parts.path.isEmpty || parts.path == "/",
            scheme == "https" || (scheme == "http" && Self.isLoopback(host))
        else { return nil }
        self.host = host
        description = "\(scheme)://\(host)" + (parts.port.map { ":\($0)" } ?? "")
    }

    /// Reads a setting, or says what is wrong with it.
    /// - Throws: an error that names the setting and, since a URL can carry a password, not its
    ///   value.
    init(_ text: String, setting: String) throws(OperatorError) {
        guard let origin = Origin(text) else {
            throw OperatorError(
                .configuration, "\(setting) is not the address of a server.",
                remedy: "Give https:// and a host, without a path; http:// is for loopback only.")
        }
        // Browsers show these hosts; the API does not live there.
        let pages = [".lightning.force.com", ".salesforce-setup.com"]
        guard !pages.contains(where: origin.host.hasSuffix) else {
            throw OperatorError(
                .configuration, "\(setting) names \(origin.host), which serves pages, not the API.",
                remedy: "Give the My Domain host, which ends in .my.salesforce.com.")
        }
        self = origin
    }

    private static func isLoopback(_ host: String) -> Bool {
        let isIPv4 = host.utf8.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
        return ["localhost", "::1", "[::1]"].contains(host)
            || (isIPv4 && host.hasPrefix("127.") && host.split(separator: ".").count == 4)
    }
}
