import Conversion
import Foundation

/// Scheme, host and port of a server that may be told a secret: `https`, or `http` on loopback.
public struct Origin: Hashable, Sendable, CustomStringConvertible {
    /// The host's name, in lower case.
    public let host: String
    /// `https://host[:port]`, without a slash at the end.
    public let description: String

    /// What a wrong text should have been.
    public static let rule =
        "must be https://HOST without a path, as in https://NAME.my.salesforce.com; http:// is for "
        + "loopback addresses only"

    /// The login host of all production orgs.
    public static let production = Origin(host: "login.salesforce.com", scheme: "https")
    /// The login host of all sandboxes.
    public static let sandbox = Origin(host: "test.salesforce.com", scheme: "https")

    private init(host: String, scheme: String, port: Int? = nil) {
        self.host = host
        description = "\(scheme)://\(host)" + (port.map { ":\($0)" } ?? "")
    }

    /// Reads a URL that names a server of the API and nothing on it; nil when it breaks the rule.
    public init?(_ text: String) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            let host = parts.host?.lowercased(), !host.isEmpty,
            parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil,
            parts.path.isEmpty || parts.path == "/",
            scheme == "https" || (scheme == "http" && host.isLoopbackHost),
            !Self.servesPages(host)
        else { return nil }
        self.init(host: host, scheme: scheme, port: parts.port)
    }

    /// Reads what people have at hand: a host alone, or an address that a browser shows, whose host
    /// has the name in it to which the API answers. Nil when it is none of either.
    public init?(address text: String) {
        let parts = text.split(separator: "://", maxSplits: 1).map(String.init)
        guard let rest = parts.last else { return nil }
        var host = String(rest.prefix { $0 != "/" && $0 != "?" }).lowercased()
        for shown in [".lightning.force.com", ".my.salesforce-setup.com"]
        where host.hasSuffix(shown) {
            host = host.dropLast(shown.count) + ".my.salesforce.com"
        }
        self.init((parts.count == 2 ? parts[0] : "https") + "://\(host)")
    }

    /// Browsers show these hosts; the API does not live there.
    private static func servesPages(_ host: String) -> Bool {
        [".lightning.force.com", ".salesforce-setup.com"].contains(where: host.hasSuffix)
    }
}
