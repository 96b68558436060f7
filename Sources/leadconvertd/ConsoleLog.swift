import Conversion
import Logging
import Settings
import Storage
import Synchronization
import SystemPackage

/// Log lines on standard error: time, level, message, facts; as text with `key=value`, or as a JSON
/// object each. The journal gets them as entries with fields, and keeps time and level by itself.
struct ConsoleLog: LogHandler {
    /// Of all loggers; changed by a reload.
    private static let level = Mutex(Logger.Level.info)
    private static let format = Mutex(LogFormat.text)

    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level {
        get { Self.level.withLock(\.self) }
        set { Self.level.withLock { $0 = newValue } }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Logs as the settings say from now on.
    static func adopt(_ settings: DaemonSettings) {
        level.withLock { $0 = settings.logLevel }
        format.withLock { $0 = settings.logFormat }
    }

    func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { $1 }
            .map { ($0.key, "\($0.value)") }
            .filter { !$1.isEmpty }
            .sorted { $0.0 < $1.0 }
        Self.write(event.level, "\(event.message)", facts)
    }

    /// Why we end, for the reader of standard error.
    static func fault(_ error: OperatorError) {
        let lines = "\(error)".split(whereSeparator: \.isNewline)
        if Journal.readsStandardError {
            // A line each, and not an entry by its socket: the journal looks up there which unit an
            // entry is of by the process, which is about to be gone.
            for line in lines { write("\(Logger.Level.error.journalPrefix)\(line)\n") }
        } else if format.withLock(\.self) == .json {
            for line in lines { write(.error, String(line), []) }
        } else {
            write("leadconvertd: \(error)\n")
        }
    }

    private static func write(
        _ level: Logger.Level, _ message: String, _ facts: [(key: String, value: String)]
    ) {
        let text = message + facts.map { " \($0)=\(quoted($1))" }.joined()
        if Journal.readsStandardError {
            if !Journal.write(level, text, facts) { write("\(level.journalPrefix)\(text)\n") }
            return
        }
        let time = SystemClock.now().wall
        switch format.withLock(\.self) {
        case .text:
            write("\(time) \(level) \(text)\n")
        case .json:
            let members: [(String, JSON)] = [
                ("time", .text("\(time)")), ("level", .text("\(level)")),
                ("message", .text(message)),
            ]
            write(JSON.object(members + facts.map { ($0, .text($1)) }).line + "\n")
        }
    }

    /// One line is one write, so that lines of several processes on one terminal stay whole.
    private static func write(_ line: String) {
        // Where nobody reads it, there is nobody to tell.
        _ = try? FileDescriptor.standardError.writeAll(line.utf8)
    }

    private static func quoted(_ text: String) -> String {
        let line = text.onOneLine
        return line.contains(" ") ? "\"\(line)\"" : line
    }
}
