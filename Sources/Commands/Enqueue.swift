import ArgumentParser
import Conversion
import Foundation
import Intake
import Settings
import Storage

struct Enqueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Add leads from CSV, JSON or NDJSON, from a query, from the org, or a single one.",
        discussion: """
            A row needs leadId and convertedStatus, from columns or keys of these names, or from \
            --map; the other fields come from columns of their names, too, in any case, OwnerId among \
            them (--map ownerId= leaves it out). LEADCONVERT_CONVERTED_STATUS, in the environment or the \
            file of --env-file, is the status of rows that name none. A row that can't be added is named on standard error and the others are \
            added (exit status 65). A lead that has an unsettled job already is skipped.

            In a template {{NAME}} is the column or key of that name, whatever it is made of: \
            {{Customer No.}}. Where a JSON row has no such key it is a path: {{lead.items[0].id}}.

            What Salesforce exports is taken as it is: where no column or key has our name, Lead ID or \
            else Id is leadId, and Account ID, Contact ID and Owner ID are accountId, contactId and \
            ownerId; an owner that is a queue counts as none; a report's footer is left out, and so is \
            what sf data query --json prints around its records; where that says that they are not all \
            of the query's, nothing of the file is taken.

            --from-soql asks the org with the daemon's settings and credentials, 2,000 leads a request, \
            and takes what it gives, when all of it is there. It changes nothing in Salesforce. The requests are recorded in \
            calls and count against our share. @FILE is a query in a file, whose lines that begin \
            with # are left out. The unit leadconvert-intake@NAME.timer runs one every night.

            The command of --on-finish runs each time that the batch has finished, at least once: \
            also again, when the daemon was killed while it ran. No shell runs it, and it finds \
            LEADCONVERT_BATCH, LEADCONVERT_DB and LEADCONVERT_RESULTS in its environment: the \
            last is a file that holds what leadconvert results prints, and is there as long as \
            the command runs. Its exit status is in the view batch_progress.

            Examples:
              leadconvert enqueue leads.csv --batch friday
              leadconvert enqueue report.csv --encoding windows-1252 \\
                --converted-status Qualified
              leadconvert enqueue export.csv --group-by Company
              leadconvert enqueue rows.json --template request.json
              leadconvert enqueue --source crm.db --from-sql 'SELECT Id FROM leads' \\
                --map 'leadId={{Id}}' --converted-status Qualified
              leadconvert enqueue --converted-status Qualified --from-soql \
                "SELECT Id, Company, OwnerId FROM Lead WHERE IsConverted = false AND Rating = 'Hot'"
              leadconvert enqueue --from-soql 'SELECT LeadId FROM CampaignMember' \
                --map 'leadId={{LeadId}}' --converted-status Qualified
              leadconvert enqueue leads.csv --match-contact --map 'matchEmail={{Mail}}'
              leadconvert enqueue leads.csv --group-by Company --match-account
              leadconvert enqueue --lead-id 00QWs000001AbcDMAS --converted-status Qualified
              leadconvert enqueue leads.csv --set 'Opportunity.Amount={{Budget}}' \\
                --note 'Summary: {{Summary}}' --task 'Call {{FirstName}}' --task-due +2d
              leadconvert enqueue leads.csv --batch friday --on-finish '/opt/crm/import --quiet'
            """
    )

    @Argument(help: ArgumentHelp("Files, - for standard input.", valueName: "file"))
    var files: [String] = []

    @Option(help: ArgumentHelp("A single lead instead of files.", valueName: "id"))
    var leadID: String?

    @Option(
        name: .customLong("from-sql"),
        help: ArgumentHelp("A query instead of files; with --source.", valueName: "select")
    )
    var query: String?

    @Option(help: ArgumentHelp("The SQLite file to query; it is only read.", valueName: "file"))
    var source: String?

    @Option(
        name: .customLong("from-soql"),
        help: ArgumentHelp(
            "A query of the org instead of files; @FILE reads it.", valueName: "soql")
    )
    var soql: String?

    @OptionGroup var login: LoginOptions

    @Option(
        help: ArgumentHelp(
            "The status of leads whose row names none (default: $LEADCONVERT_CONVERTED_STATUS).",
            valueName: "status")
    )
    var convertedStatus: String?

    @Option(help: "How the input is written (default: by the file's extension or first byte).")
    var format: IntakeFormat?

    @Option(
        help: ArgumentHelp(
            "How its characters are written (default: as a byte order mark says, else utf-8).",
            valueName: "name")
    )
    var encoding: TextEncoding?

    @Option(
        name: .customLong("map"),
        help: ArgumentHelp("What a field is made from; repeatable.", valueName: "field=template")
    )
    var assignments: [String] = []

    @Option(
        help: ArgumentHelp("A JSON object that has a template for each field.", valueName: "file")
    )
    var template: String?

    @OptionGroup var matching: MatchArguments

    @OptionGroup var followUps: FollowUpArguments

    @Option(help: ArgumentHelp("The batch that the leads join.", valueName: "name"))
    var batch: String?

    @Option(
        help: ArgumentHelp(
            "The program with its arguments that the daemon runs when the batch has finished.",
            valueName: "command"),
        transform: command
    )
    var onFinish: CommandText?

    @Option(help: ArgumentHelp("The retry policy of each lead.", valueName: "name"))
    var policy: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Higher goes first; may be below 0.", valueName: "number"))
    var priority = 0

    @Option(
        help: ArgumentHelp("Not before a time with its zone, or +15m from now.", valueName: "time"),
        transform: timeAhead
    )
    var runAt: Timestamp?

    @Flag(help: "Add nothing of a file that has a refused or skipped row.")
    var strict = false

    @Flag(help: "Only say what would be added.")
    var dryRun = false

    @OptionGroup var options: QueueOptions

    func validate() throws {
        let ways = [!files.isEmpty, leadID != nil, query != nil, soql != nil].filter(\.self).count
        if let batch, batch.allSatisfy(\.isWhitespace) {
            throw ValidationError("--batch names no batch.")
        }
        guard ways == 1 else {
            throw ValidationError(
                "Name files, - for standard input, or --from-sql, or --from-soql, or --lead-id."
            )
        }
        guard (query == nil) == (source == nil) else {
            throw ValidationError("--from-sql and --source go together.")
        }
        guard onFinish == nil || batch != nil else {
            throw ValidationError("--on-finish goes with --batch.")
        }
        guard !files.isEmpty || format == nil && encoding == nil else {
            throw ValidationError("--format and --encoding go with files.")
        }
    }

    func run() async throws {
        let mapping = try mapping()
        // A name that is mistyped, or settings that are wrong, leave no queue behind.
        let query = try soql.map { soql in
            try OrgQuery(
                soql: OrgQuery.text(soql), options.context, usesRefreshToken: login.useRefreshToken)
        }
        var inputs = try inputs(mapping)
        let rehearsal = try dryRun ? Rehearsal(of: options, policy: policy) : nil
        defer { rehearsal?.remove() }
        let queue = try rehearsal?.queue ?? options.openOrMake()
        if let query {
            inputs = [Input(records: try await query.fetch(recordingIn: queue), mapping)]
        }
        if let batch { try warnIfBatchExists(batch, in: queue) }
        let enqueuing = InputEnqueuing(
            queue: queue, options: enqueueOptions, isStrict: strict, isDryRun: dryRun
        )
        var total = EnqueueSummary()
        for input in inputs {
            let summary = try enqueuing.add(input)
            if inputs.count > 1 { StandardError.write("\(input.name): \(summary)\n") }
            total.add(summary)
        }
        StandardError.write("\(dryRun ? "Dry run: " : "")\(total)\n")
        if let batch, onFinish != nil, !dryRun { try warnIfBatchIsEmpty(batch, in: queue) }
        if total.added > 0, !dryRun { try warnIfPaused(queue, added: total.added) }
        let isRefused = total.refused > 0 || total.hasRefusedFile || strict && total.skipped > 0
        if isRefused { throw ExitCode(.dataRefused) }
    }

    /// A batch grows on purpose, or because somebody used its name for another.
    private func warnIfBatchExists(_ batch: String, in queue: JobQueue) throws {
        guard let leads = try queue.leads(inBatch: batch), leads > 0 else { return }
        StandardError.write(
            "There is a batch named \(batch) already, with \(counted(leads, "lead")): "
                + "the new ones join it.\n")
    }

    /// A batch without a lead never finishes.
    private func warnIfBatchIsEmpty(_ batch: String, in queue: JobQueue) throws {
        guard try queue.leads(inBatch: batch) ?? 0 == 0 else { return }
        StandardError.write("The batch \(batch) has no lead, so its command does not run.\n")
    }

    private func warnIfPaused(_ queue: JobQueue, added: Int) throws {
        let paused = PausedQueue(queue)
        if let batch, try queue.operations.isPaused(batch: batch) {
            StandardError.write("\(paused.line(held: added, with: batch))\n")
        }
        if try queue.operations.isPaused() { StandardError.write("\(paused.line)\n") }
    }

    private var enqueueOptions: EnqueueOptions {
        var options = EnqueueOptions()
        options.batch = batch
        options.policy = policy
        options.priority = priority
        options.runAt = runAt
        options.onFinish = onFinish
        return options
    }

    private func mapping() throws -> Mapping {
        var mapping = try template.map { try Mapping(template: ByteSource(path: $0)) } ?? Mapping()
        // A file of settings that was named must be readable, even where a flag says its status.
        let ofSettings = try defaultStatus()
        if let convertedStatus {
            try mapping.setDefaultStatus(
                convertedStatus, of: "--converted-status", refusing: .usage)
        } else if let ofSettings {
            try mapping.setDefaultStatus(
                ofSettings, of: "LEADCONVERT_CONVERTED_STATUS", refusing: .configuration)
        }
        mapping.readsRecords = soql != nil
        for assignment in assignments { try mapping.set(assignment) }
        try matching.apply(to: &mapping)
        try followUps.apply(to: &mapping)
        return mapping
    }

    /// LEADCONVERT_CONVERTED_STATUS, for rows that name no status. A file of settings that nobody has
    /// named may be of no use: rows with a status are added all the same.
    private func defaultStatus() throws -> String? {
        let context = try options.context
        let isNamed = convertedStatus != nil
        guard !context.isFileNamed else { return try context.defaultStatus(isNamed: isNamed) }
        do {
            return try context.defaultStatus(isNamed: isNamed)
        } catch {
            StandardError.write("It gives no status to rows that name none: \(error)\n")
            return nil
        }
    }

    /// All inputs that are on this machine, opened: a name that is mistyped stops the command before
    /// anything is added.
    private func inputs(_ mapping: Mapping) throws -> [Input] {
        if let leadID {
            let row = JSON.object([("leadId", .text(leadID))]).line
            return [Input(ByteSource(name: "--lead-id", text: row), .ndjson, nil, mapping)]
        }
        if let query, let source {
            return [Input(try SQLiteSource(path: source, sql: query), mapping)]
        }
        return try files.map { file in
            guard file != "-" else {
                return Input(try .standardInput(), format, encoding, mapping)
            }
            let format = format ?? IntakeFormat(pathExtensionOf: file)
            return Input(try ByteSource(path: file), format, encoding, mapping)
        }
    }
}

extension ByteSource {
    /// A source of a text at hand.
    fileprivate init(name: String, text: String) {
        var rest = Array(text.utf8)
        self.init(name: name) {
            defer { rest = [] }
            return rest
        }
    }
}
