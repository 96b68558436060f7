import Conversion
import Foundation
import NIOCore
import NIOHTTP1
import Storage

/// What a browser or a monitor asks.
struct Request: Sendable {
    /// The largest body that is kept: a form of ours has a batch's name and an address to go back to.
    static let bodyBytes = 16_384

    let head: HTTPRequestHead
    let path: String
    let query: String
    /// Nil when it is too large.
    private(set) var body: ByteBuffer? = ByteBuffer()

    init(_ head: HTTPRequestHead) {
        self.head = head
        // It may be sent as a whole URL.
        var target = head.uri.prefix { $0 != "#" }
        if !target.hasPrefix("/"), let scheme = target.firstRange(of: "://") {
            target = target[scheme.upperBound...].drop { $0 != "/" && $0 != "?" }
        }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts[0].isEmpty ? "/" : String(parts[0])
        query = parts.count == 2 ? String(parts[1]) : ""
    }

    mutating func add(_ bytes: ByteBuffer) {
        let size = (body?.readableBytes ?? 0) + bytes.readableBytes
        if size > Self.bodyBytes { body = nil }
        body?.writeImmutableBuffer(bytes)
    }

    /// Whether it changes nothing.
    var isRead: Bool { head.method == .GET || head.method == .HEAD }

    /// A header's value; several are one list.
    func header(_ name: String) -> String? {
        let values = head.headers[name]
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}

/// What the page says.
struct Response: Sendable {
    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: ByteBuffer

    /// With the length of the body, which the answer to HEAD has as well.
    var head: HTTPResponseHead {
        var head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        head.headers.add(name: "Content-Length", value: String(body.readableBytes))
        return head
    }

    /// A page. It may load its style and script from where it comes from, and nothing else; nobody
    /// may frame it; no cache keeps leads.
    static func html(_ status: HTTPResponseStatus, _ page: HTML) -> Response {
        html(status, ByteBuffer(string: page.text))
    }

    static func html(_ status: HTTPResponseStatus, _ body: ByteBuffer) -> Response {
        response(status, "text/html; charset=utf-8", body, cache: "no-store")
    }

    static func text(
        _ text: String, status: HTTPResponseStatus = .ok,
        type: String = "text/plain; charset=utf-8"
    ) -> Response {
        response(status, type, ByteBuffer(string: text), cache: "no-store")
    }

    /// What does not change until the next start, when it may.
    static func asset(_ text: String, _ type: String) -> Response {
        response(.ok, type, ByteBuffer(string: text), cache: "no-cache")
    }

    /// Shows another page after a change, so that to load it again changes nothing.
    static func seeOther(_ path: String, cookie: String? = nil) -> Response {
        var response = text("See \(path)\n", status: .seeOther)
        response.headers.add(name: "Location", value: path)
        if let cookie {
            response.headers.add(
                name: "Set-Cookie", value: "\(cookie); Path=/; HttpOnly; SameSite=Strict")
        }
        return response
    }

    static func notAllowed(_ methods: String) -> Response {
        var response = text("Allowed here: \(methods)\n", status: .methodNotAllowed)
        response.headers.add(name: "Allow", value: methods)
        return response
    }

    private static func response(
        _ status: HTTPResponseStatus, _ type: String, _ body: ByteBuffer, cache: String
    ) -> Response {
        let headers = [
            ("Content-Type", type), ("Cache-Control", cache), ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"),
            ("X-Frame-Options", "DENY"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ]
        return Response(status: status, headers: HTTPHeaders(headers), body: body)
    }

    private static let policy = """
        default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
        connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
        """
}

extension AccessControl.Headers {
    /// What a request tells of itself.
    init(_ request: Request) {
        self.init(
            host: request.header("Host"), origin: request.header("Origin"),
            fetchSite: request.header("Sec-Fetch-Site"),
            authorization: request.header("Authorization"),
            cookies: request.head.headers["Cookie"].joined(separator: "; "))
    }
}

/// Forms and queries, `application/x-www-form-urlencoded`.
enum Form {
    /// The fields; of a name that comes twice the first.
    static func fields(_ text: some StringProtocol) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in text.split(separator: "&").prefix(50) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(parts[0]), fields[name] == nil else { continue }
            fields[name] = parts.count == 2 ? decoded(parts[1]) : ""
        }
        return fields
    }

    private static func decoded(_ text: some StringProtocol) -> String? {
        String(text).replacing("+", with: " ").removingPercentEncoding
    }

    /// The place where a list goes on.
    static func place(_ query: [String: String]) -> ListPlace? {
        guard let time = query["after"], let id = query["above"].flatMap({ Int64($0) }) else {
            return nil
        }
        return ListPlace(time: time, id: id)
    }

    /// The path if it is one of this page, else that of the queue: nobody is sent elsewhere.
    static func ownPath(_ path: String?) -> String {
        guard let path, path.hasPrefix("/"), !path.hasPrefix("//"), !path.contains("\\"),
            path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return "/" }
        return path
    }

    /// The path with what was done, in place of what was done before.
    static func adding(_ fields: [(String, String?)], to path: String) -> String {
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let names = fields.map(\.0)
        let kept = self.fields(parts.count == 2 ? parts[1] : "")
            .filter { !names.contains($0.key) }.sorted { $0.key < $1.key }
        return Link.query(String(parts[0]), kept.map { ($0.key, $0.value) } + fields)
    }
}
