import Conversion
import Foundation
import SystemPackage

/// Standard output, for results: written in large pieces, and a failure is heard.
final class Output {
    /// Whether somebody sits before it.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    private static let pieceSize = 1 << 16
    private var waiting: [UInt8] = []

    /// Writes a text as it stands.
    func write(_ text: some StringProtocol) throws {
        waiting += text.utf8
        if waiting.count >= Self.pieceSize { try flush() }
    }

    /// Writes a text and ends the line.
    func writeLine(_ text: some StringProtocol) throws {
        try write(text)
        try write("\n")
    }

    /// Hands over what waits. To be called at the end: results that got stuck are no results.
    func flush() throws {
        do {
            _ = try FileDescriptor.standardOutput.writeAll(waiting)
        } catch {
            throw OperatorError(.inputOutput, "Standard output can't be written: \(error).")
        }
        waiting.removeAll(keepingCapacity: true)
    }
}
