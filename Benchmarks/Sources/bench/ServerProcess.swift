import Foundation

/// The instant server as a child of ours. It ends when its standard input does, so it does not
/// outlive us however we end.
struct ServerProcess {
    /// Where it listens.
    let url: String
    private let process = Process()
    private let input = Pipe()

    /// Starts it, and waits until it listens.
    init() throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["serve"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        url = line.trimmingCharacters(in: .newlines)
        guard url.hasPrefix("http://") else {
            throw Unfinished(description: "The server did not start.")
        }
    }

    func stop() {
        input.fileHandleForWriting.closeFile()
        process.waitUntilExit()
    }
}
