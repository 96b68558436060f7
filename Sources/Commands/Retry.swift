import ArgumentParser
import Conversion
import Settings
import Storage

struct Retry: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make failed jobs run again.",
        discussion: """
            Their attempts are counted from the start again; the run log keeps what was. A lead that is \
            converted while something that was to follow failed is not converted again: what is \
            missing is done. A lead that failed with LEAD_IN_DOUBT is asked about before it is sent.

            Examples:
              leadconvert retry 17 00QWs000001AbcDMAS
              leadconvert retry --batch friday
              leadconvert retry --code UNABLE_TO_LOCK_ROW --batch friday
            """
    )

    @OptionGroup var selection: SelectionOptions

    @Option(help: "All jobs that failed with this code; of --batch, if that is given too.")
    var code: String?

    @Flag(help: "All jobs that have failed.")
    var allFailed = false

    @OptionGroup var options: QueueOptions

    func validate() throws {
        let isOneWay = selection.count + (allFailed ? 1 : 0) == (code == nil ? 1 : 0)
        let isCodeOfBatch = code != nil && !allFailed && selection.subjects.isEmpty
        guard isOneWay || isCodeOfBatch else {
            throw ValidationError(
                "Name jobs or leads, or --batch, or --code (with --batch, if you like), or "
                    + "--all-failed.")
        }
    }

    func run() throws {
        let queue = try options.open()
        let change = try queue.operations.retry(selections, at: .now, by: CurrentUser.name)
        let output = Output()
        try output.writeLine("\(counted(change.changed, "job")) will run again.")
        if change.released > 0 {
            let others = counted(change.released, "other job")
            try output.writeLine(
                "The batch that was held by a failure is resumed: \(others) released.")
        }
        for (batch, jobs) in change.held.sorted(by: { $0.key < $1.key }) {
            try output.writeLine(PausedQueue(queue).line(held: jobs, with: batch))
        }
        try output.writeLeftAlone(change.left) { state in
            guard state == .held else { return Self.reason(state) }
            let resume = PausedQueue(queue).resume(batch: selection.batch ?? "NAME")
            return "held with their batch; go on with: \(resume)"
        }
        if change.superseded > 0 {
            let count = counted(change.superseded, "job")
            try output.writeLine("\(count) left alone: the lead has a newer job in the queue.")
        }
        if change.changed > 0, try queue.operations.isPaused() {
            try output.writeLine(PausedQueue(queue).line)
        }
        try output.flush()
    }

    private var selections: [JobSelection] {
        if let code { return [.failed(code: code, batch: selection.batch)] }
        return allFailed ? [.all(.failed)] : selection.selections
    }

    private static func reason(_ state: JobState) -> String {
        switch state {
        case .queued: "waiting to be sent anyway"
        case .sending: "being sent now"
        case .verifying: "sent, and Salesforce is being asked what became of them"
        case .held: "held with their batch"
        case .finishing: "converted, and what follows is under way"
        case .converted: "converted already"
        case .cancelled: "cancelled; enqueue the lead again"
        case .failed: "failed"
        }
    }
}
