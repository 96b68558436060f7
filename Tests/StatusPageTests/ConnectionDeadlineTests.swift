import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import StatusPage

/// Connections that somebody keeps open.
@Suite struct ConnectionDeadlineTests {
    private let request = HTTPRequestPart.head(
        HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: "/"))

    @Test func `an old connection without a request is closed`() throws {
        let channel = try open()
        channel.embeddedEventLoop.advanceTime(by: ConnectionLimits().age)
        #expect(!channel.isActive)
    }

    @Test func `an old connection is closed once its answer is out`() throws {
        let channel = try open()
        try channel.writeInbound(request)
        channel.embeddedEventLoop.advanceTime(by: ConnectionLimits().age)
        #expect(channel.isActive)
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
    }

    @Test func `an old connection whose request never ends is closed in any case`() throws {
        let channel = try open()
        try channel.writeInbound(request)
        channel.embeddedEventLoop.advanceTime(
            by: ConnectionLimits().age + ConnectionLimits().patience)
        #expect(!channel.isActive)
    }

    @Test func `a young connection is served again and again`() throws {
        let channel = try open()
        for _ in 1...3 {
            try channel.writeInbound(request)
            try channel.writeOutbound(HTTPResponsePart.end(nil))
        }
        #expect(channel.isActive)
        try channel.close().wait()
    }

    private func open() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: ConnectionDeadline(ConnectionLimits()))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 80)).wait()
        return channel
    }
}
