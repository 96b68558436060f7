import ArgumentParser
import Conversion
import Drain
import Foundation
import Settings
import Storage

/// `leadconvertd`: reads its flags, runs the daemon, ends with the code that says how it went.
struct LeadConvertDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leadconvertd",
        abstract: "Converts the Salesforce leads of a SQLite queue, each exactly once.",
        discussion: """
            Runs in the foreground and logs to standard error. SIGTERM or SIGINT: no new call, \
            calls in flight settle; a second one ends that wait. SIGHUP: settings are read again.

            Settings come from the environment (LEADCONVERT_..., SALESFORCE_...): see man leadconvertd. \
            Those that are to change while it runs stand in the file of --env-file, which a SIGHUP \
            reads again.

            Example:
              export SALESFORCE_LOGIN_URL=https://example.my.salesforce.com
              export SALESFORCE_CLIENT_ID=3MVG... SALESFORCE_CLIENT_SECRET_FILE=secret.txt
              leadconvertd --db queue.db --until-empty
            """,
        version: ProgramVersion.line(
            of: "leadconvertd", sqlite: "\(SQLiteVersion.ofTheLibrary)")
    )

    @Option(help: "The queue's SQLite file; made if it is not there.")
    var db: String?

    @Option(
        help: ArgumentHelp(
            "Settings as NAME=value lines, as in a unit's EnvironmentFile; they win over the "
                + "environment.", valueName: "file"))
    var envFile: String?

    @Flag(
        help: ArgumentHelp(
            "Exit 0 once no job is left that could still move on its own; 75 when only leads in "
                + "doubt are left and Salesforce gives no answer about them."))
    var untilEmpty = false

    @Option(help: "Exit 69 when Salesforce could not be reached for so long, e.g. 30m.")
    var giveUpAfter: String?

    func validate() throws {
        // SQLite takes it for a database of its own, which is gone with the program.
        if db?.isEmpty == true { throw ValidationError("--db names no file.") }
        if let giveUpAfter, DurationText(giveUpAfter) == nil {
            throw ValidationError("--give-up-after: it \(DurationText.rule).")
        }
    }

    func run() async throws {
        do {
            try CoreDumps.disable()
            let daemon = try await Daemon(
                Arguments(
                    database: db, environmentFile: envFile, giveUpAfter: giveUpAfter,
                    untilEmpty: untilEmpty))
            let status = try await daemon.run()
            // It holds the file's lock, and calls may be in flight: those end with the process.
            withExtendedLifetime(daemon) { Foundation.exit(status.rawValue) }
        } catch {
            let known = OperatorError(explaining: error)
            ConsoleLog.fault(known)
            Foundation.exit(known.status.rawValue)
        }
    }
}

/// What the daemon was told on its command line.
struct Arguments: Sendable {
    var database: String?
    var environmentFile: String?
    var giveUpAfter: String?
    var untilEmpty: Bool

    /// All settings as they are now: what stands in files may have changed since the last time.
    func settings() throws -> DaemonSettings {
        var settings = try DaemonSettings(
            environment: EnvironmentFile.adding(
                to: ProcessInfo.processInfo.environment, flag: environmentFile),
            database: database, giveUpAfter: giveUpAfter)
        settings.drain.untilEmpty = untilEmpty
        return settings
    }
}
