import ArgumentParser
import Conversion
import Storage

struct Log: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the run log: every attempt at every lead, newest last.",
        discussion: """
            Without any condition it is the whole log, which may have millions of rows.

            Examples:
              leadconvert log --limit 100
              leadconvert log 00QWs000001AbcDMAS
              leadconvert log --since 2h --outcome failed
            """
    )

    @Argument(
        help: ArgumentHelp("A job's number or a lead's id.", valueName: "lead-or-job"),
        transform: leadOrJob
    )
    var subject: JobSelection?

    @Option(
        help: ArgumentHelp(
            "Only since a time with its zone, or so long ago: 2h.", valueName: "time"),
        transform: timePast
    )
    var since: Timestamp?

    @Option(help: "Only rows that came to this.")
    var outcome: Outcome?

    @OptionGroup var list: ListOptions

    func run() throws {
        var filter = LogFilter()
        filter.batch = list.batch
        filter.since = since
        filter.outcome = outcome
        filter.limit = list.limit
        let queue = try list.queue.open()
        switch subject {
        case .job(let number): filter.job = number
        case .lead(let lead): filter.lead = lead
        default: break
        }
        let columns = [
            "started_at", "job_id", "lead_id", "kind", "attempt", "outcome", "duration_ms",
            "backoff_ms", "code", "message",
        ]
        try RowFormat.print(list.format, table: columns) { printer in
            try queue.reports.readLog(filter, columns: { try printer.begin($0) }) {
                try printer.print($0)
            }
        }
    }
}
