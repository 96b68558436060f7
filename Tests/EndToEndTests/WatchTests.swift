import Foundation
import TestSupport
import Testing

/// `status --watch` in a real terminal, which tmux plays.
@Suite(.enabled(if: Program.tmux.isInstalled, "tmux is missing"))
struct WatchTests {
    @Test func `it fits the window, grows with it, and leaves the screen as it was`() async throws {
        try await withTerminal { terminal, fixture in
            _ = try await fixture.run(
                "enqueue", "--lead-id", "00QWs0000000001", "--converted-status", "A", "--batch",
                "friday")
            try await terminal.type("echo before; \(terminal.watch); echo after $?")
            var lines = try await terminal.wait { $0.last == "q quits" }
            #expect(lines.count == 24)
            #expect(lines[0].hasPrefix("leadconvert  queue.db"))
            #expect(lines[1].contains("No daemon works on this queue."))
            #expect(lines.contains { $0.hasPrefix("friday") })
            #expect(!lines.contains("before"))
            try await terminal.tmux("resize-window", "-x", "120", "-y", "40")
            lines = try await terminal.wait { $0.count == 40 && $0.last == "q quits" }
            try await terminal.tmux("resize-window", "-x", "60", "-y", "12")
            _ = try await terminal.wait { $0.count == 12 && $0.last == "q quits" }
            try await terminal.tmux("send-keys", "q")
            lines = try await terminal.wait { $0.contains("after 0") }
            #expect(lines.contains("before"))
            #expect(!lines.contains { $0.hasPrefix("leadconvert  queue.db") })
        }
    }

    @Test(arguments: [("TERM", "after 143"), ("INT", "after 0"), ("HUP", "after 129")])
    func `a signal ends it and leaves the screen as it was`(
        signal: String, end: String
    ) async throws {
        try await withTerminal { terminal, _ in
            try await terminal.type(
                "echo before; sh -c 'echo $$ >pid; exec \(terminal.watch)'; echo after $?")
            _ = try await terminal.wait { $0.last == "q quits" }
            try await terminal.tmux("run-shell", "kill -\(signal) $(cat \(terminal.folder)/pid)")
            let lines = try await terminal.wait { $0.contains(end) }
            #expect(lines.contains("before"))
        }
    }

    @Test func `a dumb terminal gets plain lines`() async throws {
        try await withTerminal { terminal, _ in
            try await terminal.type("TERM=dumb \(terminal.watch)")
            let lines = try await terminal.wait { lines in
                lines.contains { $0.hasPrefix("daemon") }
            }
            #expect(lines.contains("queued     0"))
            #expect(!lines.contains("q quits"))
        }
    }
}

extension Program {
    fileprivate static let tmux = Program(file: URL(fileURLWithPath: "/usr/bin/tmux"))
}

/// A shell in a terminal of 80 columns and 24 lines.
private struct Terminal {
    let folder: String
    let socket: String

    /// The command, on the queue of the fixture.
    var watch: String { "\(Program.helper.path) status --watch --db \(folder)/queue.db" }

    @discardableResult
    func tmux(_ arguments: String...) async throws -> String {
        let end = try await Program.tmux.run(
            ["-S", socket, "-f", "/dev/null"] + arguments,
            environment: ["LC_ALL": "C.UTF-8", "PS1": "$ "],
            in: URL(fileURLWithPath: folder))
        return end.output
    }

    func type(_ command: String) async throws {
        try await tmux("send-keys", "-l", command)
        try await tmux("send-keys", "Enter")
    }

    /// Waits until the screen is as it should be; gives its lines.
    func wait(until isRight: @escaping @Sendable ([String]) -> Bool) async throws -> [String] {
        try await within(.seconds(30), "the screen is right") {
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

private func withTerminal(_ body: (Terminal, Fixture) async throws -> Void) async throws {
    try await withFixture { fixture in
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
