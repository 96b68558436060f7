import ArgumentParser
import Conversion
import Storage

struct Results: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what became of a batch, in input order, or of one lead.",
        discussion: """
            Exit status 75 while some of its leads are unsettled; what is known is printed anyway. \
            With --follow it waits for them: each lead is printed once, when it and all before it \
            are settled. A lead that joins the batch before those printed already is printed as \
            soon as it is settled; one that is retried after it was printed is not printed again.

            Examples:
              leadconvert results friday > results.json
              leadconvert results friday --follow --csv
              leadconvert results --lead 00QWs000001AbcDMAS
            """
    )

    @Argument(help: "The batch's name.")
    var batch: String?

    @Option(
        help: ArgumentHelp(
            "One lead, by its latest job, or one job, instead of a batch.",
            valueName: "lead-or-job"),
        transform: Subject.read)
    var lead: Subject?

    @Flag(help: "Print results as they come, until all leads are settled.")
    var follow = false

    @Flag(exclusivity: .exclusive)
    var format = ResultsFormat.json

    @OptionGroup var options: QueueOptions

    func validate() throws {
        guard (batch == nil) != (lead == nil) else {
            throw ValidationError("Name a batch, or --lead with a lead's id or a job's number.")
        }
        guard lead == nil || !follow else {
            throw ValidationError("--follow goes with a batch.")
        }
    }

    func run() throws {
        let queue = try options.open()
        let output = Output()
        var printer: any RowPrinter =
            switch format {
            case .json: JSONPrinter(output, isLive: follow) { row in JSON(result: { row[$0] }) }
            case .csv: CSVPrinter(output)
            }
        let isSettled =
            if let batch {
                follow
                    ? try wait(for: batch, of: queue, &printer, output)
                    : try read(batch, of: queue, &printer)
            } else {
                try readLead(of: queue, &printer)
            }
        try printer.finish()
        try output.flush()
        if isSettled, let batch { try sayWhetherItWasPruned(batch, of: queue) }
        guard isSettled else {
            let what = batch.map { "Some leads of \($0) are" } ?? "The lead is"
            StandardError.write("\(what) unsettled: ask again later.\n")
            throw ExitCode(.tryLater)
        }
    }

    private func readLead(of queue: JobQueue, _ printer: inout any RowPrinter) throws -> Bool {
        var (job, id): (Int64?, RecordID?) = (nil, nil)
        switch lead {
        case .job(let number): job = number
        case .lead(let lead): id = lead
        case nil: break
        }
        return try queue.reports.readResult(
            job: job, lead: id, columns: { try printer.begin($0) }
        ) {
            try printer.print(Row($0))
        }
    }

    /// A batch keeps its name and its total when its jobs are pruned: no results are then none any more.
    private func sayWhetherItWasPruned(_ batch: String, of queue: JobQueue) throws {
        var filter = JobFilter()
        filter.batch = batch
        filter.limit = 1
        var hasJobs = false
        try queue.reports.readJobs(filter) { _ in hasJobs = true }
        guard !hasJobs, try queue.leads(inBatch: batch) ?? 0 > 0 else { return }
        StandardError.write("The leads of \(batch) were pruned, and their results with them.\n")
    }

    private func read(
        _ batch: String, of queue: JobQueue, _ printer: inout any RowPrinter
    ) throws -> Bool {
        try queue.reports.readResults(batch: batch, columns: { try printer.begin($0) }) {
            try printer.print(Row($0))
        }
    }

    /// Prints what is settled, whenever something is, until all is.
    private func wait(
        for batch: String, of queue: JobQueue, _ printer: inout any RowPrinter, _ output: Output
    ) throws -> Bool {
        var changes = QueueChanges(of: queue)
        var place = ResultsPlace()
        var hasBegun = false
        while true {
            let isSettled = try queue.reports.readResults(
                batch: batch, from: &place,
                columns: {
                    if !hasBegun { try printer.begin($0) }
                    hasBegun = true
                }, { try printer.print(Row($0)) })
            try output.flush()
            if isSettled { return true }
            try changes.wait()
        }
    }
}

/// How results are printed.
enum ResultsFormat: EnumerableFlag {
    case json
    case csv

    static func help(for value: ResultsFormat) -> ArgumentHelp? {
        switch value {
        case .json: "Print a JSON array, an object a lead."
        case .csv: "Print CSV with a header."
        }
    }
}
