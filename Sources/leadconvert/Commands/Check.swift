import ArgumentParser
import Conversion
import Foundation
import Preflight
import Storage
import Synchronization

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look whether everything is right before a lead is sent.",
        discussion: """
            Settings come from the environment and --env-file, as the daemon's do. Nothing is changed in \
            Salesforce, and no lead is touched; it takes six requests of the org's allowance, which \
            are recorded in calls and count against our share. It works beside a running \
            daemon.

            Each line says ok, warn, FAIL or skip, and behind "do:" what to do next. The exit \
            status is 0 when nothing fails, otherwise that of the first failure: 65 leads that \
            will fail, 69 Salesforce can't be reached, 73 or 74 the file, 75 the allowance is \
            spent, 77 login or permission, 78 wrong settings or a file that is not a queue.

            Example:
              leadconvert check --leads
            """
    )

    @Flag(help: "Look at all queued leads, 2,000 a request; without it at 200 of them.")
    var leads = false

    @Flag(
        help: """
            Log in with a refresh token too. If the app replaces them, the new one is kept, but a \
            daemon that runs has to be restarted.
            """)
    var useRefreshToken = false

    @Option(
        help: ArgumentHelp(
            "Settings as NAME=value lines, as the daemon's; they win over the environment.",
            valueName: "file"))
    var envFile: String?

    @Flag(help: "Print a JSON array of objects: name, status, message, remedy.")
    var json = false

    @OptionGroup var options: QueueOptions

    func run() async throws {
        var checks = CheckRunner.Options(environment: try options.environment)
        checks.environmentFile = try envFile ?? options.settingsFile
        checks.database = try options.file
        checks.readsAllLeads = leads
        checks.usesRefreshToken = useRefreshToken
        let progress = Mutex(Progress(of: "lead"))
        if leads, StandardError.isTerminal {
            checks.progress = { done, total in progress.withLock { $0.show(done, of: total) } }
        }
        let output = Output()
        var runner = CheckRunner(checks) { [json] finding in
            progress.withLock { $0.clear() }
            guard !json else { return }
            try output.write(finding.text)
            // The next line may take as long as a connection takes to fail.
            try output.flush()
        } warn: {
            StandardError.write("\($0)\n")
        }
        try await runner.run()
        if json {
            let rows = runner.findings.map(\.json.line).joined(separator: ",\n")
            try output.writeLine("[\n\(rows)\n]")
            try output.flush()
        }
        if runner.exit != .ok { throw ExitCode(runner.exit) }
    }
}
