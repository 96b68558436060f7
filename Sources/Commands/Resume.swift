import ArgumentParser
import Conversion
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
        let change = try options.open().operations.pause(
            false, batch: batch, at: .now, by: CurrentUser.name)
        let output = Output()
        if change.wasSo {
            // Of a resume that was cut short, or where somebody changed the batch by SQL.
            let released =
                change.changed > 0 ? "; \(counted(change.changed, "held job")) let go" : ""
            try output.writeLine("\(batch ?? "The queue") was not paused\(released).")
        } else {
            try output.writeLine(
                batch.map { "\($0) goes on; \(counted(change.changed, "job")) let go." }
                    ?? "The queue goes on."
            )
        }
        if change.isQueuePaused {
            try output.writeLine("The whole queue is paused; go on with: leadconvert resume")
        }
        try output.flush()
    }
}
