import Dispatch
import Foundation

/// SIGTERM and SIGINT, as something to wait for.
final class StopSignals {
    private let signals: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (signals, arrived) = AsyncStream<Void>.makeStream()
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            // Without @Sendable the closure would belong to the main actor and trap when it fires.
            source.setEventHandler { @Sendable in arrived.yield() }
            source.activate()
            return source
        }
        self.signals = signals
    }

    /// Returns when the first signal has come.
    func first() async {
        for await _ in signals { return }
    }
}
