import ArgumentParser
import Conversion
import StatusPage
import Storage

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write what became of a batch to a file, to hand on.",
        discussion: """
            The page needs nothing besides itself: it can be mailed. What is not done yet is told \
            as such.

            Examples:
              leadconvert report friday --html friday.html
              leadconvert report friday --csv friday.csv
            """
    )

    @Argument(help: "The batch.")
    var batch: String

    @Option(help: ArgumentHelp("A page with charts; - for standard output.", valueName: "file"))
    var html: String?

    @Option(help: ArgumentHelp("A line for each lead; - for standard output.", valueName: "file"))
    var csv: String?

    @OptionGroup var options: QueueOptions

    private static let columns = [
        "lead_id", "state", "account_id", "contact_id", "opportunity_id", "code", "message",
        "attempts", "finished_at",
    ]

    func validate() throws {
        guard html != nil || csv != nil else {
            throw ValidationError("Name a file with --html or --csv, or both.")
        }
        guard html == nil || html != csv else {
            throw ValidationError("The page and the CSV need a file each.")
        }
    }

    func run() throws {
        let dashboard = try Dashboard(path: options.open().path)
        if let html {
            let report = try BatchReport(of: batch, in: dashboard, at: .now)
            try OutputFile.write(to: html) { try $0.write(report.html) }
        }
        if let csv {
            let batch = try dashboard.batch(named: batch)
            try OutputFile.write(to: csv) { output in
                let printer = CSVPrinter(output)
                try printer.begin(Self.columns)
                try dashboard.readJobs(ofBatch: batch.id) { jobs, _ in
                    for job in jobs { try printer.print(TableRow(job, Self.columns)) }
                }
            }
        }
    }
}

extension TableRow {
    fileprivate init(_ job: JobSummary, _ columns: [String]) {
        func text(_ text: String?) -> Value { text.map(Value.text) ?? .null }
        self.init(
            columns: columns,
            values: [
                .text(job.lead), .text(job.state.rawValue), text(job.accountID),
                text(job.contactID), text(job.opportunityID), text(job.code), text(job.message),
                .integer(Int64(job.attempts)), text(job.finishedAt?.description),
            ])
    }
}
