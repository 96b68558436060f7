public import ArgumentParser
import Conversion
import Foundation
import Settings
import Storage

/// Works on the queue's file, with or without a running daemon.
public struct LeadConvert: AsyncParsableCommand {
    /// Its name, its help and the subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "leadconvert",
        abstract: "Fill, watch and steer the queue of Salesforce leads to convert.",
        discussion: """
            Exit status: 0 done, 64 wrong usage, 65 some input was refused, 66 no such file, \
            batch, job or lead, 69 Salesforce can't be reached, 70 our bug, 71 the system refused \
            something, 73 the file can't be made, 74 it can't be read or written, 75 try again \
            later, 77 login or permission refused, 78 wrong settings.

            Examples:
              leadconvert setup
              leadconvert enqueue leads.csv --converted-status Qualified --batch friday
              leadconvert status --watch
              leadconvert results friday
              leadconvert help enqueue
            """,
        version: ProgramVersion.line(
            of: "leadconvert", sqlite: "\(SQLiteVersion.ofTheLibrary)"),
        subcommands: [
            Setup.self, Enqueue.self, Status.self, Jobs.self, Log.self, Results.self, Report.self,
            Retry.self,
            Cancel.self, Pause.self, Resume.self, Policy.self, Check.self, Prune.self, Backup.self,
            Migrate.self,
        ]
    )

    /// For the argument parser, which fills in what was typed.
    public init() {}

    /// Runs what this process's arguments ask for. Does not return where that fails.
    @MainActor
    public static func main() async {
        do {
            var command = try parseAsRoot()
            if var asking = command as? any AsyncParsableCommand {
                try await asking.run()
            } else {
                try command.run()
            }
        } catch let error as OperatorError {
            StandardError.write("leadconvert: \(error)\n")
            Foundation.exit(error.status.rawValue)
        } catch  where exitCode(for: error) == .failure {
            // Neither the operator's doing nor the parser's: nothing of ours should end here.
            StandardError.write("leadconvert: \(error)\n")
            Foundation.exit(ExitStatus.internalBug.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}

extension ExitCode {
    /// The exit code of a status.
    init(_ status: ExitStatus) {
        self.init(status.rawValue)
    }
}
