import CSQLite
import Foundation
import Glibc

/// What a figure is worth nothing without: the machine and the versions.
enum Machine {
    static func description(binaries: String) -> String {
        """
        \(processor), \(ProcessInfo.processInfo.activeProcessorCount) cores, \(kernel)
        SQLite \(String(cString: sqlite3_libversion())), \(python), synchronous=FULL, \
        calls of 100, 8 in flight; \(binaries) of \(revision)
        the limit: SQLite's C API, one table, two writes a call, no calls; \
        the script: Benchmarks/script.py

        """
    }

    private static var processor: String {
        let lines = (read("/proc/cpuinfo") ?? "").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
            ?? "unknown processor"
    }

    private static var kernel: String {
        "Linux " + (read("/proc/sys/kernel/osrelease") ?? "").trimmingCharacters(in: .newlines)
    }

    private static var python: String { said(by: ["python3", "--version"]) ?? "no Python" }

    private static var revision: String {
        said(by: ["git", "describe", "--always", "--dirty"]) ?? "an unknown revision"
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The first line that a program prints.
    private static func said(by words: [String]) -> String? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n").first.map(String.init)
    }
}
