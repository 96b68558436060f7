import Foundation
import Glibc

/// A program of somebody's, run to its end, and what it cost.
///
/// Not Foundation's `Process`: it does not tell what one child has used of the machine.
struct ChildProcess {
    /// What to run.
    struct Command {
        var words: [String]
        /// Added to our own environment.
        var environment: [String] = []

        init(_ program: String, _ words: String?...) {
            self.init(program, words: words)
        }

        init(_ program: String, words: [String?]) {
            self.words = [program] + words.compactMap { $0 }
        }
    }

    private static let complaints = "/tmp/leadconvertd-bench-\(getpid()).log"

    private let command: Command
    private let pid: pid_t
    private let start = ContinuousClock.now
    private let deadline: DispatchWorkItem

    /// Starts it. What it prints goes nowhere, what it complains of into a file, for `wait` to show.
    init(_ command: Command, limit: Duration) throws {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(
            &files, 2, Self.complaints, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let words = command.words.map { strdup($0) } + [nil]
        let inherited = ProcessInfo.processInfo.environment.map { "\($0)=\($1)" }
        let environment = (inherited + command.environment).map { strdup($0) } + [nil]
        defer { (words + environment).forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, command.words[0], &files, nil, words, environment)
        guard code == 0 else {
            throw Unfinished(
                description: "\(command.words[0]): \(String(cString: strerror(code)))")
        }
        let started = child
        self.command = command
        pid = started
        // A benchmark is bounded in time, whatever it measures.
        deadline = DispatchWorkItem { @Sendable in kill(started, SIGKILL) }
        DispatchQueue.global().asyncAfter(
            deadline: .now() + limit / .seconds(1), execute: deadline)
    }

    /// Runs a command to its end.
    static func run(_ command: Command, limit: Duration) throws -> Cost {
        try ChildProcess(command, limit: limit).wait()
    }

    /// Tells it to stop, and waits for that.
    /// - Parameter expected: The status it must end with; nil allows any, and a signal.
    func stop(expecting expected: CInt? = 0) throws -> Cost {
        kill(pid, SIGTERM)
        return try wait(expecting: expected)
    }

    /// Waits for its end.
    func wait(expecting expected: CInt? = 0) throws -> Cost {
        var status: CInt = 0
        var usage = rusage()
        guard wait4(pid, &status, 0, &usage) == pid else {
            throw Unfinished(
                description: "\(command.words[0]): \(String(cString: strerror(errno)))")
        }
        deadline.cancel()
        defer { unlink(Self.complaints) }
        guard expected == nil || status == expected else {
            let said = try String(contentsOfFile: Self.complaints, encoding: .utf8)
            throw Unfinished(description: "\(command.words) ended with status \(status):\n\(said)")
        }
        return Cost(time: start.duration(to: .now), usage)
    }

    /// The CPU that it has used so far, in milliseconds.
    func cpu() -> Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            return 0
        }
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
    }
}
