import Foundation
import NIOCore

/// Lets the org's clock go wrong, as far as the `Date` of its answers shows it.
///
/// The server stamps every answer itself, behind all that answers it; so the stamp is changed in
/// the bytes, where it has always the same length.
final class ClockSkew: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let name = Array("\r\nDate: ".utf8)
    private static let style = Date.VerbatimFormatStyle(
        format: """
            \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \
            \(year: .defaultDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\
            \(minute: .twoDigits):\(second: .twoDigits) GMT
            """,
        locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt,
        calendar: Calendar(identifier: .gregorian))

    private let seconds: Double

    private init(_ seconds: Int) {
        self.seconds = Double(seconds)
    }

    /// What a connection needs for such a clock: nothing when it is right.
    static func handlers(_ seconds: Int) -> [any RemovableChannelHandler] {
        seconds == 0 ? [] : [Installer(seconds)]
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var buffer = unwrapOutboundIn(data)
        let stamp = Array(Date(timeIntervalSinceNow: seconds).formatted(Self.style).utf8)
        let bytes = buffer.readableBytesView
        if let name = bytes.firstRange(of: Self.name) {
            buffer.setBytes(stamp, at: name.upperBound)
        }
        context.write(wrapOutboundOut(buffer), promise: promise)
    }

    /// Stands where HTTP is spoken in parts, and puts the other where it is bytes.
    private final class Installer: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = Never

        private let seconds: Int

        init(_ seconds: Int) {
            self.seconds = seconds
        }

        func handlerAdded(context: ChannelHandlerContext) {
            do {
                try context.pipeline.syncOperations.addHandler(ClockSkew(seconds), position: .first)
            } catch {
                context.fireErrorCaught(error)
            }
        }
    }
}
