import ArgumentParser
import Commands
import Conversion
import Foundation

/// The daemon, or the command line where it is called by that name: as one program under two names a
/// package holds the libraries once.
@main
struct Program {
    static func main() async {
        guard let path = CommandLine.arguments.first else {
            // Swift reads them there. Without them a command would be taken for the daemon.
            ConsoleLog.fault(
                OperatorError(
                    .systemRefused, "The arguments can't be read.", remedy: "Is /proc mounted?"))
            exit(ExitStatus.systemRefused.rawValue)
        }
        if URL(fileURLWithPath: path).lastPathComponent == LeadConvert.configuration.commandName {
            await LeadConvert.main()
        } else {
            await LeadConvertDaemon.main()
        }
    }
}
