import Logging
import Synchronization

/// Keeps what is logged, a line each: level, message, facts.
final class RecordedLog: Sendable {
    private let kept = Mutex<[String]>([])

    /// All lines.
    var lines: [String] { kept.withLock(\.self) }

    /// The lines with this message.
    func lines(_ message: String) -> [String] { lines.filter { $0.contains(message) } }

    /// A logger for it.
    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let facts = (event.metadata ?? [:]).sorted { $0.key < $1.key }
                .map { " \($0.key)=\($0.value)" }.joined()
            log.kept.withLock { $0.append("\(event.level) \(event.message)\(facts)") }
        }
    }
}
