import Glibc
import SalesforceSimulator
import TestSupport
import Testing

@Suite(.serialized) struct CrashTests {
    @Test func `converts a lead once though its call outlives the daemon`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(10)
            fixture.simulator.hold()
            let daemon = try fixture.startDaemon()
            try await fixture.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            daemon.kill()
            #expect(try await daemon.waitForExit().signal == SIGKILL)

            // It asks before the org has committed, and must not believe what it hears then.
            let again = try fixture.startDaemon("--until-empty")
            try await fixture.await("it has asked") {
                try $0.log(of: leads[0]).contains {
                    $0.text("kind") == "verify" && $0.text("outcome") != nil
                }
            }
            fixture.simulator.release()
            #expect(try await again.waitForExit().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(await fixture.simulator.audit().count(.convert) == 1)
        }
    }

    @Test func `finds out what was committed before the answer came`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(10)
            fixture.simulator.hold()
            let daemon = try fixture.startDaemon()
            try await fixture.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            // Frozen, it cannot see the answer that comes now.
            try await daemon.freeze()
            fixture.simulator.release()
            try await fixture.simulator.await("the org commits") { $0.conversions.count == 10 }
            daemon.kill()
            try await daemon.waitForExit()

            let again = try await fixture.drain()
            #expect(again.code == 0)
            #expect(again.errors.contains("took over what was in flight jobs=10"))
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(await fixture.simulator.audit().count(.convert) == 1)
            let log = try fixture.queue.log(of: leads[0])
            #expect(log.map { $0.text("kind") } == ["convert", "verify"])
            #expect(log.map { $0.text("outcome") } == ["unknown", "converted"])
            #expect(log.map { $0.text("code") } == ["DAEMON_ENDED", nil])
        }
    }

    @Test func `sends again what never arrived and uses no attempt`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(10)
            fixture.simulator.script(.dropBeforeCommit)
            fixture.simulator.hold()
            let daemon = try fixture.startDaemon()
            try await fixture.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            daemon.kill()
            try await daemon.waitForExit()
            fixture.simulator.release()

            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(try fixture.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
            let log = try fixture.queue.log(of: leads[0])
            #expect(log.first?.text("code") == "DAEMON_ENDED")
            #expect(log.dropFirst().dropLast().allSatisfy { $0.text("outcome") == "not_converted" })
            #expect(log.allSatisfy { $0.number("attempt") == 1 })
        }
    }

    @Test func `survives a kill with many calls in flight again and again`() async throws {
        try await withFixture {
            $0.latency = 150...400
        } _: { fixture in
            let leads = try await fixture.enqueueLeads(160)
            for kill in 1...4 {
                let daemon = try fixture.startDaemon()
                let before = await fixture.simulator.audit()
                try await fixture.simulator.await("calls are in flight again") { audit in
                    audit.count(.convert) >= before.count(.convert) + min(kill, 3)
                }
                daemon.kill()
                #expect(try await daemon.waitForExit().signal == SIGKILL)
            }
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(try fixture.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    private func lifetime(_ seconds: Int) -> [String: String] {
        ["LEADCONVERT_CALL_LIFETIME": "\(seconds)"]
    }
}
