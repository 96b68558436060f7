import ArgumentParser
import Conversion
import Storage

struct Cancel: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancel jobs that were not sent yet.",
        discussion: """
            Examples:
              leadconvert cancel 17 00QWs000001AbcDMAS
              leadconvert cancel --batch friday
            """
    )

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var options: QueueOptions

    func validate() throws {
        guard selection.count == 1 else {
            throw ValidationError("Name jobs or leads, or --batch.")
        }
    }

    func run() throws {
        let queue = try options.open()
        let change = try queue.operations.cancel(
            selection.selections, at: .now, by: CurrentUser.name)
        let output = Output()
        try output.writeLine("\(counted(change.changed, "job")) cancelled.")
        try output.writeLeftAlone(change.left) { state in
            switch state {
            case .queued, .held: "not sent yet"
            case .sending: "being sent now, which can't be taken back"
            case .verifying: "sent, and Salesforce is being asked what became of them"
            case .finishing: "converted already, and what follows is under way"
            case .converted: "converted already"
            case .failed: "failed already"
            case .cancelled: "cancelled already"
            }
        }
        try output.flush()
    }
}
