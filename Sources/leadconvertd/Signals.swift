import Dispatch
import Glibc
import Synchronization

/// The signals that an operator sends, forwarded and nothing else.
final class Signals: Sendable {
    private let queue = DispatchQueue(label: "leadconvertd.signals")
    private let sources = Mutex<[Source]>([])

    /// Forwards these signals from now on; when it returns, none can be missed any more.
    func forward(_ signals: [Int32], to handle: @escaping @Sendable (Int32) -> Void) async {
        for signal in signals {
            // Dispatch puts in a handler of its own. Until it has, a reload must not kill us; a stop
            // may, for nothing was sent yet, and were it ignored it would be lost.
            if signal == SIGHUP { Glibc.signal(signal, SIG_IGN) }
            await withCheckedContinuation { registered in
                let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
                source.setEventHandler { @Sendable in handle(signal) }
                source.setRegistrationHandler { @Sendable in registered.resume() }
                source.activate()
                sources.withLock { $0.append(Source(source)) }
            }
        }
    }

    /// A source, kept so that it goes on; nothing is asked of it any more.
    fileprivate struct Source {
        private let source: any DispatchSourceSignal

        init(_ source: any DispatchSourceSignal) {
            self.source = source
        }
    }
}

// Dispatch's sources may be used from any thread; only its Swift overlay does not say so here.
extension Signals.Source: @unchecked Sendable {}
