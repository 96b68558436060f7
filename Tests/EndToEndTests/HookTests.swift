import Foundation
import GRDB
import Glibc
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// The command of a batch that has finished, run by the built daemon.
@Suite(.serialized) struct HookTests {
    @Test func runsWithTheResultsAndItsExitIsRecorded() async throws {
        try await withBatch("cp \"$LEADCONVERT_RESULTS\" copy.json; exit 7") { stage in
            #expect(try await stage.drain().code == 0)
            let results = try await stage.run("results", "friday")
            #expect(results.code == 0)
            #expect(try text("copy.json", of: stage) == results.output)
            let batch = try batch(of: stage)
            #expect(batch["on_finish_exit"] == 7)
            #expect(batch["on_finish_runs"] == 1)
            #expect(batch["on_finish_started_at"] as String? != nil)
            #expect(batch["on_finish_finished_at"] as String? != nil)
            #expect(batch["on_finish_message"] as String? == nil)
            // What it read is gone with it.
            let files = try FileManager.default.contentsOfDirectory(atPath: stage.folder.path)
            #expect(!files.contains { $0.contains("-batch-") })
        }
    }

    @Test func inheritsNoSecretAndNoDescriptor() async throws {
        try await withBatch("env > env.txt; ls -l /proc/$$/fd > fds.txt") { stage in
            #expect(try await stage.drain().code == 0)
            let variables = try text("env.txt", of: stage).split(separator: "\n")
            #expect(!variables.contains { $0.hasPrefix("SALESFORCE_") })
            let ours = variables.filter { $0.hasPrefix("LEADCONVERT_") }.sorted()
            #expect(
                ours == [
                    "LEADCONVERT_BATCH=friday", "LEADCONVERT_DB=\(stage.queue.path)",
                    "LEADCONVERT_RESULTS=\(stage.queue.path)-batch-1.json",
                ])
            let descriptors = try text("fds.txt", of: stage)
            #expect(descriptors.contains("0 -> /dev/null"))
            #expect(!descriptors.contains("queue.db"))
            #expect(!descriptors.contains("socket:"))
            #expect(!descriptors.contains("anon_inode:"))
        }
    }

    @Test func letsTheNextStepStartBeforeTheDaemonEnds() async throws {
        try await withStage { stage in
            let leads = await stage.simulator.addLeads(2)
            let command =
                "'\(Program.helper.file.path)' enqueue --batch next --lead-id \(leads[1]) "
                + "--converted-status Qualified"
            try await enqueue(leads[0], command, on: stage)
            #expect(try await stage.drain().code == 0)
            #expect(try await stage.objections(to: leads) == [])
        }
    }

    @Test func runsAgainWhenTheBatchFinishesAgain() async throws {
        try await withBatch("cat \"$LEADCONVERT_RESULTS\" >> seen.json") { stage in
            #expect(try await stage.drain().code == 0)
            #expect(try await stage.drain().code == 0)
            #expect(try batch(of: stage)["on_finish_runs"] == 1)
            let lead = await stage.simulator.addLead()
            let end = try await stage.run(
                "enqueue", "--batch", "friday", "--lead-id", lead, "--converted-status",
                "Qualified")
            #expect(end.code == 0)
            #expect(try await stage.drain().code == 0)
            #expect(try batch(of: stage)["on_finish_runs"] == 2)
            let lines = try text("seen.json", of: stage).split(separator: "\n")
            #expect(lines.count { $0.hasPrefix("{") } == 3)
        }
    }

    @Test func runsAfterTheLastLeadIsCancelled() async throws {
        try await withBatch("exit 3") { stage in
            #expect(try await stage.run("pause", "--batch", "friday").code == 0)
            let daemon = try stage.startDaemon()
            try await daemon.waitFor("queue opened")
            #expect(try await stage.run("cancel", "--batch", "friday").code == 0)
            try await ended(on: stage)
            #expect(try batch(of: stage)["on_finish_exit"] == 3)
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
        }
    }

    @Test(arguments: ["sleep 600 & wait", "trap '' TERM; while [ -e hook.sh ]; do sleep 1; done"])
    func isEndedWhenItTakesTooLong(script: String) async throws {
        try await withBatch(script) { stage in
            let end = try await stage.drain(changing: ["LEADCONVERT_HOOK_TIMEOUT": "0.2"])
            #expect(end.code == 0)
            let batch = try batch(of: stage)
            #expect(batch["on_finish_exit"] == 124)
            #expect(batch["on_finish_message"] == "It was ended: it took too long.")
        }
    }

    @Test func runsAgainAfterTheDaemonWasKilledMeanwhile() async throws {
        let script = """
            echo run >> runs.txt
            [ "$(wc -l < runs.txt)" -gt 1 ] && exit 0
            echo it has begun
            exec > /dev/null 2>&1
            while [ -e runs.txt ]; do sleep 0.1; done
            """
        try await withBatch(script) { stage in
            let daemon = try stage.startDaemon()
            try await daemon.waitFor("it has begun")
            daemon.kill()
            #expect(try await daemon.waitForExit().signal == SIGKILL)
            #expect(try batch(of: stage)["on_finish_exit"] as Int? == nil)
            let again = try await stage.drain()
            #expect(again.code == 0)
            #expect(try batch(of: stage)["on_finish_runs"] == 2)
            #expect(try batch(of: stage)["on_finish_exit"] == 0)
            #expect(try text("runs.txt", of: stage) == "run\nrun\n")
        }
    }

    @Test func isWaitedForAtAStop() async throws {
        let script = """
            echo it has begun
            while [ ! -e go ]; do sleep 0.05; done
            exit 5
            """
        try await withBatch(script) { stage in
            let daemon = try stage.startDaemon()
            try await daemon.waitFor("it has begun")
            daemon.terminate()
            try await daemon.waitFor("stopping")
            try Data().write(to: file("go", of: stage))
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try batch(of: stage)["on_finish_exit"] == 5)
        }
    }

    @Test func isLeftToTheNextStartAtASecondSignal() async throws {
        let script = """
            echo run >> runs.txt
            echo it has begun
            [ "$(wc -l < runs.txt)" -gt 1 ] || exec sleep 600
            """
        try await withBatch(script) { stage in
            let daemon = try stage.startDaemon()
            try await daemon.waitFor("it has begun")
            daemon.terminate()
            try await daemon.waitFor("stopping")
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            let batch = try batch(of: stage)
            #expect(batch["on_finish_started_at"] as String? != nil)
            #expect(batch["on_finish_finished_at"] as String? == nil)
            #expect(try await stage.drain().code == 0)
            #expect(try self.batch(of: stage)["on_finish_exit"] == 0)
        }
    }

    @Test func isRefusedWhereTheDaemonRunsNoCommands() async throws {
        try await withBatch("touch ran") { stage in
            #expect(try await stage.drain(changing: ["LEADCONVERT_HOOKS": "off"]).code == 0)
            let batch = try batch(of: stage)
            #expect(batch["on_finish_exit"] == 126)
            #expect(batch["on_finish_runs"] == 0)
            #expect(
                batch["on_finish_message"]
                    == "The daemon runs no commands: LEADCONVERT_HOOKS is off.")
            #expect(!FileManager.default.fileExists(atPath: file("ran", of: stage).path))
        }
    }

    @Test(
        arguments: [
            ("/no/such/program", 127, "It can't be started: No such file or directory."),
            ("/etc", 126, "It can't be started: Permission denied."),
        ])
    func saysWhyAProgramCannotBeStarted(command: String, exit: Int, message: String) async throws {
        try await withStage { stage in
            try await enqueue(await stage.simulator.addLead(), command, on: stage)
            #expect(try await stage.drain().code == 0)
            let batch = try batch(of: stage)
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
        try await withBatch("touch ran") { stage in
            let command = "sh '\(file("hook.sh", of: stage).path)'"
            let leads = await stage.simulator.addLeads(2)
            try await enqueue(leads[0], command, on: stage, batch: "bad")
            try await enqueue(leads[1], command, on: stage, batch: "last")
            try stage.queue.run(sql: "UPDATE batches SET \(change) WHERE name = 'bad'")
            let end = try await stage.drain()
            #expect(end.code == 0)
            #expect(end.errors.components(separatedBy: "a batch's command is not run").count == 2)
            let batches = try stage.rows("SELECT * FROM batches ORDER BY id")
            #expect(batches.map { $0["on_finish_exit"] } == [0, 126, 0])
            let said: String? = batches[1]["on_finish_message"]
            #expect(said?.contains(message) == true, "\(said ?? "")")
        }
    }

    @Test func `a row that refuses to be written keeps no other command waiting`() async throws {
        try await withBatch("touch ran") { stage in
            let lead = await stage.simulator.addLead()
            try await enqueue(lead, "true", on: stage, batch: "bad")
            try stage.queue.run(
                sql: """
                    UPDATE batches SET id = 0 WHERE name = 'bad';
                    UPDATE jobs SET batch_id = 0 WHERE batch_id = 2;
                    CREATE TRIGGER theirs BEFORE UPDATE OF on_finish_started_at ON batches
                    WHEN NEW.name = 'bad' AND NEW.on_finish_started_at IS NOT NULL
                    BEGIN SELECT RAISE(ABORT, 'not mine'); END;
                    CREATE TRIGGER theirs_too BEFORE UPDATE OF on_finish_exit ON batches
                    WHEN NEW.name = 'bad' AND NEW.on_finish_exit IS NOT NULL
                    BEGIN SELECT RAISE(ABORT, 'not mine'); END;
                    """)
            let daemon = try stage.startDaemon()
            try await ended(on: stage)
            try await daemon.waitFor("can't be recorded")
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try batch(of: stage)["on_finish_exit"] == 0)
            #expect(daemon.errors.components(separatedBy: "can't be recorded").count == 2)
        }
    }

    @Test func doesNotRunForABatchWithoutALead() async throws {
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
    func refusesACommandThatIsNone(options: [String], sentence: String) async throws {
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
        _ script: String, _ body: (Stage) async throws -> Void
    ) async throws {
        try await withStage { stage in
            try Data(script.utf8).write(to: file("hook.sh", of: stage))
            let lead = await stage.simulator.addLead()
            try await enqueue(lead, "sh '\(file("hook.sh", of: stage).path)'", on: stage)
            try await body(stage)
        }
    }

    private func enqueue(
        _ lead: String, _ command: String, on stage: Stage, batch: String = "friday"
    ) async throws {
        let end = try await stage.run(
            "enqueue", "--batch", batch, "--on-finish", command, "--lead-id", lead,
            "--converted-status", "Qualified")
        #expect(end.code == 0, "\(end.errors)")
    }

    private func ended(on stage: Stage) async throws {
        try await stage.await("the command has ended") { _ in
            try batch(of: stage)["on_finish_finished_at"] as String? != nil
        }
    }

    private func batch(of stage: Stage) throws -> Row {
        try #require(try stage.rows("SELECT * FROM batches WHERE name = 'friday'").first)
    }

    private func text(_ name: String, of stage: Stage) throws -> String {
        try String(contentsOf: file(name, of: stage), encoding: .utf8)
    }

    private func file(_ name: String, of stage: Stage) -> URL {
        stage.folder.appendingPathComponent(name)
    }
}
