import HTTPTypes
import Hummingbird
import NIOCore

/// An answer, before anything goes wrong with it on its way.
struct Reply: Sendable {
    var status: Int
    var contentType: String
    var headers: [(name: HTTPField.Name, value: String)] = []
    var body: [UInt8]

    static func xml(_ text: String, status: Int = 200) -> Reply {
        Reply(status: status, contentType: "text/xml; charset=utf-8", body: Array(text.utf8))
    }

    static func json(_ value: JSON, status: Int = 200) -> Reply {
        Reply(status: status, contentType: "application/json;charset=UTF-8", body: value.bytes)
    }

    static func csv(_ text: String) -> Reply {
        Reply(status: 200, contentType: "text/csv; charset=utf-8", body: Array(text.utf8))
    }

    /// What a proxy or an edge says in Salesforce's place.
    static func page(_ title: String, status: Int) -> Reply {
        let text = """
            <!DOCTYPE html>
            <html><head><title>\(title)</title></head><body><h1>\(title)</h1></body></html>

            """
        return Reply(
            status: status, contentType: "text/html; charset=UTF-8", body: Array(text.utf8))
    }

    static let unavailable = page("Service Unavailable", status: 503)
    static let badGateway = page("Bad Gateway", status: 502)
    static let loginPage = page("Salesforce - Login", status: 200)
    static let forbidden = page("Forbidden", status: 403)
    static let notFound = page("Not Found", status: 404)
    static let misdirected = page("Misdirected Request", status: 421)
    static let redirect = page("Found", status: 302).with(.location, "/secur/frontdoor.jsp")

    func with(_ name: HTTPField.Name, _ value: String) -> Reply {
        var reply = self
        reply.headers.append((name, value))
        return reply
    }
}

/// Brings replies to the caller, whole or broken.
struct Delivery: Sendable {
    private struct ConnectionCut: Error {}

    let channel: any Channel

    func whole(_ reply: Reply) -> Response {
        Response(
            status: .init(code: reply.status), headers: headers(reply),
            body: .init(byteBuffer: ByteBuffer(bytes: reply.body)))
    }

    /// Nothing more comes over this connection, not even a status line.
    func cut() async throws -> Response {
        // A close that fails found the connection closed, which is what it is for.
        try? await channel.close()
        throw ConnectionCut()
    }

    /// Half of the body, under a length that says it is all: only the XML shows that it is not.
    func shortened(_ reply: Reply) -> Response {
        var half = reply
        half.body = Array(reply.body.prefix(reply.body.count / 2))
        return whole(half)
    }

    /// Half of a chunked body, and then the connection closes without the last chunk.
    func brokenOff(_ reply: Reply) -> Response {
        let half = ByteBuffer(bytes: reply.body.prefix(reply.body.count / 2))
        let channel = channel
        return Response(
            status: .init(code: reply.status), headers: headers(reply),
            body: .init { writer in
                try await writer.write(half)
                try await channel.close()
                throw ConnectionCut()
            })
    }

    private func headers(_ reply: Reply) -> HTTPFields {
        var headers = HTTPFields()
        headers[.contentType] = reply.contentType
        for header in reply.headers { headers[header.name] = header.value }
        return headers
    }
}
