import Foundation
import SalesforceSimulator
import TestSupport

extension Program {
    /// A terminal, where it is installed.
    static let tmux = Program(file: URL(fileURLWithPath: "/usr/bin/tmux"))
}

/// A shell in a terminal of 80 columns and 24 lines.
struct Terminal {
    let folder: String
    let socket: String

    /// Runs a command of tmux on it.
    @discardableResult
    func tmux(_ arguments: String...) async throws -> String {
        let end = try await Program.tmux.run(
            ["-S", socket, "-f", "/dev/null"] + arguments,
            environment: ["LC_ALL": "C.UTF-8", "PS1": "$ "],
            in: URL(fileURLWithPath: folder))
        return end.output
    }

    /// Types a line.
    func type(_ command: String) async throws {
        try await tmux("send-keys", "-l", command)
        try await tmux("send-keys", "Enter")
    }

    /// Waits until the screen is as it should be; gives its lines, without blanks at their ends.
    func wait(until isRight: @escaping @Sendable ([String]) -> Bool) async throws -> [String] {
        try await within(.seconds(400), "the screen is right") {
            while true {
                var lines = try await tmux("capture-pane", "-p").split(
                    separator: "\n", omittingEmptySubsequences: false
                ).map { line in
                    String(line.reversed().drop { $0 == " " }.reversed())
                }
                if lines.last == "" { lines.removeLast() }
                if isRight(lines) { return lines }
            }
        }
    }
}

/// Runs `body` with a terminal in the fixture's folder, which is gone afterwards.
func withTerminal(
    _ configure: (inout SimulatorConfiguration) -> Void = { _ in },
    _ body: (Terminal, Fixture) async throws -> Void
) async throws {
    try await withFixture(configure) { fixture in
        let terminal = Terminal(
            folder: fixture.folder.path, socket: fixture.folder.appendingPathComponent("tmux").path)
        try await terminal.tmux("new-session", "-d", "-x", "80", "-y", "24", "sh")
        do {
            try await body(terminal, fixture)
        } catch {
            try await terminal.tmux("kill-server")
            throw error
        }
        try await terminal.tmux("kill-server")
    }
}
