import HTTPTypes
import Hummingbird
import NIOCore

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
