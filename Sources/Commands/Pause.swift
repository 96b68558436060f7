import ArgumentParser
import Conversion
import Settings
import Storage

struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pause the whole queue, or one batch, until it is resumed.",
        discussion: """
            Calls under way are settled; no new ones start. A restart changes nothing.

            Examples:
              leadconvert pause
              leadconvert pause --batch friday
            """
    )

    @Option(help: ArgumentHelp("Only this batch, whose waiting jobs are held.", valueName: "name"))
    var batch: String?

    @OptionGroup var options: QueueOptions

    func run() throws {
        let queue = try options.open()
        let change = try queue.operations.pause(
            true, batch: batch, at: .now, by: CurrentUser.name)
        let output = Output()
        let already = change.wasSo ? " already" : ""
        try output.writeLine(
            batch.map { "\($0) is paused\(already); \(counted(change.changed, "job")) held." }
                ?? "The queue is paused\(already): \(DatabasePath(queue.path).absolute)"
        )
        try output.writeLeftAlone(change.left) { state in
            switch state {
            case .sending: "in a call, which settles as usual"
            case .finishing: "converted; what follows is still done"
            default: "sent without a clear answer; Salesforce must be asked first"
            }
        }
        try output.flush()
    }
}

/// What lets jobs go on that a pause keeps.
struct PausedQueue {
    private let option: String

    init(_ queue: JobQueue) {
        option = DatabasePath(queue.path).option
    }

    /// Said where the whole queue is paused.
    var line: String { "The whole queue is paused; go on with: leadconvert resume \(option)" }

    /// Said of jobs that wait for their batch.
    func line(held jobs: Int, with batch: String) -> String {
        "\(counted(jobs, "job")) held until \(batch.onOneLine) is resumed: \(resume(batch: batch))"
    }

    /// What to type.
    func resume(batch: String) -> String {
        "leadconvert resume --batch \(batch.shellQuoted) \(option)"
    }
}
