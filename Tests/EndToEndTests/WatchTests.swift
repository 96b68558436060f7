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

extension Terminal {
    /// The command, on the queue of the fixture.
    fileprivate var watch: String {
        "\(Program.helper.path) status --watch --db \(folder)/queue.db"
    }
}
