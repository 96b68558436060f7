import Foundation
import TestSupport
import Testing

@Suite struct CommandLineHelpTests {
    @Test func `shows an example of each command`() async throws {
        let commands = try await commands(of: .helper)
        #expect(commands.contains(["enqueue"]) && commands.contains(["policy", "set"]))
        for command in commands {
            try await expectExample(Program.helper.run(command + ["--help"]), of: "leadconvert")
        }
    }

    @Test func `shows an example of the other programs`() async throws {
        try await expectExample(Program.daemon.run(["--help"]), of: "(export .*\n +)*leadconvertd")
        try await expectExample(Program.simulator.run(["--help"]), of: "salesforce-simulator")
    }

    @Test func `every program says its version`() async throws {
        for program in [Program.daemon, .helper, .demo, .simulator] {
            let end = try await program.run(["--version"])
            // The simulator has no SQLite.
            let line =
                #/[a-z-]+ \d+\.\d+\.\d+( \([0-9a-f]+\))?(, SQLite 3\.\d+\.\d+)?, Salesforce API 67\.0\n/#
            #expect(end.code == 0)
            #expect(end.output.wholeMatch(of: line) != nil, "\(end.output)")
            #expect(end.output.contains("SQLite") == (program.path != Program.simulator.path))
            #expect(end.output.hasPrefix("\(program.file.lastPathComponent) "))
        }
    }

    @Test func `the daemon's program is the command line where it is called so`() async throws {
        try await withTemporaryFolder { folder in
            let link = folder.appendingPathComponent("leadconvert")
            try FileManager.default.createSymbolicLink(
                at: link, withDestinationURL: Program.daemon.file)
            let queue = folder.appendingPathComponent("queue.db").path
            _ = try await Program.helper.run(["migrate", "--db", queue])
            let commands = [
                ["--version"], ["help", "enqueue"], ["status", "--db", queue], ["stauts"],
            ]
            for words in commands {
                let end = try await Program(file: link).run(words)
                let expected = try await Program.helper.run(words)
                #expect(end.code == expected.code && end.output == expected.output, "\(words)")
                #expect(end.errors == expected.errors, "\(words)")
            }
        }
    }

    @Test func `prune says that it ends groups`() async throws {
        let help = try await Program.helper.run(["prune", "--help"])
        #expect(help.output.contains("--match-account"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `completes what is typed in a shell`(shell: String) async throws {
        try await withCommandLine { leadconvert in
            let script = try leadconvert("--generate-completion-script", shell)
            #expect(script.status == 0)
            #expect(script.output.contains("from-sql"))
        }
    }

    private func expectExample(_ help: ProgramEnd, of program: String) throws {
        let example = try Regex("Examples?:\n +\(program) ")
        #expect(help.code == 0)
        #expect(help.output.contains(example), "\(help.output)")
    }

    /// The words of each command that a program has, as it says itself: none can be forgotten.
    private func commands(of program: Program) async throws -> [[String]] {
        let dump = try await program.run(["--experimental-dump-help"])
        let help = try JSONDecoder().decode(Help.self, from: Data(dump.output.utf8))
        return help.command.paths
    }

    private struct Help: Decodable {
        var command: Command

        struct Command: Decodable {
            var commandName: String
            var subcommands: [Command]?

            /// No words for the command itself, and those that follow it for each below it.
            var paths: [[String]] {
                let others = (subcommands ?? []).filter { $0.commandName != "help" }
                return [[]]
                    + others.flatMap { other in other.paths.map { [other.commandName] + $0 } }
            }
        }
    }
}
