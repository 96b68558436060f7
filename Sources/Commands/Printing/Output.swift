import Conversion
import Foundation
import Intake
import SystemPackage

/// Standard output or a file, for results: written in large pieces, and a failure is thrown.
final class Output {
    /// Whether it is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    private static let pieceSize = 1 << 16
    private let send: ([UInt8]) throws -> Void
    private var waiting: [UInt8] = []

    /// - Parameter name: What messages call it.
    init(to descriptor: FileDescriptor = .standardOutput, named name: String = "Standard output") {
        send = { bytes in
            do {
                _ = try descriptor.writeAll(bytes)
            } catch {
                throw OperatorError(.inputOutput, "\(name) can't be written: \(error).")
            }
        }
    }

    /// What is written is kept in a temporary file.
    init(to spool: SpoolFile) {
        send = { try spool.append($0) }
    }

    /// Writes a text as it stands.
    func write(_ text: some StringProtocol) throws {
        waiting += text.utf8
        if waiting.count >= Self.pieceSize { try flush() }
    }

    /// Writes all that a temporary file holds.
    func write(_ spool: SpoolFile) throws {
        try flush()
        try spool.read(send)
    }

    /// Writes a text and ends the line.
    func writeLine(_ text: some StringProtocol) throws {
        try write(text)
        try write("\n")
    }

    /// Hands over what waits. To be called at the end: results that got stuck are no results.
    func flush() throws {
        try send(waiting)
        waiting.removeAll(keepingCapacity: true)
    }
}

extension Output {
    /// Says which jobs were left alone, and why.
    func writeLeftAlone(
        _ jobs: [JobState: Int], because reason: (JobState) -> String
    ) throws {
        for state in JobState.allCases {
            guard let count = jobs[state], count > 0 else { continue }
            try writeLine("\(counted(count, "job")) left alone: \(reason(state)).")
        }
    }
}

/// Where everything goes that is not a result.
enum StandardError {
    /// Whether a person is watching.
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Whether a line can be written now, without a wait for the reader.
    static var takesMore: Bool {
        var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        return poll(&descriptor, 1, 0) == 1 && descriptor.revents & Int16(POLLOUT) != 0
    }

    /// Writes a text as it stands.
    static func write(_ text: String) {
        // A reader who closed it doesn't want to know, and there is nobody left to tell.
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}
