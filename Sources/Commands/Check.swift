import ArgumentParser
import Conversion
import Foundation
import Preflight
import Settings
import Storage
import Synchronization

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look whether everything is right before a lead is sent.",
        discussion: """
            Settings come from the environment and --env-file, as the daemon's do. Nothing is changed in \
            Salesforce, and no lead is touched; it takes six to eight requests of the org's allowance, which \
            are recorded in calls and count against our share. It works beside a running \
            daemon.

            Each line says ok, warn, FAIL or skip, and behind "do:" what to do next. The exit \
            status is 0 when nothing fails, otherwise that of the first failure: 65 leads that \
            will fail, 69 Salesforce can't be reached, 73 or 74 the file, 75 the allowance is \
            spent, 77 login or permission, 78 wrong settings or a file that is not a queue.

            With --matches nothing is checked: it shows for each queued lead what it would be converted \
            into, now and by its policy: an existing contact or account, new records, or nothing, \
            because several match (many) or none does (none). It looks for up to 200 contacts or \
            accounts with one request.

            The columns of --json are name, status, message, remedy; with --matches lead_id, match, \
            contact_id, account_id.

            Examples:
              leadconvert check --leads
              leadconvert check --matches --batch friday --csv
            """
    )

    @Flag(help: "Look at all queued leads, 2,000 a request; without it at 200 of them.")
    var leads = false

    @Flag(help: "Show what each queued lead would be converted into, and check nothing.")
    var matches = false

    @Option(help: ArgumentHelp("With --matches: only the leads of this batch.", valueName: "name"))
    var batch: String?

    @OptionGroup var login: LoginOptions

    @Flag(exclusivity: .exclusive)
    var format: RowFormat?

    @OptionGroup var options: QueueOptions

    func validate() throws {
        guard matches || batch == nil && format != .csv else {
            throw ValidationError("--batch and --csv go with --matches.")
        }
        guard !matches || !leads else {
            throw ValidationError("Give --matches without --leads.")
        }
    }

    func run() async throws {
        if matches { return try await showMatches() }
        var checks = CheckRunner.Options(try options.context, command: QueueOptions.typed)
        checks.readsAllLeads = leads
        checks.usesRefreshToken = login.useRefreshToken
        let progress = Mutex(Progress(of: "lead"))
        if leads, StandardError.isTerminal {
            checks.progress = { done, total in progress.withLock { $0.show(done, of: total) } }
        }
        let output = Output()
        var runner = CheckRunner(checks) { [format] finding in
            progress.withLock { $0.clear() }
            guard format == nil else { return }
            try output.write(finding.text)
            // The next line may take as long as a connection takes to fail.
            try output.flush()
        } warn: {
            StandardError.write("\($0)\n")
        }
        try await runner.run()
        if format != nil {
            let rows = runner.findings.map(\.json.line).joined(separator: ",\n")
            try output.writeLine("[\n\(rows)\n]")
            try output.flush()
        }
        if runner.exit != .ok { throw ExitCode(runner.exit) }
    }

    private static let columns = ["lead_id", "match", "contact_id", "account_id"]

    private func showMatches() async throws {
        let queue = try options.open()
        let connection = try OrgConnector(options.context, usesRefreshToken: login.useRefreshToken)
        try await connection.connected(recordingIn: queue) { client in
            var previews = MatchPreviews(of: queue, batch: batch, client)
            let output = Output()
            var printer = RowFormat.printer(format, table: Self.columns, output)
            try printer.begin(Self.columns)
            try await previews.run { try printer.print(TableRow($0, Self.columns)) }
            try printer.finish()
            try output.flush()
        }
    }
}

extension TableRow {
    fileprivate init(_ preview: MatchPreview, _ columns: [String]) {
        func text(_ id: RecordID?) -> Value { id.map { .text($0.description) } ?? .null }
        self.init(
            columns: columns,
            values: [
                text(preview.lead), .text(preview.match.rawValue), text(preview.contactID),
                text(preview.accountID),
            ])
    }
}
