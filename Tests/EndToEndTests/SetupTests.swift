import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// `leadconvert setup` without a terminal, where every answer is a flag.
@Suite(.timeLimit(.minutes(20))) struct SetupTests {
    @Test func `it writes, checks, and converts a first lead`() async throws {
        try await withFixture { fixture in
            let lead = await fixture.simulator.addLeads(1)[0]
            let end = try await fixture.setup(
                "--converted-status", "Qualified", "--lead-id", lead)
            #expect(end.code == 0, "\(end.errors)")
            #expect(
                try fixture.text("leadconvertd.env") == """
                    SALESFORCE_LOGIN_URL=\(fixture.simulator.url)
                    SALESFORCE_CLIENT_ID=demo
                    SALESFORCE_CLIENT_SECRET_FILE=\(fixture.folder.path)/salesforce_client_secret
                    LEADCONVERT_CONVERTED_STATUS=Qualified

                    """)
            #expect(try fixture.text("salesforce_client_secret") == "demo\n")
            #expect(try fixture.mode("salesforce_client_secret") == 0o600)
            #expect(try fixture.mode("leadconvertd.env") == 0o644)
            #expect(end.output.contains("\nok    login          a token for"))
            #expect(end.output.contains("\n\(lead) converted: account 001"))
            #expect(
                end.output.hasSuffix(
                    """
                      leadconvert enqueue leads.csv --converted-status Qualified --db \(fixture.queue.path)
                      leadconvertd --env-file \(fixture.folder.path)/leadconvertd.env --db \(fixture.queue.path)

                    """))
            #expect(!(end.output + end.errors).contains("=demo"))
            let audit = await fixture.simulator.audit()
            #expect(audit.conversions.map(\.leadID) == [lead])
        }
    }

    @Test func `all answers that are missing are named at once`() async throws {
        try await withFixture { fixture in
            let end = try await fixture.run("setup", "--dir", "x", "--flow", "jwt-bearer")
            #expect(end.code == 64)
            #expect(
                end.errors == """
                    leadconvert: There is no terminal to ask at: --host, --client-id, --username, \
                    --private-key-file are missing. See: leadconvert setup --help

                    """)
            #expect(!FileManager.default.fileExists(atPath: fixture.folder.path + "/x"))
        }
    }

    @Test func `it replaces nothing without being told to, and keeps what is not its own`()
        async throws
    {
        try await withFixture { fixture in
            let file = """
                # Ours.
                SALESFORCE_CLIENT_ID=other
                LEADCONVERT_CALL_SIZE=7

                """
            try fixture.write(file, to: "leadconvertd.env")
            try fixture.write("other secret\n", to: "salesforce_client_secret")
            let refused = try await fixture.setup()
            #expect(refused.code == 73)
            #expect(refused.errors.contains("SALESFORCE_CLIENT_ID in "))
            #expect(refused.errors.contains("/salesforce_client_secret\n"))
            #expect(!refused.errors.contains("other secret"))
            #expect(try fixture.text("leadconvertd.env") == file)
            #expect(try fixture.text("salesforce_client_secret") == "other secret\n")

            let end = try await fixture.setup("--overwrite")
            #expect(end.code == 0, "\(end.errors)")
            #expect(
                try fixture.text("leadconvertd.env").hasPrefix(
                    "# Ours.\nSALESFORCE_CLIENT_ID=demo\nLEADCONVERT_CALL_SIZE=7\n"))
            // Open to others as it was, it would be of no use.
            #expect(try fixture.mode("salesforce_client_secret") == 0o600)
        }
    }

    @Test func `a secret that is there already is closed to others`() async throws {
        try await withFixture { fixture in
            try fixture.write("demo\n", to: "salesforce_client_secret")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644],
                ofItemAtPath: fixture.folder.path + "/salesforce_client_secret")
            let end = try await fixture.setup(secret: "salesforce_client_secret")
            #expect(end.code == 0, "\(end.errors)")
            #expect(try fixture.text("salesforce_client_secret") == "demo\n")
            #expect(try fixture.mode("salesforce_client_secret") == 0o600)
        }
    }

    @Test func `it can be run again, and the answers are known by then`() async throws {
        try await withFixture { fixture in
            #expect(try await fixture.setup().code == 0)
            let before = try fixture.text("leadconvertd.env")
            let end = try await fixture.run("setup", "--dir", ".")
            #expect(end.code == 0, "\(end.errors)")
            #expect(!end.errors.contains("Written"))
            #expect(try fixture.text("leadconvertd.env") == before)
        }
    }

    @Test(arguments: [nil, "--overwrite"])
    func `run again without flags it keeps the login, whatever files others have left`(
        flag: String?
    ) async throws {
        try await withFixture { fixture in
            #expect(try await fixture.setup().code == 0)
            try fixture.write("demo-refresh-token", to: "token")
            let refresh = try await fixture.setup("--refresh-token-file", "token", "--overwrite")
            #expect(refresh.code == 0, "\(refresh.errors)")
            try fixture.write("a key of another login\n", to: "salesforce_private_key")
            let before = try fixture.text("leadconvertd.env")
            #expect(before.contains("SALESFORCE_REFRESH_TOKEN_FILE="))
            let end = try await Program.helper.run(
                ["setup", "--dir", "."] + (flag.map { [$0] } ?? []), in: fixture.folder)
            #expect(end.code == 0, "\(end.errors)")
            #expect(try fixture.text("leadconvertd.env") == before)
        }
    }

    @Test func `a file that is no text is not replaced without being told to`() async throws {
        try await withFixture { fixture in
            let file = fixture.folder.appendingPathComponent("salesforce_client_secret")
            let bytes = Data([0xFF, 0xFE, 0x00, 0x70])
            try bytes.write(to: file)
            let end = try await fixture.setup()
            #expect(end.code == 73, "\(end.errors)")
            #expect(end.errors.contains("/salesforce_client_secret\n"))
            #expect(try Data(contentsOf: file) == bytes)
        }
    }

    @Test(arguments: [
        ["--private-key-file", "k", "--username", "u", "--client-secret-file", "s"],
        ["--flow", "access-token", "--client-secret-file", "s"],
        ["--refresh-token-file", "r", "--username", "u"],
    ])
    func `a flag of another login is refused and not left aside`(flags: [String]) async throws {
        try await withFixture { fixture in
            let end = try await Program.helper.run(
                ["setup", "--dir", "."] + flags, in: fixture.folder)
            #expect(end.code == 64)
            #expect(end.errors.contains("The flags belong to different logins."))
        }
    }

    @Test func `a first lead that is not converted for want of a status is not passed over`()
        async throws
    {
        try await withFixture { fixture in
            let lead = await fixture.simulator.addLeads(1)[0]
            let end = try await fixture.setup("--lead-id", lead)
            #expect(end.code == 65, "\(end.errors)")
            #expect(end.errors.contains("Name one of these with --converted-status: "))
            #expect(await fixture.simulator.audit().conversions.isEmpty)
        }
    }

    @Test func `what is wrong is said by the check, and the code is the check's`() async throws {
        try await withFixture { fixture in
            try fixture.write("wrong", to: "given")
            let end = try await fixture.setup(secret: "given")
            #expect(end.code == 77)
            #expect(end.output.contains("FAIL  login"))
            #expect(end.errors.contains("run leadconvert setup again"))
            let other = try await fixture.setup("--overwrite", "--converted-status", "Nonsense")
            #expect(other.code == 78)
            #expect(other.errors.contains("takes one of these: Closed - Converted, Qualified"))
        }
    }

    @Test func `other leads in the queue are not converted along with the first`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(2)
            let lead = await fixture.simulator.addLeads(1)[0]
            let end = try await fixture.setup("--converted-status", "Qualified", "--lead-id", lead)
            #expect(end.code == 65)
            #expect(end.errors.contains("2 leads in the queue would be converted with it"))
            #expect(await fixture.simulator.audit().conversions.isEmpty)
        }
    }

    @Test func `no first lead goes through a daemon that has the old login`() async throws {
        try await withFixture { fixture in
            let lead = await fixture.simulator.addLeads(1)[0]
            let first = ["--converted-status", "Qualified", "--lead-id", lead]
            var daemon = try fixture.startDaemon()
            try await daemon.waitFor("queue opened")
            let refused = try await fixture.setup(first)
            #expect(refused.code == 65, "\(refused.errors)")
            #expect(
                refused.errors.contains(
                    """
                    No lead is converted now. The daemon that works on the queue, pid \(daemon.pid), still \
                    logs in as before. Stop it, then: leadconvertd --env-file \
                    \(fixture.folder.path)/leadconvertd.env --db \(fixture.queue.path)
                    """), "\(refused.errors)")
            #expect(await fixture.simulator.audit().conversions.isEmpty)

            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            daemon = try fixture.startDaemon(
                "--env-file", "leadconvertd.env", changing: ["SALESFORCE_CLIENT_SECRET": ""])
            try await daemon.waitFor("queue opened")
            // The same answers again are no change, nor is the status, which the daemon does not read.
            let settings = try fixture.text("leadconvertd.env")
            try fixture.write(
                settings.replacing("=Qualified", with: "=Closed - Converted")
                    + "LEADCONVERT_CALL_SIZE=7\n",
                to: "leadconvertd.env")
            let end = try await fixture.setup(first)
            #expect(end.code == 0, "\(end.errors)")
            #expect(end.output.contains("\n\(lead) converted: account 001"))
        }
    }

    @Test func `a first lead goes through a daemon that has read the new login`() async throws {
        try await withFixture { fixture in
            let leads = await fixture.simulator.addLeads(2)
            #expect(try await fixture.setup("--converted-status", "Qualified").code == 0)
            let settings = try fixture.text("leadconvertd.env")
            try fixture.write(
                settings.replacing("CLIENT_ID=demo", with: "CLIENT_ID=other"),
                to: "leadconvertd.env")
            let daemon = try fixture.startDaemon(
                "--env-file", "leadconvertd.env", changing: ["SALESFORCE_CLIENT_SECRET": ""])
            try await daemon.waitFor("queue opened")
            let first = ["--overwrite", "--converted-status", "Qualified", "--lead-id"]
            let refused = try await fixture.setup(first + [leads[0]])
            #expect(refused.code == 65, "\(refused.errors)")
            #expect(refused.errors.contains("still logs in as before"), "\(refused.errors)")

            try fixture.write("demo\n", to: "salesforce_client_secret")
            daemon.send(SIGHUP)
            try await daemon.waitFor("settings read again")
            let end = try await fixture.setup(first + [leads[1]])
            #expect(end.code == 0, "\(end.errors)")
            #expect(end.output.contains("\n\(leads[1]) converted: account 001"))
        }
    }

    @Test func `the Salesforce CLI's token is enough for a first try`() async throws {
        try await withFixture { fixture in
            let answer = """
                {"status": 0, "result": {"accessToken": "\(fixture.simulator.issueToken())",
                "instanceUrl": "\(fixture.simulator.url)", "username": "demo@example.com"}}
                """
            // Not written by this process: a child that another test starts meanwhile would hold it
            // open, and a program that is open for writing can't be run.
            let script = "#!/bin/sh\nprintf '%s ' \"$@\" >asked\ncat <<'E'\n\(answer)\nE\n"
            let made = try await Program.shell.run(
                ["-c", "cat >sf && chmod 700 sf"], input: script, in: fixture.folder)
            #expect(made.code == 0)
            let path = "\(fixture.folder.path):/usr/bin:/bin"
            let end = try await Program.helper.run(
                ["setup", "--dir", ".", "--sf", "my-sandbox"],
                environment: ["PATH": path, "LEADCONVERT_DB": fixture.queue.path],
                in: fixture.folder)
            #expect(end.code == 0, "\(end.errors)")
            #expect(try fixture.text("asked") == "org display --json --target-org my-sandbox ")
            #expect(try fixture.mode("salesforce_access_token") == 0o600)
            #expect(try fixture.text("leadconvertd.env").contains("SALESFORCE_INSTANCE_URL=http"))
            #expect(end.output.contains("ok    login          a token was given"))

            let none = try await fixture.run("setup", "--dir", "y", "--sf", "my-sandbox")
            #expect([69, 77].contains(none.code))
        }
    }

    @Test func `a secret may come through a pipe, and what is wrong with its file is said`()
        async throws
    {
        try await withFixture { fixture in
            try fixture.write("\u{FEFF}demo\r\n\n", to: "piped")
            let setup = "'\(Program.helper.path)' setup --dir . --overwrite --client-id demo"
            let end = try await Program.shell.run(
                [
                    "-c",
                    "cat piped | \(setup) --host \(fixture.simulator.url) "
                        + "--client-secret-file /dev/stdin --db queue.db",
                ],
                in: fixture.folder)
            #expect(end.code == 0, "\(end.errors)")
            #expect(try fixture.text("salesforce_client_secret") == "demo\n")
            try Data([0x64, 0xFF]).write(to: fixture.folder.appendingPathComponent("latin"))
            try fixture.write("\n", to: "empty")
            for (name, code, sentence) in [
                ("gone", 66, "gone: no such file."), (".", 74, ".: Is a directory."),
                ("latin", 65, "latin is not UTF-8 text."),
                ("empty", 64, "--client-secret-file: empty is empty."),
            ] as [(String, Int32, String)] {
                let end = try await fixture.setup(secret: name)
                #expect(end.code == code)
                #expect(end.errors == "leadconvert: \(sentence)\n")
            }
        }
    }

    @Test func `an org that was not set up is not found`() async throws {
        try await withFixture { fixture in
            let end = try await Program.helper.run(
                ["status", "--org", "no-such-org"], in: fixture.folder)
            #expect(end.code == 66)
            #expect(end.errors.contains("sudo leadconvert setup --org no-such-org"))
            let wrong = try await fixture.run("status", "--org", "../x")
            #expect(wrong.code == 64)
        }
    }
}

/// `leadconvert setup` on a terminal.
@Suite(.enabled(if: Program.tmux.isInstalled, "tmux is missing"), .timeLimit(.minutes(20)))
struct SetupTerminalTests {
    @Test func `it asks for everything and shows no secret`() async throws {
        try await withTerminal {
            $0.clientSecret = "demo-secret"
        } _: { terminal, fixture in
            let lead = await fixture.simulator.addLeads(1)[0]
            try await terminal.tmux("resize-window", "-x", "160", "-y", "60")
            try await terminal.type(terminal.setup)
            try await terminal.answer("My Domain host", "ftp://example.com")
            try await terminal.answer("It must be a host", fixture.simulator.url)
            try await terminal.answer("Number [client-credentials]", "")
            try await terminal.answer("Client id", "demo")
            try await terminal.answer("Client secret of the app (not shown)", "demo-secret")
            try await terminal.answer("Number [Closed - Converted]", "2")
            try await terminal.answer("or Enter for none", lead)
            let lines = try await terminal.wait { lines in
                lines.contains { $0.hasPrefix("  leadconvertd --env-file") }
            }
            #expect(lines.contains { $0.hasPrefix("\(lead) converted: account 001") })
            #expect(!lines.contains { $0.contains("demo-secret") })
            #expect(try fixture.text("salesforce_client_secret") == "demo-secret\n")
            #expect(try fixture.text("leadconvertd.env").hasSuffix("STATUS=Qualified\n"))
        }
    }

    @Test func `the end of the input says what was done by then, and is Enter at a first lead`()
        async throws
    {
        try await withTerminal { terminal, fixture in
            try await terminal.tmux("resize-window", "-x", "160", "-y", "60")
            let flags = "--host \(fixture.simulator.url) --client-id demo --flow client-credentials"
            try await terminal.type(
                "\(terminal.setup) \(flags); echo ended $?; stty -a | grep -c ' echo '")
            try await terminal.end("Client secret of the app (not shown)")
            let nothing = try await terminal.wait { $0.contains("ended 64") && $0.contains("1") }
            #expect(nothing.contains { $0.contains("was answered; nothing was written.") })

            try await terminal.type("clear; \(terminal.setup) \(flags); echo ended $?")
            try await terminal.answer(
                "Client secret of the app (not shown)", "dem\u{15}demp\u{7F}o")
            try await terminal.end("Number [Closed - Converted]")
            let written = try await terminal.wait { $0.contains("ended 64") }
            #expect(written.contains { $0.contains("answered; the settings are written.") })
            #expect(try fixture.text("salesforce_client_secret") == "demo\n")

            try await terminal.type("clear; \(terminal.setup) \(flags); echo ended $?")
            try await terminal.answer("Enter keeps the one that is there", "")
            try await terminal.answer("Number [Closed - Converted]", "")
            try await terminal.end("or Enter for none")
            let last = try await terminal.wait { $0.contains("ended 0") }
            #expect(last.contains { $0.hasPrefix("  leadconvertd --env-file") })
            #expect(await fixture.simulator.audit().conversions.isEmpty)
        }
    }

    @Test func `Ctrl-C leaves nothing behind, and the terminal as it was`() async throws {
        try await withTerminal { terminal, fixture in
            try await terminal.type("\(terminal.setup); echo ended $?; stty -a | grep -c ' echo '")
            try await terminal.answer("My Domain host", fixture.simulator.url)
            try await terminal.answer("Number [client-credentials]", "")
            try await terminal.answer("Client id", "demo")
            _ = try await terminal.wait { lines in
                lines.last { !$0.isEmpty }?.contains("not shown") == true
            }
            try await terminal.tmux("send-keys", "-l", "half")
            try await terminal.tmux("send-keys", "C-c")
            let lines = try await terminal.wait { $0.contains("ended 130") && $0.contains("1") }
            #expect(!lines.contains { $0.contains("half") })
            let names = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path)
            #expect(!names.contains { $0.contains("env") || $0.contains("secret") })
        }
    }
}

extension Terminal {
    fileprivate var setup: String { "\(Program.helper.path) setup --dir . --db queue.db" }

    /// Waits for a question and ends the input there.
    fileprivate func end(_ question: String) async throws {
        try await wait(for: question)
        try await tmux("send-keys", "C-d")
    }

    private func wait(for question: String) async throws {
        _ = try await wait { lines in
            let lines = lines.filter { !$0.isEmpty }
            return lines.suffix(2).contains { $0.contains(question) }
                && lines.last?.hasSuffix(":") == true
        }
    }

    /// Waits for a question and answers it.
    fileprivate func answer(_ question: String, _ answer: String) async throws {
        try await wait(for: question)
        if !answer.isEmpty { try await tmux("send-keys", "-l", answer) }
        try await tmux("send-keys", "Enter")
    }
}

extension Fixture {
    /// Runs setup in the fixture's folder with the org's login as flags.
    fileprivate func setup(_ arguments: String..., secret: String? = nil) async throws -> ProgramEnd
    {
        try await setup(arguments, secret: secret)
    }

    fileprivate func setup(_ arguments: [String], secret: String? = nil) async throws -> ProgramEnd
    {
        let file = secret ?? "demo-secret-of-the-app"
        if secret == nil { try write("demo\n", to: file) }
        return try await Program.helper.run(
            [
                "setup", "--dir", ".", "--host", simulator.url, "--client-id", "demo",
                "--client-secret-file", file,
            ] + arguments,
            environment: ["LEADCONVERT_DB": queue.path], in: folder)
    }

    fileprivate func write(_ text: String, to name: String) throws {
        try text.write(
            to: folder.appendingPathComponent(name), atomically: false, encoding: .utf8)
    }

    fileprivate func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    fileprivate func mode(_ name: String) throws -> Int {
        let path = folder.appendingPathComponent(name).path
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        return (mode as? NSNumber)?.intValue ?? 0
    }
}
