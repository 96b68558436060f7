import NIOCore
import NIOHTTP1

/// How long a connection to the page may last.
package struct ConnectionLimits: Sendable {
    /// Without a byte of a request read while no answer is under way.
    var idle = TimeAmount.seconds(20)
    /// Until it is closed after the answer under way.
    var age = TimeAmount.seconds(60)
    /// What an answer under way then has left.
    var grace = TimeAmount.seconds(30)
}

/// Tells connections to end as soon as no request of theirs is under way.
struct ConnectionShouldEnd: Sendable {}

/// Reads the requests of a connection and writes their answers, one after the other: NIO's handler
/// before it holds back a request until the answer to the one before is written.
///
/// Nobody keeps a connection for good, neither by sending a request a byte at a time nor by never
/// reading the answer: at its age it is closed as soon as no request is under way, and after some more
/// time in any case. A browser opens another and sees nothing of it.
final class PageConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    typealias Answer = @Sendable (Request, any EventLoop) -> EventLoopFuture<Response>

    private enum State {
        case idle
        case reading(Request)
        /// All of it is there, but not all of the answer before has gone out.
        case waiting(Request)
        case answering
        /// No more is read.
        case ended
    }

    private let limits: ConnectionLimits
    private let answer: Answer
    private var state = State.idle
    private var isEnding = false
    /// When the last answer was written.
    private var sent: EventLoopFuture<Void>?
    private var timer: Scheduled<Void>?

    init(_ limits: ConnectionLimits, _ answer: @escaping Answer) {
        self.limits = limits
        self.answer = answer
    }

    /// Adds what a connection needs: a request's head may have 16 KB.
    func add(to channel: any Channel) throws {
        var head = NIOHTTPDecoderLimitConfiguration()
        head.maxHeaderFieldSize = 8192
        head.maxHeaderListSize = 16_384
        head.maxHeaderFieldCount = 100
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: head)
        try pipeline.addHandlers([IdleStateHandler(allTimeout: limits.idle), self])
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: limits.age) {
            self.end(context)
            self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: self.limits.grace) {
                context.close(promise: nil)
            }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .idle):
            state = .reading(Request(head))
            if head.headers["Expect"].contains(where: { $0.lowercased() == "100-continue" }) {
                let goOn = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(goOn)), promise: nil)
            }
        case (.body(let bytes), .reading(var request)):
            state = .idle
            request.add(bytes)
            state = .reading(request)
        case (.end, .reading(let request)):
            state = .waiting(request)
            answerNext(context)
        default: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        answerNext(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch (event, state) {
        case (is ConnectionShouldEnd, _), (ChannelEvent.inputClosed, _): end(context)
        case (is IdleStateHandler.IdleStateEvent, .answering): break
        case (is IdleStateHandler.IdleStateEvent, _): context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    /// NIO has answered what is no HTTP with 400. Only our side is closed, or what the client has sent
    /// more would make its system drop that answer.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        state = .ended
        context.close(mode: error is HTTPParserError ? .output : .all, promise: nil)
    }

    // MARK: Answering

    /// Who sends many requests and reads no answer gets no more of them than fit on the way.
    private func answerNext(_ context: ChannelHandlerContext) {
        guard case .waiting(let request) = state, context.channel.isWritable else { return }
        state = .answering
        answer(request, context.eventLoop).assumeIsolated().whenSuccess { response in
            self.send(response, to: request.head, context)
        }
    }

    private func send(
        _ response: Response, to request: HTTPRequestHead, _ context: ChannelHandlerContext
    ) {
        guard context.channel.isActive else { return }
        // After these NIO's decoder takes what comes for another protocol, and keeps all of it.
        let isUpgrade = request.method == .CONNECT || request.headers.contains(name: "Upgrade")
        let isLast =
            isEnding || isUpgrade || !request.isKeepAlive || request.version != .http1_1
        var head = response.head
        if isLast { head.headers.add(name: "Connection", value: "close") }
        state = isLast ? .ended : .idle
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
        }
        // The next request may come from within this call.
        let end = context.eventLoop.makePromise(of: Void.self)
        sent = end.futureResult
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: end)
        if isLast { closeOnceSent(context) }
    }

    private func end(_ context: ChannelHandlerContext) {
        isEnding = true
        switch state {
        case .idle, .ended:
            state = .ended
            closeOnceSent(context)
        case .reading, .waiting, .answering: break
        }
    }

    private func closeOnceSent(_ context: ChannelHandlerContext) {
        guard let sent else { return context.close(promise: nil) }
        sent.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }
}
