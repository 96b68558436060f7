import Conversion
import Drain
import Glibc
import Logging
import Synchronization

/// Log lines on standard error: time, level, message, facts as key=value.
struct ConsoleLog: LogHandler {
    /// The level of all loggers; changed by a reload.
    static let level = Mutex(Logger.Level.info)

    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level {
        get { Self.level.withLock(\.self) }
        set { Self.level.withLock { $0 = newValue } }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { $1 }
            .sorted { $0.key < $1.key }
            .filter { !"\($0.value)".isEmpty }
            .map { " \($0.key)=\(Self.quoted("\($0.value)"))" }
            .joined()
        let time = SystemClock.now().wall
        Self.write("\(time) \(event.level) \(event.message)\(facts)\n")
    }

    /// One line is one write, so that lines of several processes on one terminal stay whole.
    static func write(_ line: String) {
        let bytes = Array(line.utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }

    private static func quoted(_ text: String) -> String {
        text.contains { $0 == " " || $0.isNewline }
            ? "\"\(text.split(whereSeparator: \.isNewline).joined(separator: " "))\"" : text
    }
}
