import Foundation
import TestSupport
import Testing

/// The built `leadconvert` in a folder of its own, with a queue of its own.
struct CommandLineFixture {
    let folder: URL

    /// What a command printed and how it ended.
    struct Result: Equatable {
        var status: Int32 = 0
        var output = ""
        var errors = ""
    }

    /// Runs `leadconvert` with these arguments.
    func callAsFunction(_ arguments: String..., input: String = "") throws -> Result {
        try self(arguments, input: input)
    }

    /// Runs `leadconvert` with these arguments.
    func callAsFunction(
        _ arguments: [String], input: String = "", outputFile: String? = nil
    ) throws -> Result {
        try run(leadconvert(arguments), input: input, outputFile: outputFile)
    }

    /// Runs a line of the shell, in which `leadconvert` is known.
    func shell(_ line: String) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = folder
        process.environment = [
            "LEADCONVERT_DB": "queue.db", "PATH": "\(Self.programs.path):/usr/bin:/bin",
        ]
        return try run(process)
    }

    private func run(
        _ process: Process, input: String = "", outputFile: String? = nil
    ) throws -> Result {
        // Through files, which hold any amount: nobody has to read along.
        try write(input, to: ".input")
        try write("", to: ".output")
        try write("", to: ".errors")
        process.standardInput = try FileHandle(forReadingFrom: file(".input"))
        process.standardOutput = try FileHandle(
            forWritingTo: outputFile.map { URL(fileURLWithPath: $0) } ?? file(".output")
        )
        process.standardError = try FileHandle(forWritingTo: file(".errors"))
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: try String(contentsOf: file(".output"), encoding: .utf8),
            errors: try String(contentsOf: file(".errors"), encoding: .utf8)
        )
    }

    /// Starts `leadconvert` with these arguments beside the test, which holds the other ends.
    func start(
        _ arguments: String..., input: Pipe? = nil, output: Pipe? = nil, errors: FileHandle? = nil
    ) throws -> Process {
        let process = leadconvert(arguments)
        process.standardInput = input ?? FileHandle.nullDevice
        process.standardOutput = output ?? FileHandle.nullDevice
        process.standardError = errors ?? FileHandle.nullDevice
        try process.run()
        return process
    }

    private static let programs = URL(fileURLWithPath: CommandLine.arguments[0])
        .absoluteURL.deletingLastPathComponent()

    private func leadconvert(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = Self.programs.appendingPathComponent("leadconvert")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ["LEADCONVERT_DB": "queue.db"]
        return process
    }

    /// Puts a file into the folder.
    func write(_ text: String, to name: String) throws {
        try text.write(to: file(name), atomically: false, encoding: .utf8)
    }

    /// A file of the folder.
    func file(_ name: String) -> URL {
        folder.appendingPathComponent(name)
    }
}

/// Runs `body` with the command line program in a folder that is gone afterwards.
///
/// It waits for programs, and so it has a thread of its own: the few of the pool are for those that wait
/// without one.
func withCommandLine(_ body: (CommandLineFixture) throws -> Void) async throws {
    try await withTemporaryFolder { folder in
        try await withTaskExecutorPreference(ThreadPerJob.shared) {
            try body(CommandLineFixture(folder: folder))
        }
    }
}

private final class ThreadPerJob: TaskExecutor {
    static let shared = ThreadPerJob()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        Thread.detachNewThread { job.runSynchronously(on: executor) }
    }
}
