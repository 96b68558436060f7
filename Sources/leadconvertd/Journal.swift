import Foundation
import Glibc
import Logging

/// systemd's journal. Source: systemd.exec(5), `$JOURNAL_STREAM`.
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
}

extension Logger.Level {
    /// The level as a line's beginning, by which the journal knows it. Source: sd-daemon(3).
    var journalPrefix: String {
        switch self {
        case .trace, .debug: "<7>"
        case .info: "<6>"
        case .notice: "<5>"
        case .warning: "<4>"
        case .error: "<3>"
        case .critical: "<2>"
        }
    }
}
