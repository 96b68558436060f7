public import Foundation

/// A program to start: one of ours as it was built, which stands beside the tests.
public struct Program: Sendable {
    /// The daemon.
    public static let daemon = Program(named: "leadconvertd")
    /// The helper.
    public static let helper = Program(named: "leadconvert")
    /// The simulator for people.
    public static let simulator = Program(named: "salesforce-simulator")
    /// The demo.
    public static let demo = Program(named: "demo")
    /// The system's shell.
    public static let shell = Program(file: URL(fileURLWithPath: "/bin/sh"))
    /// The system's `cp`.
    public static let copy = Program(file: URL(fileURLWithPath: "/bin/cp"))
    /// Prometheus' checks of metrics and rules, where they are installed.
    public static let promtool = Program(file: URL(fileURLWithPath: "/usr/bin/promtool"))
    /// OpenSSL's command, where it is installed.
    public static let openSSL = Program(file: URL(fileURLWithPath: "/usr/bin/openssl"))

    /// Where it is.
    public let file: URL
    /// Where it is, as a path.
    public var path: String { file.path }

    /// Whether it is there.
    public var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: file.path) }

    private static let folder = URL(fileURLWithPath: "/proc/self/exe")
        .resolvingSymlinksInPath().deletingLastPathComponent()

    /// A program of the system's.
    public init(file: URL) {
        self.file = file
    }

    private init(named name: String) {
        self.init(file: Self.folder.appendingPathComponent(name))
    }

    /// Starts it, in a folder perhaps, and there after a command of the shell, such as `umask 0`.
    /// Settings of ours come from `environment` alone, whatever the tests run under.
    public func start(
        _ arguments: [String] = [], environment: [String: String] = [:], input: String? = nil,
        in folder: URL? = nil, after shell: String? = nil
    ) throws -> RunningProgram {
        let spawn = Spawn(
            path: file.path, arguments: arguments,
            environment: Self.inherited.merging(environment) { $1 }, folder: folder?.path,
            before: shell)
        return try RunningProgram(spawn, name: file.lastPathComponent, input: input)
    }

    /// Runs it to its end.
    /// - Throws: `TookTooLong`, and then it was killed.
    public func run(
        _ arguments: [String] = [], environment: [String: String] = [:], input: String? = nil,
        in folder: URL? = nil, within limit: Duration = .seconds(400)
    ) async throws -> ProgramEnd {
        let program = try start(arguments, environment: environment, input: input, in: folder)
        do {
            return try await program.waitForExit(within: limit)
        } catch {
            program.kill()
            throw error
        }
    }

    private static let inherited = ProcessInfo.processInfo.environment.filter { name, _ in
        !name.hasPrefix("LEADCONVERT_") && !name.hasPrefix("SALESFORCE_")
            && ![
                "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "JOURNAL_STREAM",
                "WATCHDOG_USEC", "WATCHDOG_PID",
            ].contains(name)
    }
}

/// How a program ended, and all that it said.
public struct ProgramEnd: Sendable {
    /// Its exit code; nil when a signal ended it.
    public var code: Int32?
    /// The signal that ended it, if one did.
    public var signal: Int32?
    /// Its standard output.
    public var output: String
    /// Its standard error.
    public var errors: String
}
