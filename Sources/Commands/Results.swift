import ArgumentParser
import Conversion
import Foundation
import Intake
import Preflight
import Storage

struct Results: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what became of a batch, in input order, or of one lead.",
        discussion: """
            Exit status 75 while some of its leads are unsettled; what is known is printed anyway. \
            With --follow it waits for them: each lead is printed once, when it and all before it \
            are settled. A lead that joins the batch before those printed already is printed as \
            soon as it is settled; one that is retried after it was printed is not printed again.

            With --fetch all is printed, or nothing: exit status 69 when Salesforce can't be reached or \
            our share of its requests is used up.

            Examples:
              leadconvert results friday > results.json
              leadconvert results friday --follow --csv
              leadconvert results --lead 00QWs000001AbcDMAS
              leadconvert results friday --fetch 'Account.Name,Opportunity.StageName'
            """
    )

    @Argument(help: "The batch's name.")
    var batch: String?

    @Option(
        help: ArgumentHelp(
            "One lead, by its latest job, or one job, instead of a batch.",
            valueName: "lead-or-job"),
        transform: leadOrJob)
    var lead: JobSelection?

    @Flag(help: "Print results as they come, until all leads are settled.")
    var follow = false

    @Option(
        help: ArgumentHelp(
            "Fields to read back from the org now: Account.Name,Contact.Email,...",
            discussion: "They are read as the daemon's settings say, 2,000 records a request.",
            valueName: "fields"),
        transform: fetchedFields)
    var fetch: FetchedFields?

    @OptionGroup var login: LoginOptions

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
        guard fetch == nil || !follow else {
            throw ValidationError("--fetch goes without --follow: it reads what is there now.")
        }
    }

    func run() async throws {
        let queue = try options.open()
        // An array that breaks off is none: what the org is asked for is printed once all is there.
        let spool = try fetch.map { _ in try SpoolFile(name: "the results") }
        let output = spool.map { Output(to: $0) } ?? Output()
        let names = fetch?.names ?? []
        var printer: any RowPrinter =
            switch format {
            case .json:
                JSONPrinter(output, isLive: follow) { row in
                    JSON(result: { row[$0] }, fetched: names.map { ($0, JSON(row[$0])) })
                }
            case .csv: CSVPrinter(output)
            }
        let isSettled =
            if let fetch {
                try await read(queue, fetch, &printer)
            } else if let batch, follow {
                try wait(for: batch, of: queue, &printer, output)
            } else {
                try readResults(of: queue, columns: { try printer.begin($0) }) {
                    try printer.print($0)
                }
            }
        try printer.finish()
        try output.flush()
        if let spool { try Output().write(spool) }
        if isSettled, let batch { try sayWhatIsMissing(batch, of: queue) }
        guard isSettled else {
            let what = batch.map { "Some leads of \($0) are" } ?? "The lead is"
            StandardError.write("\(what) unsettled: ask again later.\n")
            throw ExitCode(.tryLater)
        }
    }

    /// Reads the results of the batch, or of the one lead.
    private func readResults(
        of queue: JobQueue, columns: ([String]) throws -> Void, _ body: (TableRow) throws -> Void
    ) throws -> Bool {
        if let batch { return try queue.reports.readResults(batch: batch, columns: columns, body) }
        var (job, id): (Int64?, RecordID?) = (nil, nil)
        switch lead {
        case .job(let number): job = number
        case .lead(let lead): id = lead
        default: break
        }
        return try queue.reports.readResult(job: job, lead: id, columns: columns, body)
    }

    /// A batch keeps its name and its total when its jobs are deleted: then its results are not all.
    private func sayWhatIsMissing(_ batch: String, of queue: JobQueue) throws {
        let leads = try queue.reports.leads(ofBatch: batch)
        guard leads.total > leads.present else { return }
        StandardError.write(
            "\(leads.total - leads.present) of \(counted(leads.total, "lead")) of \(batch) "
                + "can't be told of any more: pruned, or deleted or replaced by SQL.\n")
    }

    /// Prints all that is known, with what the org has now.
    private func read(
        _ queue: JobQueue, _ fields: FetchedFields, _ printer: inout any RowPrinter
    ) async throws -> Bool {
        let org = try OrgConnector(options.context, usesRefreshToken: login.useRefreshToken)
        var pages = ResultPages(queue.reports, of: batch)
        if batch == nil {
            pages.isSettled = try readResults(of: queue, columns: { _ in }) {
                pages.waiting.append($0)
            }
        }
        var page = try pages.next()
        try printer.begin(try queue.reports.resultColumns() + fields.names)
        var progress = Progress(of: "lead")
        defer { progress.clear() }
        let total = try batch.map { try queue.reports.leads(ofBatch: $0).present }
        try await org.connected(recordingIn: queue) { client in
            var fetcher = RecordFetcher(fields, through: client)
            var printed = 0
            while !page.isEmpty {
                for (result, values) in zip(page, try await fetcher.fetch(page)) {
                    let row = TableRow(
                        columns: result.columns + fields.names,
                        values: result.values + values.map { TableRow.Value($0) })
                    try printer.print(row)
                }
                printed += page.count
                progress.show(printed, of: total)
                page = try pages.next()
            }
        }
        return pages.isSettled ?? false
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
                }, { try printer.print($0) })
            try output.flush()
            if isSettled { return true }
            try changes.wait()
        }
    }
}

/// Results in input order, as many at a time as the org gives records for in one request.
private struct ResultPages {
    private let reports: Reports
    private let batch: String?
    private var place = ResultsPlace()
    /// Read, and not given yet.
    var waiting: [TableRow] = []
    /// Whether all are settled; nil as long as not all are read.
    var isSettled: Bool?

    init(_ reports: Reports, of batch: String?) {
        self.reports = reports
        self.batch = batch
    }

    /// None at the end.
    mutating func next() throws -> [TableRow] {
        while let batch, isSettled == nil, waiting.count < RecordFetcher.most {
            let page = try reports.nextResults(batch: batch, from: &place)
            waiting += page.rows
            isSettled = page.isSettled
        }
        let page = Array(waiting.prefix(RecordFetcher.most))
        waiting.removeFirst(page.count)
        return page
    }
}

/// Reads the fields of `--fetch`.
private func fetchedFields(_ argument: String) throws -> FetchedFields {
    do {
        return try FetchedFields(argument)
    } catch {
        throw ValidationError("\(error)")
    }
}

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
