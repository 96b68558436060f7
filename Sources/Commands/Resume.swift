import ArgumentParser
import Conversion
import Settings
import Storage

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let the whole queue, or one batch, go on after a pause.",
        discussion: """
            Examples:
              leadconvert resume
              leadconvert resume --batch friday
            """
    )

    @Option(help: ArgumentHelp("Only this batch.", valueName: "name"))
    var batch: String?

    @OptionGroup var options: QueueOptions

    func run() throws {
        let queue = try options.open()
        let path = DatabasePath(queue.path)
        let change = try queue.operations.pause(
            false, batch: batch, at: .now, by: CurrentUser.name)
        let output = Output()
        if change.wasSo {
            // Of a resume that was cut short, or where somebody changed the batch by SQL.
            let released =
                change.changed > 0 ? "; \(counted(change.changed, "held job")) released" : ""
            try output.writeLine(
                batch.map { "\($0) was not paused\(released)." }
                    ?? "The queue was not paused\(released): \(path.absolute)")
        } else {
            try output.writeLine(
                batch.map { "\($0) is resumed; \(counted(change.changed, "job")) released." }
                    ?? "The queue is resumed: \(path.absolute)"
            )
        }
        if change.isQueuePaused {
            try output.writeLine(PausedQueue(queue).line)
        }
        try output.flush()
    }
}
