// The compiler takes `stat` and `timespec` for Dispatch's or for Glibc's, whichever it loads first.
import CDispatch
import Foundation
import Glibc
import Logging

/// systemd's journal. Sources: systemd.exec(5), `$JOURNAL_STREAM`; systemd.io, "Native Journal
/// Protocol".
enum Journal {
    /// Whether standard error goes to the journal, and not through a pipe or into a file that
    /// somebody put in its place after the variable was set.
    static let readsStandardError: Bool = {
        var file = stat()
        guard let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"],
            fstat(STDERR_FILENO, &file) == 0
        else { return false }
        return stream == "\(file.st_dev):\(file.st_ino)"
    }()

    private static let socket = DatagramSocket(path: "/run/systemd/journal/socket")

    /// Writes an entry with a field for each fact.
    /// - Returns: Whether the journal took it; otherwise standard error is the way to it.
    static func write(
        _ level: Logger.Level, _ message: String, _ facts: [(key: String, value: String)]
    ) -> Bool {
        socket.send(entry(level, message, facts))
    }

    /// An entry as the journal takes it.
    static func entry(
        _ level: Logger.Level, _ message: String, _ facts: [(key: String, value: String)]
    ) -> [UInt8] {
        var fields = [
            ("MESSAGE", message), ("PRIORITY", "\(level.priority)"),
            ("SYSLOG_IDENTIFIER", "leadconvertd"),
        ]
        fields += facts.map { (fieldName($0), $1) }
        return fields.flatMap { field($0, $1) }
    }

    /// A name of capitals, digits and underscores, which no field of the journal's own begins like.
    private static func fieldName(_ key: String) -> String {
        "LEADCONVERT_"
            + String(
                key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    /// A value of several lines has its length before it: 64 bits, the low ones first.
    private static func field(_ name: String, _ value: String) -> [UInt8] {
        guard value.utf8.contains(UInt8(ascii: "\n")) else {
            return Array("\(name)=\(value)\n".utf8)
        }
        let length = withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian, Array.init)
        return Array("\(name)\n".utf8) + length + Array("\(value)\n".utf8)
    }
}

extension Logger.Level {
    /// syslog's number for it. Source: sd-daemon(3).
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// The level as a line's beginning, by which the journal knows it.
    var journalPrefix: String { "<\(priority)>" }
}
