import ArgumentParser
import Conversion
import Foundation
import Storage

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how the queue stands.",
        discussion: """
            Example:
              leadconvert status --watch
            """
    )

    @Flag(help: "Show it again every second, until interrupted.")
    var watch = false

    @Flag(help: "Print a JSON object; with --watch, one a line.")
    var json = false

    @OptionGroup var options: QueueOptions

    func run() throws {
        let queue = try options.open()
        let output = Output()
        repeat {
            let status = try queue.reports.status(at: .now)
            if watch, !json, Output.isTerminal { try output.write(Self.clearScreen) }
            try output.write(json ? status.json.line + "\n" : status.text(at: .now))
            try output.flush()
            if watch { sleep(1) }
        } while watch
    }

    private static let clearScreen = "\u{1B}[H\u{1B}[2J"
}
