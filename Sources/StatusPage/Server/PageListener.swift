import NIOCore

/// Keeps the connections that a listener has accepted: no more of them than it may have, and all of
/// them end with it. Others wait in the system's queue.
final class PageListener: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private let limit: Int
    private var connections: [ObjectIdentifier: any Channel] = [:]
    private var isWaiting = false

    init(limit: Int) { self.limit = limit }

    func read(context: ChannelHandlerContext) {
        isWaiting = connections.count >= limit
        if !isWaiting { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        let id = ObjectIdentifier(channel)
        connections[id] = channel
        // All are on the listener's thread.
        channel.closeFuture.assumeIsolated().whenComplete { _ in
            self.connections[id] = nil
            if self.isWaiting { self.read(context: context) }
        }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ConnectionShouldEnd else {
            return context.fireUserInboundEventTriggered(event)
        }
        for channel in connections.values {
            channel.pipeline.fireUserInboundEventTriggered(ConnectionShouldEnd())
        }
        context.close(promise: nil)
    }
}
