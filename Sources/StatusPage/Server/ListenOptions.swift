import Foundation

/// Where the status page listens, and who may see it.
public struct ListenOptions: Sendable, Equatable {
    /// An address.
    public enum Address: Sendable, Equatable, CustomStringConvertible {
        /// A host's name or number, and a port; port 0 is any that is free.
        case host(String, port: Int)
        /// A socket in the file system.
        case unix(String)

        /// Whether only this machine can reach it.
        public var isLoopback: Bool {
            switch self {
            case .unix: true
            case .host(let host, _): Self.isLoopback(host)
            }
        }

        /// Reads `HOST:PORT`, `[::1]:PORT` or `unix:/PATH`; nil for anything else.
        public init?(_ text: String) {
            if text.hasPrefix("unix:") {
                let path = String(text.dropFirst(5))
                // The kernel's limit for the path of a socket, with the zero at its end.
                guard path.hasPrefix("/"), !path.hasSuffix("/"), path.utf8.count < 108 else {
                    return nil
                }
                self = .unix(path)
                return
            }
            guard let colon = text.lastIndex(of: ":"),
                let port = UInt16(text[text.index(after: colon)...])
            else { return nil }
            var host = text[..<colon]
            if host.hasPrefix("["), host.hasSuffix("]") {
                host = host.dropFirst().dropLast()
            } else if host.contains(":") {
                return nil
            }
            guard !host.isEmpty, !host.contains(where: \.isWhitespace), !host.contains("/") else {
                return nil
            }
            self = .host(String(host), port: Int(port))
        }

        /// As it is given.
        public var description: String {
            switch self {
            case .unix(let path): "unix:\(path)"
            case .host(let host, let port):
                host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            }
        }

        /// What an address must look like.
        public static let rule =
            "must be an address and a port such as 127.0.0.1:8230, or unix:/path/of/a/socket"

        /// Whether a host is this machine, by its name or number.
        static func isLoopback(_ host: some StringProtocol) -> Bool {
            let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
            return host.lowercased() == "localhost" || host == "::1"
                || numbers.count == 4 && numbers[0] == "127"
                    && numbers.allSatisfy { UInt8($0) != nil }
        }
    }

    /// The address.
    public var address: Address
    /// What one must know to see the page. It does not show itself where options are printed.
    public struct Token: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
        let revealed: String

        /// Hides a text.
        public init(_ text: String) { revealed = text }

        /// No part of it.
        public var description: String { "(secret)" }
        /// No part of it.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// The token; nil where everybody on this machine may see the page.
    public var token: Token?

    /// Options.
    public init(address: Address, token: Token? = nil) {
        self.address = address
        self.token = token
    }
}
