import Conversion
import Drain
import Logging
import Synchronization
import SystemPackage

/// Log lines on standard error: time, level, message, facts as key=value. The journal keeps time
/// and level by itself: it gets the level as a prefix that it takes off, and no time.
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
        let head =
            Journal.readsStandardError
            ? event.level.journalPrefix : "\(SystemClock.now().wall) \(event.level) "
        Self.write("\(head)\(event.message)\(facts)\n")
    }

    /// Why we end, for whoever reads standard error.
    static func fault(_ error: OperatorError) {
        guard Journal.readsStandardError else { return write("leadconvertd: \(error)\n") }
        // The journal makes an entry of each line, and knows our name.
        for line in "\(error)".split(whereSeparator: \.isNewline) {
            write("\(Logger.Level.error.journalPrefix)\(line)\n")
        }
    }

    /// One line is one write, so that lines of several processes on one terminal stay whole.
    private static func write(_ line: String) {
        // Where nobody reads it, there is nobody to tell.
        _ = try? FileDescriptor.standardError.writeAll(line.utf8)
    }

    private static func quoted(_ text: String) -> String {
        text.contains { $0 == " " || $0.isNewline }
            ? "\"\(text.split(whereSeparator: \.isNewline).joined(separator: " "))\"" : text
    }
}
