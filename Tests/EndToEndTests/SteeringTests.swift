import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// The operator's hands while the daemon runs.
@Suite(.serialized) struct SteeringTests {
    @Test func `holds a batch at its failed lead until that is retried`() async throws {
        try await withFixture { fixture in
            let leads = await fixture.simulator.addLeads(4)
            #expect(
                try await fixture.run("policy", "set", "strict", "--on-failure", "pause").code == 0)
            let sheet =
                "leadId,convertedStatus\n\(leads[0]),Wrong\n"
                + leads.dropFirst().map { "\($0),Qualified\n" }.joined()
            let end = try await fixture.run(
                "enqueue", "-", "--batch", "friday", "--policy", "strict", input: sheet)
            #expect(end.code == 0)
            let daemon = try fixture.startDaemon(changing: [
                "LEADCONVERT_CALL_SIZE": "1", "LEADCONVERT_CONCURRENCY": "1",
            ])
            try await reach(["failed": 1, "held": 3], on: fixture)

            try fixture.queue.run(
                sql: "UPDATE jobs SET converted_status = 'Qualified' WHERE id = 1")
            #expect(
                try await fixture.run("retry", leads[0]).output == """
                    1 job will run again.
                    The batch that was held by a failure is resumed: 3 other jobs released.

                    """)
            try await reach(["converted": 4], on: fixture)
            try await stop(daemon)
            #expect(try await fixture.mismatches(to: Array(leads.dropFirst())) == [])
        }
    }

    @Test func `pauses resumes and cancels a batch`() async throws {
        try await withFixture { fixture in
            let leads = await fixture.simulator.addLeads(3)
            let daemon = try fixture.startDaemon()
            try await daemon.waitFor("queue opened")
            let sheet = "leadId\n" + leads.map { "\($0)\n" }.joined()
            let end = try await fixture.run(
                "enqueue", "-", "--batch", "friday", "--converted-status", "Qualified",
                "--run-at", "+12h", input: sheet)
            #expect(end.code == 0)
            #expect(
                try await fixture.run("pause", "--batch", "friday").output
                    == "friday is paused; 3 jobs held.\n")
            #expect(try await fixture.run("cancel", leads[0]).output == "1 job cancelled.\n")
            try fixture.queue.run(sql: "UPDATE jobs SET run_at = created_at")
            #expect(
                try await fixture.run("resume", "--batch", "friday").output
                    == "friday is resumed; 2 jobs released.\n")
            try await reach(["cancelled": 1, "converted": 2], on: fixture)
            try await stop(daemon)
            #expect(try await fixture.mismatches(to: Array(leads.dropFirst())) == [])
        }
    }

    @Test func `goes by a changed policy at the next attempt`() async throws {
        try await withFixture { fixture in
            let lead = await fixture.simulator.addLead(.lockedFor(times: 1000))
            let patient = [
                "policy", "set", "default", "--max-attempts", "100", "--base-delay", "100ms",
                "--factor", "1", "--jitter", "0",
            ]
            #expect(try await run(patient, on: fixture) == "Policy default is changed.\n")
            try fixture.enqueue([lead])
            let daemon = try fixture.startDaemon()
            try await fixture.await("it is tried again") { try $0.log(of: lead).count > 2 }
            #expect(
                try await run(["policy", "set", "default", "--max-attempts", "1"], on: fixture)
                    == "Policy default is changed.\n")
            try await reach(["failed": 1], on: fixture)
            try await stop(daemon)
            let log = try fixture.queue.log(of: lead)
            #expect(log.last?.text("outcome") == "failed")
            #expect(log.dropLast().allSatisfy { $0.number("backoff_ms") == 100 })
        }
    }

    @Test func `prunes what is settled while others are converted`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(20)
            let daemon = try fixture.startDaemon()
            try await reach(["converted": 20], on: fixture)
            let later = await fixture.simulator.addLeads(2)
            let end = try await fixture.run(
                "enqueue", "--lead-id", later[0], "--converted-status", "Qualified", "--run-at",
                "+12h")
            #expect(end.code == 0)
            #expect(
                try await fixture.run("prune", "--older-than", "0s").output
                    == "20 jobs, 20 log rows and 0 calls deleted.\n")
            #expect(try fixture.counts() == ["queued": 1])
            try fixture.enqueue([later[1]])
            try await reach(["queued": 1, "converted": 1], on: fixture)
            try await stop(daemon)
        }
    }

    private func run(_ arguments: [String], on fixture: Fixture) async throws -> String {
        try await Program.helper.run(
            arguments, environment: ["LEADCONVERT_DB": fixture.queue.path], in: fixture.folder
        ).errors
    }

    private func reach(_ counts: [String: Int], on fixture: Fixture) async throws {
        try await fixture.await("\(counts)") { _ in try fixture.counts() == counts }
    }

    private func stop(_ daemon: RunningProgram) async throws {
        daemon.terminate()
        #expect(try await daemon.waitForExit().code == 0)
    }
}
