import Testing

@Suite struct CommandLineHelpTests {
    @Test(
        arguments: [
            "enqueue", "status", "jobs", "log", "results", "retry", "cancel", "pause", "resume",
            "policy", "policy list", "policy set", "check", "prune", "backup", "migrate",
        ])
    func showsAnExampleOfEachCommand(command: String) async throws {
        try await withCommandLine { leadconvert in
            let words = command.split(separator: " ").map(String.init)
            let help = try leadconvert(["help"] + words)
            #expect(help.status == 0)
            #expect(help.output.contains(#/Examples?:\n +leadconvert /#))
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completesWhatIsTypedInAShell(shell: String) async throws {
        try await withCommandLine { leadconvert in
            let script = try leadconvert("--generate-completion-script", shell)
            #expect(script.status == 0)
            #expect(script.output.contains("from-sql"))
        }
    }
}
