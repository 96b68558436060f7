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

    @Option(help: ArgumentHelp("Only jobs of this batch.", valueName: "name"))
    var batch: String?

    @Option(
        help: ArgumentHelp("Only jobs of this lead.", valueName: "id"), transform: LeadOrJob.lead)
    var lead: RecordID?

    @Option(help: ArgumentHelp("Only so many, the newest.", valueName: "count"))
    var limit: Int?

    @Flag(exclusivity: .exclusive)
    var format: RowFormat?

    @OptionGroup var options: QueueOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more.") }
    }

    func run() throws {
        var filter = JobFilter()
        filter.state = state
        filter.batch = batch
        filter.lead = lead
        filter.limit = limit
        let columns = [
            "id", "lead_id", "state", "attempts", "converted_status", "run_at", "error_code",
            "error_message",
        ]
        let queue = try options.open()
        try RowFormat.print(format, table: columns) { printer in
            try queue.reports.readJobs(filter, columns: { try printer.begin($0) }) {
                try printer.print($0)
            }
        }
    }
}
