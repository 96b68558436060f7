import Glibc
import SalesforceSimulator
import TestSupport
import Testing

@Suite(.serialized) struct CrashTests {
    @Test func convertsALeadOnceThoughItsCallOutlivesTheDaemon() async throws {
        try await withStage {
            $0.stallSeconds = 0.6
        } _: { stage in
            let leads = try await stage.enqueueLeads(10)
            stage.simulator.script(.stall)
            let daemon = try stage.startDaemon()
            try await stage.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            daemon.kill()
            #expect(try await daemon.waitForExit().signal == SIGKILL)

            // It asks before the org has committed, and must not believe what it hears then.
            #expect(try await stage.drain(changing: lifetime(2)).code == 0)
            #expect(try await stage.objections(to: leads) == [])
            #expect(await stage.simulator.audit().count(.convert) == 1)
        }
    }

    @Test func findsOutWhatWasCommittedBeforeTheAnswerCame() async throws {
        try await withStage {
            $0.latency = 200...200
        } _: { stage in
            let leads = try await stage.enqueueLeads(10)
            let daemon = try stage.startDaemon()
            try await stage.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            // Frozen, it cannot see the answer that comes now.
            daemon.send(SIGSTOP)
            try await stage.simulator.await("the org commits") { $0.conversions.count == 10 }
            daemon.kill()
            try await daemon.waitForExit()

            let again = try await stage.drain()
            #expect(again.code == 0)
            #expect(again.errors.contains("took over what was in flight jobs=10"))
            #expect(try await stage.objections(to: leads) == [])
            #expect(await stage.simulator.audit().count(.convert) == 1)
            let log = try stage.queue.log(of: leads[0])
            #expect(log.map { $0.text("kind") } == ["convert", "verify"])
            #expect(log.map { $0.text("outcome") } == ["unknown", "converted"])
            #expect(log.map { $0.text("code") } == ["DAEMON_ENDED", nil])
        }
    }

    @Test func sendsAgainWhatNeverArrivedAndUsesNoAttempt() async throws {
        try await withStage {
            $0.latency = 300...300
        } _: { stage in
            let leads = try await stage.enqueueLeads(10)
            stage.simulator.script(.dropBeforeCommit)
            let daemon = try stage.startDaemon()
            try await stage.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            daemon.kill()
            try await daemon.waitForExit()

            #expect(try await stage.drain().code == 0)
            #expect(try await stage.objections(to: leads) == [])
            #expect(try stage.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
            let log = try stage.queue.log(of: leads[0])
            #expect(log.first?.text("code") == "DAEMON_ENDED")
            #expect(log.dropFirst().dropLast().allSatisfy { $0.text("outcome") == "not_converted" })
            #expect(log.allSatisfy { $0.number("attempt") == 1 })
        }
    }

    @Test func survivesAKillWithManyCallsInFlightAgainAndAgain() async throws {
        try await withStage {
            $0.latency = 150...400
        } _: { stage in
            let leads = try await stage.enqueueLeads(160)
            for kill in 1...4 {
                let daemon = try stage.startDaemon()
                let before = await stage.simulator.audit()
                try await stage.simulator.await("calls are in flight again") { audit in
                    audit.count(.convert) >= before.count(.convert) + min(kill, 3)
                }
                daemon.kill()
                #expect(try await daemon.waitForExit().signal == SIGKILL)
            }
            #expect(try await stage.drain().code == 0)
            #expect(try await stage.objections(to: leads) == [])
            #expect(try stage.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    private func lifetime(_ seconds: Int) -> [String: String] {
        ["LEADCONVERT_CALL_LIFETIME": "\(seconds)"]
    }
}
