import ArgumentParser
import Commands
import Foundation

/// The daemon, or the command line where it is called by that name: as one program under two names a
/// package holds the libraries once.
@main
struct Program {
    static func main() async {
        let name = CommandLine.arguments.first.map { URL(fileURLWithPath: $0).lastPathComponent }
        if name == LeadConvert.configuration.commandName {
            await LeadConvert.main()
        } else {
            await LeadConvertDaemon.main()
        }
    }
}
