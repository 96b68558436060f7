import Foundation

/// Where everything goes that is not a result.
enum StandardError {
    /// Whether somebody sits before it, who likes to see that work goes on.
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Writes a text as it stands.
    static func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count)
            }
            // Whoever closed it doesn't want to know, and there is nobody left to tell.
            guard count > 0 || errno == EINTR else { return }
            bytes = bytes.dropFirst(max(0, count))
        }
    }
}
