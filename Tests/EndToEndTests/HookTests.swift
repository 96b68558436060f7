import Foundation
import GRDB
import Glibc
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// The command of a batch that has finished, run by the built daemon.
@Suite(.serialized) struct HookTests {
    @Test func `runs with the results and its exit is recorded`() async throws {
        try await withBatch("cp \"$LEADCONVERT_RESULTS\" copy.json; exit 7") { fixture in
            #expect(try await fixture.drain().code == 0)
            let results = try await fixture.run("results", "friday")
            #expect(results.code == 0)
            #expect(try text("copy.json", of: fixture) == results.output)
            let batch = try batch(of: fixture)
            #expect(batch["on_finish_exit"] == 7)
            #expect(batch["on_finish_runs"] == 1)
            #expect(batch["on_finish_started_at"] as String? != nil)
            #expect(batch["on_finish_finished_at"] as String? != nil)
            #expect(batch["on_finish_message"] as String? == nil)
            // What it read is gone with it.
            let files = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path)
            #expect(!files.contains { $0.contains("-batch-") })
        }
    }

    @Test func `inherits no secret and no descriptor`() async throws {
        try await withBatch("env > env.txt; ls -l /proc/$$/fd > fds.txt") { fixture in
            #expect(try await fixture.drain().code == 0)
            let variables = try text("env.txt", of: fixture).split(separator: "\n")
            #expect(!variables.contains { $0.hasPrefix("SALESFORCE_") })
            let ours = variables.filter { $0.hasPrefix("LEADCONVERT_") }.sorted()
            #expect(
                ours == [
                    "LEADCONVERT_BATCH=friday", "LEADCONVERT_DB=\(fixture.queue.path)",
                    "LEADCONVERT_RESULTS=\(fixture.queue.path)-batch-1.json",
                ])
            let descriptors = try text("fds.txt", of: fixture)
            #expect(descriptors.contains("0 -> /dev/null"))
            #expect(!descriptors.contains("queue.db"))
            #expect(!descriptors.contains("socket:"))
            #expect(!descriptors.contains("anon_inode:"))
        }
    }

    @Test func `lets the next step start before the daemon ends`() async throws {
        try await withFixture { fixture in
            let leads = await fixture.simulator.addLeads(2)
            let command =
                "'\(Program.helper.file.path)' enqueue --batch next --lead-id \(leads[1]) "
                + "--converted-status Qualified"
            try await enqueue(leads[0], command, on: fixture)
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
        }
    }

    @Test func `runs again when the batch finishes again`() async throws {
        try await withBatch("cat \"$LEADCONVERT_RESULTS\" >> seen.json") { fixture in
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.drain().code == 0)
            #expect(try batch(of: fixture)["on_finish_runs"] == 1)
            let lead = await fixture.simulator.addLead()
            let end = try await fixture.run(
                "enqueue", "--batch", "friday", "--lead-id", lead, "--converted-status",
                "Qualified")
            #expect(end.code == 0)
            #expect(try await fixture.drain().code == 0)
            #expect(try batch(of: fixture)["on_finish_runs"] == 2)
            let lines = try text("seen.json", of: fixture).split(separator: "\n")
            #expect(lines.count { $0.hasPrefix("{") } == 3)
        }
    }

    @Test func `runs after the last lead is cancelled`() async throws {
        try await withBatch("exit 3") { fixture in
            #expect(try await fixture.run("pause", "--batch", "friday").code == 0)
            let daemon = try fixture.startDaemon()
            try await daemon.waitFor("queue opened")
            #expect(try await fixture.run("cancel", "--batch", "friday").code == 0)
            try await ended(on: fixture)
            #expect(try batch(of: fixture)["on_finish_exit"] == 3)
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
        }
    }

    @Test(arguments: ["sleep 600 & wait", "trap '' TERM; while [ -e hook.sh ]; do sleep 1; done"])
    func `is ended when it takes too long`(script: String) async throws {
        try await withBatch(script) { fixture in
            let end = try await fixture.drain(changing: ["LEADCONVERT_HOOK_TIMEOUT": "0.2"])
            #expect(end.code == 0)
            let batch = try batch(of: fixture)
            #expect(batch["on_finish_exit"] == 124)
            #expect(batch["on_finish_message"] == "It was ended: it took too long.")
        }
    }

    @Test func `runs again after the daemon was killed meanwhile`() async throws {
        let script = """
            echo run >> runs.txt
            [ "$(wc -l < runs.txt)" -gt 1 ] && exit 0
            echo it has begun
            exec > /dev/null 2>&1
            while [ -e runs.txt ]; do sleep 0.1; done
            """
        try await withBatch(script) { fixture in
            let daemon = try fixture.startDaemon()
            try await daemon.waitFor("it has begun")
            daemon.kill()
            #expect(try await daemon.waitForExit().signal == SIGKILL)
            #expect(try batch(of: fixture)["on_finish_exit"] as Int? == nil)
            let again = try await fixture.drain()
            #expect(again.code == 0)
            #expect(try batch(of: fixture)["on_finish_runs"] == 2)
            #expect(try batch(of: fixture)["on_finish_exit"] == 0)
            #expect(try text("runs.txt", of: fixture) == "run\nrun\n")
        }
    }

    @Test func `is waited for at a stop`() async throws {
        let script = """
            echo it has begun
            while [ ! -e go ]; do sleep 0.05; done
            exit 5
            """
        try await withBatch(script) { fixture in
            let daemon = try fixture.startDaemon()
            try await daemon.waitFor("it has begun")
            daemon.terminate()
            try await daemon.waitFor("stopping")
            try Data().write(to: file("go", of: fixture))
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try batch(of: fixture)["on_finish_exit"] == 5)
        }
    }

    @Test func `is left to the next start at a second signal`() async throws {
        let script = """
            echo run >> runs.txt
            echo it has begun
            [ "$(wc -l < runs.txt)" -gt 1 ] || exec sleep 600
            """
        try await withBatch(script) { fixture in
            let daemon = try fixture.startDaemon()
            try await daemon.waitFor("it has begun")
            daemon.terminate()
            try await daemon.waitFor("stopping")
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            let batch = try batch(of: fixture)
            #expect(batch["on_finish_started_at"] as String? != nil)
            #expect(batch["on_finish_finished_at"] as String? == nil)
            #expect(try await fixture.drain().code == 0)
            #expect(try self.batch(of: fixture)["on_finish_exit"] == 0)
        }
    }

    @Test func `is refused where the daemon runs no commands`() async throws {
        try await withBatch("touch ran") { fixture in
            #expect(try await fixture.drain(changing: ["LEADCONVERT_HOOKS": "off"]).code == 0)
            let batch = try batch(of: fixture)
            #expect(batch["on_finish_exit"] == 126)
            #expect(batch["on_finish_runs"] == 0)
            #expect(
                batch["on_finish_message"]
                    == "The daemon runs no commands: LEADCONVERT_HOOKS is off.")
            #expect(!FileManager.default.fileExists(atPath: file("ran", of: fixture).path))
        }
    }

    @Test(
        arguments: [
            ("/no/such/program", 127, "It can't be started: No such file or directory."),
            ("/etc", 126, "It can't be started: Permission denied."),
        ])
    func `says why a program cannot be started`(command: String, exit: Int, message: String)
        async throws
    {
        try await withFixture { fixture in
            try await enqueue(await fixture.simulator.addLead(), command, on: fixture)
            #expect(try await fixture.drain().code == 0)
            let batch = try batch(of: fixture)
            #expect(batch["on_finish_exit"] == exit)
            #expect(batch["on_finish_message"] == message)
        }
    }

    @Test(
        arguments: [
            ("on_finish = 'touch ' || char(0)", "not UTF-8, or holds a zero byte."),
            ("on_finish = CAST(x'746f756368ff' AS TEXT)", "not UTF-8, or holds a zero byte."),
            ("name = CAST(x'6672ff' AS TEXT)", "not UTF-8, or holds a zero byte."),
            ("on_finish_runs = 9223372036854775807", "The batch's row can't be written: "),
        ])
    func `a command that cannot be read or counted is refused once, and others run`(
        change: String, message: String
    ) async throws {
        try await withBatch("touch ran") { fixture in
            let command = "sh '\(file("hook.sh", of: fixture).path)'"
            let leads = await fixture.simulator.addLeads(2)
            try await enqueue(leads[0], command, on: fixture, batch: "bad")
            try await enqueue(leads[1], command, on: fixture, batch: "last")
            // As a file holds it that was made before the schema had rules against it.
            try fixture.queue.run(
                sql: """
                    PRAGMA ignore_check_constraints = ON;
                    UPDATE batches SET \(change) WHERE name = 'bad';
                    PRAGMA ignore_check_constraints = OFF;
                    """)
            let end = try await fixture.drain()
            #expect(end.code == 0)
            #expect(end.errors.components(separatedBy: "a batch's command is not run").count == 2)
            let batches = try fixture.rows("SELECT * FROM batches ORDER BY id")
            #expect(batches.map { $0["on_finish_exit"] } == [0, 126, 0])
            let said: String? = batches[1]["on_finish_message"]
            #expect(said?.contains(message) == true, "\(said ?? "")")
        }
    }

    @Test func `a row that refuses to be written keeps no other command waiting`() async throws {
        try await withBatch("touch ran") { fixture in
            let lead = await fixture.simulator.addLead()
            try await enqueue(lead, "true", on: fixture, batch: "bad")
            try fixture.queue.run(
                sql: """
                    DROP TRIGGER batches_with_jobs_keep_their_id;
                    UPDATE batches SET id = 0 WHERE name = 'bad';
                    UPDATE jobs SET batch_id = 0 WHERE batch_id = 2;
                    CREATE TRIGGER theirs BEFORE UPDATE OF on_finish_started_at ON batches
                    WHEN NEW.name = 'bad' AND NEW.on_finish_started_at IS NOT NULL
                    BEGIN SELECT RAISE(ABORT, 'not mine'); END;
                    CREATE TRIGGER theirs_too BEFORE UPDATE OF on_finish_exit ON batches
                    WHEN NEW.name = 'bad' AND NEW.on_finish_exit IS NOT NULL
                    BEGIN SELECT RAISE(ABORT, 'not mine'); END;
                    """)
            let daemon = try fixture.startDaemon()
            try await ended(on: fixture)
            try await daemon.waitFor("can't be recorded")
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try batch(of: fixture)["on_finish_exit"] == 0)
            #expect(daemon.errors.components(separatedBy: "can't be recorded").count == 2)
        }
    }

    @Test func `does not run for a batch without a lead`() async throws {
        try await withCommandLine { leadconvert in
            let end = try leadconvert(
                "enqueue", "-", "--batch", "friday", "--on-finish", "next",
                input: "leadId,convertedStatus\n")
            #expect(end.status == 0)
            #expect(
                end.errors.hasSuffix("The batch friday has no lead, so its command does not run.\n")
            )
        }
    }

    @Test(
        arguments: [
            (["--batch", "b", "--on-finish", "next 'x"], "It has a ' that is never closed: "),
            (["--batch", "b", "--on-finish", "a | b"], "It has a |, but no shell runs it: "),
            (["--batch", "b", "--on-finish", ""], "It names no program: "),
            (["--on-finish", "next"], "--on-finish goes with --batch."),
        ])
    func `refuses a command that is none`(options: [String], sentence: String) async throws {
        try await withCommandLine { leadconvert in
            let lead = ["--lead-id", "00QWs0000000001", "--converted-status", "A"]
            let end = try leadconvert(["enqueue"] + lead + options)
            #expect(end.status == 64)
            #expect(end.errors.contains(sentence), "\(end.errors)")
            #expect(try leadconvert("jobs", "--json").output == "[]\n")
        }
    }

    /// A batch of one lead, which will be converted, and then this shell script is run.
    private func withBatch(
        _ script: String, _ body: (Fixture) async throws -> Void
    ) async throws {
        try await withFixture { fixture in
            try Data(script.utf8).write(to: file("hook.sh", of: fixture))
            let lead = await fixture.simulator.addLead()
            try await enqueue(lead, "sh '\(file("hook.sh", of: fixture).path)'", on: fixture)
            try await body(fixture)
        }
    }

    private func enqueue(
        _ lead: String, _ command: String, on fixture: Fixture, batch: String = "friday"
    ) async throws {
        let end = try await fixture.run(
            "enqueue", "--batch", batch, "--on-finish", command, "--lead-id", lead,
            "--converted-status", "Qualified")
        #expect(end.code == 0, "\(end.errors)")
    }

    private func ended(on fixture: Fixture) async throws {
        try await fixture.await("the command has ended") { _ in
            try batch(of: fixture)["on_finish_finished_at"] as String? != nil
        }
    }

    private func batch(of fixture: Fixture) throws -> Row {
        try #require(try fixture.rows("SELECT * FROM batches WHERE name = 'friday'").first)
    }

    private func text(_ name: String, of fixture: Fixture) throws -> String {
        try String(contentsOf: file(name, of: fixture), encoding: .utf8)
    }

    private func file(_ name: String, of fixture: Fixture) -> URL {
        fixture.folder.appendingPathComponent(name)
    }
}
