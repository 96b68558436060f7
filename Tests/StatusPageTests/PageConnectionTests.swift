import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import StatusPage

/// Connections that somebody keeps open.
@Suite struct PageConnectionTests {
    private let limits = ConnectionLimits()
    private let channel = EmbeddedChannel()
    private let answers: NIOLoopBoundBox<[EventLoopPromise<Response>]>

    init() throws {
        let answers = NIOLoopBoundBox([EventLoopPromise<Response>](), eventLoop: channel.eventLoop)
        self.answers = answers
        let connection = PageConnection(limits) { _, loop in
            answers.value.append(loop.makePromise())
            return answers.value[answers.value.count - 1].futureResult
        }
        try channel.pipeline.syncOperations.addHandler(connection)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 80)).wait()
    }

    @Test func `an old connection without a request is closed`() throws {
        channel.embeddedEventLoop.advanceTime(by: limits.age)
        #expect(!channel.isActive)
    }

    @Test func `an old connection is closed once its answer is out`() throws {
        try ask()
        channel.embeddedEventLoop.advanceTime(by: limits.age)
        #expect(channel.isActive)
        answer()
        #expect(try sent().first == "close")
        #expect(!channel.isActive)
    }

    @Test func `an old connection whose request never ends is closed in any case`() throws {
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        channel.embeddedEventLoop.advanceTime(by: limits.age)
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: limits.grace)
        #expect(!channel.isActive)
    }

    @Test func `a young connection is served again and again`() throws {
        for _ in 1...3 {
            try ask()
            answer()
        }
        #expect(try sent() == [nil, nil, nil])
        #expect(channel.isActive)
        try channel.close().wait()
    }

    @Test func `who reads no answer gets no other`() throws {
        channel.isWritable = false
        try ask()
        #expect(answers.value.isEmpty)
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        answer()
        #expect(try sent() == [nil])
        try channel.close().wait()
    }

    @Test func `a connection on which nothing happens is closed, but not while it waits for us`()
        throws
    {
        try ask()
        channel.pipeline.fireUserInboundEventTriggered(IdleStateHandler.IdleStateEvent.all)
        #expect(channel.isActive)
        answer()
        channel.pipeline.fireUserInboundEventTriggered(IdleStateHandler.IdleStateEvent.all)
        #expect(!channel.isActive)
    }

    @Test func `an answer to somebody who has gone is dropped`() throws {
        try ask()
        try channel.close().wait()
        answer()
        #expect(try sent().isEmpty)
    }

    private let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")

    private func ask() throws {
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
    }

    private func answer() {
        answers.value.last?.succeed(.text("ok\n"))
        channel.embeddedEventLoop.run()
    }

    /// Of each answer that went out its `Connection`.
    private func sent() throws -> [String?] {
        var answers: [String?] = []
        while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
            if case .head(let head) = part {
                answers.append(head.headers.first(name: "Connection"))
            }
        }
        return answers
    }
}
