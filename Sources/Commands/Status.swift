import ArgumentParser
import Conversion
import Settings
import Storage

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how the queue stands.",
        discussion: """
            Example:
              leadconvert status --watch
            """
    )

    @Flag(help: "Show it live; on a terminal as a whole screen, until q is pressed.")
    var watch = false

    @Flag(help: "Print a JSON object; with --watch, one a line.")
    var json = false

    @OptionGroup var options: QueueOptions

    func run() async throws {
        let queue = try options.open()
        if watch, !json, Screen.isUsable { return try await Watch(queue.path).run() }
        let output = Output()
        repeat {
            let status = try queue.reports.status(at: .now)
            try output.write(
                json
                    ? status.json.line + "\n"
                    : status.text(of: DatabasePath(queue.path), at: .now))
            try output.flush()
            if watch { try await Task.sleep(for: .seconds(1)) }
        } while watch
    }
}
