import Foundation
import SystemPackage

/// Where everything goes that is not a result.
enum StandardError {
    /// Whether somebody sits before it, who likes to see that work goes on.
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Writes a text as it stands.
    static func write(_ text: String) {
        // A reader who closed it doesn't want to know, and there is nobody left to tell.
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}
