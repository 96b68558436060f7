import Foundation
import NIOCore
import NIOPosix
import Storage
import TestSupport
import Testing

@testable import StatusPage

/// The page's HTTP, byte by byte.
@Suite struct WireTests {
    private let health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    private let form = """
        POST /pause HTTP/1.1\r\nHost: localhost\r\n\
        Content-Type: application/x-www-form-urlencoded\r\n
        """

    @Test func `requests of one connection are answered in their order`() async throws {
        try await withConnection { page in
            page.send("HEAD /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n\(health)\r\n")
            page.send("\(health)Connection: close\r\n\r\n")
            let text = try await page.all()
            let answers = text.components(separatedBy: "HTTP/1.1 ").dropFirst()
            #expect(answers.map { $0.prefix(6) } == ["200 OK", "200 OK", "200 OK"])
            #expect(answers.map { $0.contains("Connection: close") } == [false, false, true])
            let lengths = answers.map { $0.between("Content-Length: ", "\r\n") }
            #expect(lengths == [String(Assets.style.utf8.count), "3", "3"])
            #expect(answers.map { $0.hasSuffix("\r\n\r\n") } == [true, false, false])
            #expect(text.contains("\r\nDate: "))
            #expect(!text.lowercased().contains("chunked"))
        }
    }

    @Test(arguments: ["HTTP/1.0\r\n", "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"])
    func `a client that asks once is answered once`(rest: String) async throws {
        try await withConnection { page in
            page.send("GET /healthz \(rest)\r\n")
            let answer = try await page.all()
            #expect(answer.hasSuffix("Content-Length: 3\r\nConnection: close\r\n\r\nok\n"))
        }
    }

    /// NIO's decoder would keep all that comes after it.
    @Test(arguments: ["GET /healthz", "CONNECT localhost:1"])
    func `a client that asks for another protocol is answered once`(line: String) async throws {
        try await withConnection { page in
            page.send("\(line) HTTP/1.1\r\nHost: localhost\r\n")
            page.send("Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
            let answer = try await page.all()
            #expect(answer.contains("Connection: close"))
        }
    }

    @Test func `a request may name a whole URL`() async throws {
        try await withConnection { page in
            page.send("GET http://localhost/jobs?state=none#x HTTP/1.1\r\nHost: localhost\r\n")
            page.send("Connection: close\r\n\r\n")
            let answer = try await page.all()
            #expect(answer.contains("Jobs have no state of that name."))
        }
    }

    @Test func `a client that has nothing more to say gets its answer`() async throws {
        try await withConnection { page in
            page.send("\(health)\r\n")
            page.finish()
            let answer = try await page.all()
            #expect(answer.hasSuffix("\r\n\r\nok\n"))
        }
    }

    @Test(arguments: [
        "what is this\r\n\r\n", "GET /healthz HTTP/1.1\r\nHo st: x\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nX: \(String(repeating: "x", count: 9000))\r\n\r\n",
        String(repeating: "X: \(String(repeating: "x", count: 8000))\r\n", count: 3),
        String(repeating: "X: x\r\n", count: 101),
    ])
    func `what is no request, or a head too large, ends with 400`(text: String) async throws {
        try await withConnection { page in
            page.send(text.hasPrefix("X: x") ? "\(health)\(text)\r\n" : text)
            let answer = try await page.all()
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.components(separatedBy: "HTTP/1.1").count == 2)
        }
    }

    @Test func `who asks whether to send a form is told to`() async throws {
        try await withConnection { page in
            page.send("\(form)Content-Length: 6\r\nExpect: 100-continue\r\n\r\n")
            try await page.receives("HTTP/1.1 100 Continue\r\n\r\n")
            page.send("csrf=x")
            try await page.receives("HTTP/1.1 403 Forbidden\r\n")
        }
    }

    @Test func `a form may come in pieces`() async throws {
        try await withPage { page in
            let token = try await page.get("/").formToken
            let connection = try await Connection(page)
            connection.send("\(form)Transfer-Encoding: chunked\r\n\r\n9\r\nall=queue\r\n")
            let rest = "&csrf=\(token)"
            connection.send("\(String(rest.utf8.count, radix: 16))\r\n\(rest)\r\n0\r\n\r\n")
            try await connection.receives("HTTP/1.1 303 See Other\r\n")
            #expect(try page.queue.reports.status(at: .now).isPaused)
        }
    }

    @Test func `a form that is too large is refused, and the connection goes on`() async throws {
        try await withConnection { page in
            for size in [Request.bodyBytes, Request.bodyBytes + 1, 1_000_000] {
                page.send("\(form)Content-Length: \(size)\r\n\r\n")
                page.send(String(repeating: "x", count: size))
                try await page.receives(size > Request.bodyBytes ? " 413 " : " 403 ")
            }
            page.send("\(health)\r\n")
            try await page.receives("\r\n\r\nok\n")
        }
    }

    @Test func `a connection that is idle or old is closed`() async throws {
        for limits in [
            ConnectionLimits(idle: .milliseconds(20), age: .hours(1), grace: .hours(1)),
            ConnectionLimits(idle: .hours(1), age: .milliseconds(20), grace: .hours(1)),
        ] {
            try await withPage(limits: limits) { page in
                let text = try await Connection(page).all()
                #expect(text == "")
            }
        }
        let limits = ConnectionLimits(
            idle: .hours(1), age: .milliseconds(10), grace: .milliseconds(10))
        try await withPage(limits: limits) { page in
            let connection = try await Connection(page)
            connection.send("\(form)Content-Length: 9\r\n\r\nx")
            _ = try await connection.all()
        }
    }

    @Test func `128 connections are served, and the next one once another goes`() async throws {
        try await withPage { page in
            var served: [Connection] = []
            for _ in 1...128 {
                let connection = try await Connection(page)
                connection.send("\(health)\r\n")
                try await connection.receives("ok\n")
                served.append(connection)
            }
            let next = try await Connection(page)
            next.send("\(health)\r\n")
            for connection in served {
                connection.send("\(health)\r\n")
                try await connection.receives("ok\n")
            }
            #expect(next.isUnanswered)
            served[0].finish()
            try await next.receives("ok\n")
        }
    }

    @Test func `a stop closes what is idle and does not wait for what is not`() async throws {
        try await withPage { page in
            let idle = try await Connection(page)
            idle.send("\(health)\r\n")
            try await idle.receives("ok\n")
            let slow = try await Connection(page)
            slow.send("\(health)\r\n\(form)Content-Length: 9\r\n\r\nx")
            try await slow.receives("ok\n")
            await page.server.stop()
            _ = try await idle.all()
            await #expect(throws: (any Error).self) { try await Connection(page) }
        }
    }

    private func withConnection(_ body: (Connection) async throws -> Void) async throws {
        try await withPage { page in try await body(Connection(page)) }
    }
}

/// A connection to the page that speaks below HTTP.
private final class Connection: Sendable {
    private struct Received: Sendable {
        var text = ""
        var isOver = false
    }

    private let channel: any Channel
    private let received = Watched(Received())

    init(_ page: Page) async throws {
        let address = page.server.address.split(separator: ":")
        let received = received
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Reader(received))
                }
            }
            .connect(host: String(address[0]), port: Int(address[1]) ?? 0).get()
    }

    deinit { channel.close(promise: nil) }

    var isUnanswered: Bool { received.value.text.isEmpty }

    func send(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    /// Sends nothing more.
    func finish() {
        channel.close(mode: .output, promise: nil)
    }

    /// Waits for an answer that has the text, and drops it.
    func receives(_ text: String) async throws {
        try await within(.seconds(400), "the page says \(text)") {
            try await self.received.wait { $0.text.contains(text) }
        }
        received.change { $0.text = "" }
    }

    /// All that comes until the page ends the connection.
    func all() async throws -> String {
        try await within(.seconds(400), "the page ends the connection") {
            try await self.received.wait { $0.isOver }.text
        }
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let received: Watched<Received>

        init(_ received: Watched<Received>) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            received.change { $0.text += text }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { received.change { $0.isOver = true } }
        }

        func channelInactive(context: ChannelHandlerContext) {
            received.change { $0.isOver = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
