import ArgumentParser
import Conversion
import Storage

struct Results: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what became of a batch, in input order.",
        discussion: """
            Exit status 75 while some of its leads are unsettled; what is known is printed anyway. \
            With --follow it waits for them: each lead is printed once, when it and all before it \
            are settled. A lead that joins the batch before those printed already is printed as \
            soon as it is settled; one that is retried after it was printed is not printed again.

            Examples:
              leadconvert results friday > results.json
              leadconvert results friday --follow --csv
            """
    )

    @Argument(help: "The batch's name.")
    var batch: String

    @Flag(help: "Print results as they come, until all leads are settled.")
    var follow = false

    @Flag(exclusivity: .exclusive)
    var format = ResultsFormat.json

    @OptionGroup var options: QueueOptions

    func run() throws {
        let queue = try options.open()
        let output = Output()
        var printer: any RowPrinter =
            switch format {
            case .json: JSONPrinter(output, isLive: follow) { row in JSON(result: { row[$0] }) }
            case .csv: CSVPrinter(output)
            }
        let isSettled =
            follow ? try wait(for: queue, &printer, output) : try read(queue, &printer)
        try printer.finish()
        try output.flush()
        if isSettled { try sayWhetherItWasPruned(queue) }
        guard isSettled else {
            StandardError.write("Some leads of \(batch) are unsettled: ask again later.\n")
            throw ExitCode(.tryLater)
        }
    }

    /// A batch keeps its name and its total when its jobs are pruned: no results are then none any more.
    private func sayWhetherItWasPruned(_ queue: JobQueue) throws {
        var filter = JobFilter()
        filter.batch = batch
        filter.limit = 1
        var hasJobs = false
        try queue.reports.readJobs(filter) { _ in hasJobs = true }
        guard !hasJobs, try queue.leads(inBatch: batch) ?? 0 > 0 else { return }
        StandardError.write("The leads of \(batch) were pruned, and their results with them.\n")
    }

    private func read(_ queue: JobQueue, _ printer: inout any RowPrinter) throws -> Bool {
        try queue.reports.readResults(batch: batch, columns: { try printer.begin($0) }) {
            try printer.print(Row($0))
        }
    }

    /// Prints what is settled, whenever something is, until all is.
    private func wait(
        for queue: JobQueue, _ printer: inout any RowPrinter, _ output: Output
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
