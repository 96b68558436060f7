import ArgumentParser
import Conversion
import Foundation
import Preflight
import Salesforce
import Settings
import Storage

struct Setup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask how to log in, write the settings, check them, convert a first lead.",
        discussion: """
            Asks for what no flag gives; without a terminal all must be given. Settings go to \
            leadconvertd.env and the secret to a file beside it that only you can read, in the current \
            folder or --dir. As root, where the service is installed, they go where that looks for \
            them: /etc/leadconvertd.env and /etc/leadconvertd, with --org NAME those of \
            leadconvertd@NAME.service.

            Nothing is written before the login was asked for, and nothing is replaced or removed \
            without asking (without a terminal: --overwrite). It can be run again; what was answered before is then \
            the answer that Enter gives.

            Then it checks all, as leadconvert check does, and asks for the status that leads are \
            converted to and, if you like, for one lead to convert at once. Exit status 65: the lead of \
            --lead-id is not converted.

            Examples:
              leadconvert setup
              leadconvert setup --sf my-sandbox
              leadconvert setup --host example.my.salesforce.com --client-id 3MVG9... \\
                --client-secret-file secret.txt --converted-status 'Closed - Converted'
              sudo leadconvert setup --org acme
            """
    )

    @OptionGroup var answers: SetupAnswers

    @Option(
        help: ArgumentHelp("Where leadconvertd.env and the secret go.", valueName: "folder"))
    var dir: String?

    @Option(
        help: ArgumentHelp("The status for leads that name none.", valueName: "status"))
    var convertedStatus: String?

    @Option(
        help: ArgumentHelp("A lead to convert at once, if all is well.", valueName: "id"),
        transform: leadIdentifier)
    var leadID: RecordID?

    @Flag(help: "Replace what is there without asking.")
    var overwrite = false

    @OptionGroup var options: PlaceOptions

    func validate() throws {
        guard dir == nil || options.org == nil else {
            throw ValidationError("--dir and --org name different places.")
        }
    }

    func run() async throws {
        var prompt = Prompt.isPossible ? Prompt() : nil
        let place = try SetupPlace(options, folder: dir)
        let file = try SettingsFile(place.settings)
        if prompt != nil {
            StandardError.write(
                "Settings go to \(place.settings). Ctrl-C leaves all as it is.\n\n")
        }
        var interview = SetupInterview(
            answers, in: place, known: file.variables, prompt: prompt)
        let login = try interview.login()
        let plan = SetupPlan(login, in: place, file)
        try agree(to: plan, prompt)
        try plan.changes.make()
        prompt?.state = "the settings are written"
        try place.makeFolders()
        for path in plan.written { StandardError.write("Written: \(path)\n") }
        // The unit may have other credentials now.
        if place.isLive { _ = try place.systemctl("daemon-reload") }

        let queue = try JobQueue(path: place.queue, as: .client)
        let statuses = try await check(place)
        // Before anything else is asked: a person who stops here leaves a service with this login.
        let isRunning = try restart(place)
        let status = try chooseStatus(of: statuses, place, prompt)
        let isConverted =
            try status.map { try convertOne(place, queue, $0, prompt) } ?? (leadID == nil)
        try sayWhatIsNext(place, status, isRunning: isRunning)
        if !isConverted { throw ExitCode(.dataRefused) }
    }

    private func agree(to plan: SetupPlan, _ prompt: Prompt?) throws {
        guard !plan.replaced.isEmpty, !overwrite else { return }
        let list = plan.replaced.map { "  \($0)\n" }.joined()
        StandardError.write("This is there already, and says something else:\n\(list)")
        guard let prompt else {
            throw OperatorError(
                .cannotCreate, "Nothing was written.", remedy: "To replace all of it: --overwrite")
        }
        guard try prompt.confirm("Replace it?") else {
            throw OperatorError(.cannotCreate, "Nothing was written.")
        }
    }

    /// Has the service go on with what was written, if it runs: it keeps the login that it read at its
    /// start.
    /// - Returns: Whether it runs.
    private func restart(_ place: SetupPlace) throws -> Bool {
        guard place.isLive, let unit = place.service?.unit,
            try place.systemctl("is-active", "--quiet", unit) == 0
        else { return false }
        let daemon = DaemonLock.holder(queue: place.queue)
        guard try daemon.map(place.hasOtherLogin) ?? true else { return true }
        StandardError.write("\n\(unit) runs with the login from before: it is restarted.\n")
        try place.systemctl("restart", unit: unit)
        return true
    }

    /// - Returns: The statuses that the org converts leads to.
    private func check(_ place: SetupPlace) async throws -> [ConvertedStatus] {
        StandardError.write("\nChecking:\n")
        var checks = CheckRunner.Options(place.context, command: QueueOptions.typed)
        checks.usesRefreshToken = true
        let output = Output()
        var runner = CheckRunner(checks) { finding in
            try output.write(finding.text)
            try output.flush()
        } warn: {
            StandardError.write("\($0)\n")
        }
        try await runner.run()
        guard runner.exit == .ok else {
            StandardError.write(
                "\nThe settings are written, but not all is well. Put right what FAILed, and run "
                    + "leadconvert setup again: it has kept your answers.\n")
            throw ExitCode(runner.exit)
        }
        return runner.convertedStatuses
    }

    private func chooseStatus(
        of statuses: [ConvertedStatus], _ place: SetupPlace, _ prompt: Prompt?
    ) throws -> String? {
        let labels = statuses.map(\.label)
        let list = labels.joined(separator: ", ")
        // As check does: a name in the API is one as well.
        func status(_ text: String) -> ConvertedStatus? {
            statuses.first { $0.label == text } ?? statuses.first { $0.apiName == text }
        }
        var file = try SettingsFile(place.settings)
        let written = file.variables[Self.statusVariable]
        let known = written.flatMap(status)?.label
        if let convertedStatus {
            guard statuses.isEmpty || status(convertedStatus) != nil else {
                throw OperatorError(
                    .configuration, "The org converts no lead to \"\(convertedStatus)\".",
                    remedy: "--converted-status takes one of these: \(list)")
            }
            let label = status(convertedStatus)?.label ?? convertedStatus
            try keep(status: label, &file)
            return label
        }
        guard let first = labels.first else { return written }
        let chosen: String?
        if let prompt, labels.count > 1 {
            StandardError.write("\n")
            chosen = try prompt.choose(
                "The status that leads are converted to, where none is named",
                of: labels.map { ($0, "") }, default: known ?? first)
        } else {
            chosen = known ?? (labels.count == 1 ? first : nil)
        }
        guard let chosen else {
            StandardError.write("\nName one of these with --converted-status: \(list)\n")
            return nil
        }
        if chosen == known, let written { return written }
        try keep(status: chosen, &file)
        return chosen
    }

    private func keep(status: String, _ file: inout SettingsFile) throws {
        guard file.variables[Self.statusVariable] != status else { return }
        file.set(Self.statusVariable, to: status)
        var changes = FileChanges()
        changes.put(file.text, into: file.path, mode: 0o644)
        try changes.make()
    }

    private static let statusVariable = "LEADCONVERT_CONVERTED_STATUS"

    /// - Returns: False when a lead was to be converted and was not.
    private func convertOne(
        _ place: SetupPlace, _ queue: JobQueue, _ status: String, _ prompt: Prompt?
    ) throws -> Bool {
        guard prompt != nil || leadID != nil else { return true }
        let first = FirstLead(place: place, queue: queue, status: status)
        if let blockingReason = try first.blockingReason() {
            StandardError.write("\nNo lead is converted now. \(blockingReason)\n")
            return leadID == nil
        }
        guard let lead = try leadID ?? askForLead(prompt) else { return true }
        return try first.convert(lead)
    }

    private func askForLead(_ prompt: Prompt?) throws -> RecordID? {
        guard let prompt else { return nil }
        StandardError.write("\n")
        do throws(OperatorError) {
            return try prompt.ask(
                "A lead to convert now, for good, to see it work: its id, or Enter for none",
                default: "", rule: "must be a lead's id, 00Q and 12 or 15 more characters"
            ) { text -> RecordID?? in
                text.isEmpty ? .some(nil) : (try? RecordID(text, of: .lead)).map { .some($0) }
            }
        } catch {
            // The input ended; all is done but this.
            StandardError.write("\n")
            return nil
        }
    }

    private func sayWhatIsNext(
        _ place: SetupPlace, _ status: String?, isRunning: Bool
    ) throws {
        let status = " --converted-status \((status ?? "STATUS").shellQuoted)"
        var start = place.startCommand
        var what = "put leads into the queue and start the daemon"
        if isRunning, let unit = place.service?.unit {
            start = "sudo systemctl enable \(unit)"
            what =
                "put leads into the queue; the daemon runs, and this has it start with the machine"
        }
        let output = Output()
        try output.write(
            """

            Next, \(what):
              leadconvert enqueue leads.csv\(status) \(place.queueOption)
              \(start)

            """)
        try output.flush()
    }
}
