import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server on loopback that answers each request with exactly the bytes it is told to.
///
/// It speaks below HTTP, so that it can do what no decent server does: break off in mid-answer,
/// reset, say nothing.
final class ScriptedServer: Sendable {
    /// What is done with a request.
    enum Turn: Sendable {
        /// Write this and wait for the next request.
        case say(String)
        /// Write this and close.
        case sayAndClose(String)
        /// Close so that the peer gets a reset.
        case reset
        /// Say nothing.
        case stall
    }

    /// A request as it arrived.
    struct Request: Sendable {
        var head: String
        var body: String
        var line: String { String(head.prefix { $0 != "\r\n" }) }

        func header(_ name: String) -> String? {
            head.split(separator: "\r\n").dropFirst().lazy
                .map { $0.split(separator: ": ", maxSplits: 1) }
                .first { $0[0].lowercased() == name.lowercased() }.map { String($0[1]) }
        }
    }

    typealias Script = @Sendable (Request) -> Turn

    private let channel: any Channel
    private let seen: Seen

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var requests: [Request] { seen.requests.withLock { $0 } }

    private init(channel: any Channel, seen: Seen) {
        self.channel = channel
        self.seen = seen
    }

    /// Runs a server for as long as `body` takes.
    static func run<Value>(
        _ script: @escaping Script, tls: NIOSSLContext? = nil,
        _ body: (ScriptedServer) async throws -> Value
    ) async throws -> Value {
        let seen = Seen()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    if let tls {
                        try child.pipeline.syncOperations.addHandler(
                            NIOSSLServerHandler(context: tls))
                    }
                    try child.pipeline.syncOperations.addHandler(
                        Performer(script: script, seen: seen))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(channel: channel, seen: seen)
        do {
            let value = try await body(server)
            try await channel.close()
            return value
        } catch {
            try await channel.close()
            throw error
        }
    }

    /// Waits until a request has arrived.
    func firstRequest() async {
        for await _ in seen.arrivals { return }
    }

    /// An HTTP answer with its length.
    static func http(_ status: Int, _ body: String, headers: String...) -> String {
        let lines = ["HTTP/1.1 \(status) X", "Content-Length: \(body.utf8.count)"] + headers
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    fileprivate final class Seen: Sendable {
        let requests = Mutex<[Request]>([])
        let arrivals: AsyncStream<Void>
        private let arrival: AsyncStream<Void>.Continuation

        init() {
            (arrivals, arrival) = AsyncStream.makeStream()
        }

        func record(_ request: Request) {
            requests.withLock { $0.append(request) }
            arrival.yield()
        }
    }
}

private final class Performer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: ScriptedServer.Script
    private let seen: ScriptedServer.Seen
    private var received = ""

    init(script: @escaping ScriptedServer.Script, seen: ScriptedServer.Seen) {
        self.script = script
        self.seen = seen
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        guard let request = wholeRequest() else { return }
        received = ""
        seen.record(request)
        perform(script(request), context)
    }

    private func perform(_ turn: ScriptedServer.Turn, _ context: ChannelHandlerContext) {
        switch turn {
        case .say(let text):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .sayAndClose(let text):
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)))
                .whenComplete { _ in channel.close(promise: nil) }
        case .reset:
            // Closing with a linger of nothing sends RST instead of FIN.
            let channel = context.channel
            (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                .whenComplete { _ in channel.close(promise: nil) }
        case .stall:
            break
        }
    }

    private func wholeRequest() -> ScriptedServer.Request? {
        let parts = received.split(
            separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let request = ScriptedServer.Request(head: String(parts[0]), body: String(parts[1]))
        let length = request.header("Content-Length").flatMap(Int.init) ?? 0
        return request.body.utf8.count == length ? request : nil
    }
}
