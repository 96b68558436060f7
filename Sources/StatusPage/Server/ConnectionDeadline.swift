import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// How long a connection to the page may last.
struct ConnectionLimits: Sendable {
    /// Without a byte read while no answer is under way.
    var idle = TimeAmount.seconds(20)
    /// Until it is closed after the answer under way.
    var age = TimeAmount.seconds(60)
    /// What an answer under way then has left.
    var patience = TimeAmount.seconds(30)
}

/// Closes a connection that is old, so that nobody keeps one for good: neither by sending a request a
/// byte at a time, nor by never reading the answer. A browser opens another and sees nothing of it.
///
/// At its age it is closed as soon as no request is under way, and after some more patience in any case.
final class ConnectionDeadline: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ConnectionLimits
    private var requestsUnderWay = 0
    private var isOld = false
    private var timer: Scheduled<Void>?

    init(_ limits: ConnectionLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: limits.age) {
            self.isOld = true
            guard self.requestsUnderWay > 0 else { return channel.close(promise: nil) }
            self.timer = channel.eventLoop.scheduleTask(in: self.limits.patience) {
                channel.close(promise: nil)
            }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) { requestsUnderWay += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else {
            return context.write(data, promise: promise)
        }
        requestsUnderWay -= 1
        let isLast = isOld && requestsUnderWay == 0
        let channel = context.channel
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        if isLast { written.futureResult.whenComplete { _ in channel.close(promise: nil) } }
        context.write(data, promise: written)
    }
}
