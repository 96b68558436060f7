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
                try output.write(ReportCSV.header)
                try dashboard.readJobs(ofBatch: batch.id) { jobs, _ in
                    for job in jobs { try output.write(ReportCSV.line(job)) }
                }
            }
        }
    }
}

/// A batch's leads as CSV, RFC 4180.
private enum ReportCSV {
    static let header = """
        lead_id,state,account_id,contact_id,opportunity_id,code,message,attempts,finished_at\n
        """

    static func line(_ job: JobSummary) -> String {
        let cells = [
            job.lead, job.state.rawValue, job.accountID ?? "", job.contactID ?? "",
            job.opportunityID ?? "", job.code ?? "", job.message ?? "", String(job.attempts),
            job.finishedAt?.description ?? "",
        ]
        return cells.map(CSVPrinter.quoted).joined(separator: ",") + "\n"
    }
}
