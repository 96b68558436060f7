import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// The operator's hands while the daemon runs.
@Suite(.serialized) struct SteeringTests {
    @Test func holdsABatchAtItsFailedLeadUntilThatIsRetried() async throws {
        try await withStage { stage in
            let leads = await stage.simulator.addLeads(4)
            #expect(
                try await stage.run("policy", "set", "strict", "--on-failure", "pause").code == 0)
            let sheet =
                "leadId,convertedStatus\n\(leads[0]),Wrong\n"
                + leads.dropFirst().map { "\($0),Qualified\n" }.joined()
            let end = try await stage.run(
                "enqueue", "-", "--batch", "friday", "--policy", "strict", input: sheet)
            #expect(end.code == 0)
            let daemon = try stage.startDaemon(changing: [
                "LEADCONVERT_CALL_SIZE": "1", "LEADCONVERT_CONCURRENCY": "1",
            ])
            try await reach(["failed": 1, "held": 3], on: stage)

            try stage.queue.run(sql: "UPDATE jobs SET converted_status = 'Qualified' WHERE id = 1")
            #expect(
                try await stage.run("retry", leads[0]).output == """
                    1 job will run again.
                    The batch that was held by a failure goes on: 3 other jobs let go.

                    """)
            try await reach(["converted": 4], on: stage)
            try await stop(daemon)
            #expect(try await stage.objections(to: Array(leads.dropFirst())) == [])
        }
    }

    @Test func pausesResumesAndCancelsABatch() async throws {
        try await withStage { stage in
            let leads = await stage.simulator.addLeads(3)
            let daemon = try stage.startDaemon()
            try await daemon.waitFor("queue opened")
            let sheet = "leadId\n" + leads.map { "\($0)\n" }.joined()
            let end = try await stage.run(
                "enqueue", "-", "--batch", "friday", "--converted-status", "Qualified",
                "--run-at", "+12h", input: sheet)
            #expect(end.code == 0)
            #expect(
                try await stage.run("pause", "--batch", "friday").output
                    == "friday is paused; 3 jobs held.\n")
            #expect(try await stage.run("cancel", leads[0]).output == "1 job cancelled.\n")
            try stage.queue.run(sql: "UPDATE jobs SET run_at = created_at")
            #expect(
                try await stage.run("resume", "--batch", "friday").output
                    == "friday goes on; 2 jobs let go.\n")
            try await reach(["cancelled": 1, "converted": 2], on: stage)
            try await stop(daemon)
            #expect(try await stage.objections(to: Array(leads.dropFirst())) == [])
        }
    }

    @Test func goesByAChangedPolicyAtTheNextAttempt() async throws {
        try await withStage { stage in
            let lead = await stage.simulator.addLead(.lockedFor(times: 1000))
            let patient = [
                "policy", "set", "default", "--max-attempts", "100", "--base-delay", "100ms",
                "--factor", "1", "--jitter", "0",
            ]
            #expect(try await run(patient, on: stage) == "Policy default is changed.\n")
            try stage.enqueue([lead])
            let daemon = try stage.startDaemon()
            try await stage.await("it is tried again") { try $0.log(of: lead).count > 2 }
            #expect(
                try await run(["policy", "set", "default", "--max-attempts", "1"], on: stage)
                    == "Policy default is changed.\n")
            try await reach(["failed": 1], on: stage)
            try await stop(daemon)
            let log = try stage.queue.log(of: lead)
            #expect(log.last?.text("outcome") == "failed")
            #expect(log.dropLast().allSatisfy { $0.number("backoff_ms") == 100 })
        }
    }

    @Test func prunesWhatIsSettledWhileOthersAreConverted() async throws {
        try await withStage { stage in
            try await stage.enqueueLeads(20)
            let daemon = try stage.startDaemon()
            try await reach(["converted": 20], on: stage)
            let later = await stage.simulator.addLeads(2)
            let end = try await stage.run(
                "enqueue", "--lead-id", later[0], "--converted-status", "Qualified", "--run-at",
                "+12h")
            #expect(end.code == 0)
            #expect(
                try await stage.run("prune", "--older-than", "0s").output
                    == "20 jobs, 20 log rows and 0 calls deleted.\n")
            #expect(try stage.counts() == ["queued": 1])
            try stage.enqueue([later[1]])
            try await reach(["queued": 1, "converted": 1], on: stage)
            try await stop(daemon)
        }
    }

    private func run(_ arguments: [String], on stage: Stage) async throws -> String {
        try await Program.helper.run(
            arguments, environment: ["LEADCONVERT_DB": stage.queue.path], in: stage.folder
        ).errors
    }

    private func reach(_ counts: [String: Int], on stage: Stage) async throws {
        try await stage.await("\(counts)") { _ in try stage.counts() == counts }
    }

    private func stop(_ daemon: RunningProgram) async throws {
        daemon.terminate()
        #expect(try await daemon.waitForExit().code == 0)
    }
}
