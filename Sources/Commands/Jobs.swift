import ArgumentParser
import Conversion
import Storage

struct Jobs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List jobs, oldest first.",
        discussion: """
            Example:
              leadconvert jobs --state failed --limit 20
            """
    )

    @Option(help: "Only jobs in this state.")
    var state: JobState?

    @Option(
        help: ArgumentHelp("Only jobs of this lead.", valueName: "id"), transform: leadIdentifier)
    var lead: RecordID?

    @OptionGroup var list: ListOptions

    func run() throws {
        var filter = JobFilter()
        filter.state = state
        filter.batch = list.batch
        filter.lead = lead
        filter.limit = list.limit
        let columns = [
            "id", "lead_id", "state", "attempts", "converted_status", "run_at", "error_code",
            "error_message",
        ]
        let queue = try list.queue.open()
        try RowFormat.print(list.format, table: columns) { printer in
            try queue.reports.readJobs(filter, columns: { try printer.begin($0) }) {
                try printer.print($0)
            }
        }
    }
}
