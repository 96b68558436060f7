public import Conversion
import Foundation

/// Where the status page listens, and who may see it.
public struct ListenOptions: Sendable, Equatable {
    public enum Address: Sendable, Equatable, CustomStringConvertible {
        /// A host's name or number, and a port; port 0 is any that is free.
        case host(String, port: Int)
        /// A socket in the file system.
        case unix(String)

        /// Whether only this machine can reach it.
        public var isLoopback: Bool {
            switch self {
            case .unix: true
            case .host(let host, _): host.isLoopbackHost
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
    }

    public var address: Address
    /// What one must know to see the page; nil where everybody on this machine may see it.
    public var token: Secret?

    public init(address: Address, token: Secret? = nil) {
        self.address = address
        self.token = token
    }
}
