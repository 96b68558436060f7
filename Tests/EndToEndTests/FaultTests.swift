import Foundation
import Glibc
import SalesforceSimulator
import Storage
import TestSupport
import Testing

@Suite(.serialized) struct FaultTests {
    /// All that can go wrong and pass.
    static let faults: [Fault] = [
        .lock, .dropBeforeCommit, .dropAfterCommit, .badGatewayAfterCommit, .truncateAfterCommit,
        .shortResult, .wrongLead, .html, .governor, .unavailable, .expireSession,
    ]

    @Test func convertsEachLeadOnceWhateverGoesWrong() async throws {
        try await withFaults(at: 0.05, seed: 7) { stage in
            let leads = try await stage.enqueueLeads(300)
            let end = try await stage.drain(changing: ["LEADCONVERT_CALL_SIZE": "6"])
            #expect(end.code == 0)
            #expect(try await stage.objections(to: leads) == [])
            let met = Set(await stage.simulator.audit().calls.compactMap(\.fault))
            #expect(met.count >= 6, "too few faults for the test to mean anything")
        }
    }

    /// `SOAK=1000 swift test --filter FaultTests` kills it a thousand times.
    @Test func convertsEachLeadOnceHoweverOftenItIsKilled() async throws {
        let rounds = ProcessInfo.processInfo.environment["SOAK"].flatMap(Int.init) ?? 3
        var chance = SeededGenerator(seed: 41)
        try await withFaults(at: 0.03, seed: 11) { stage in
            var leads: [String] = []
            for round in 1...max(1, rounds) {
                leads += try await stage.enqueueLeads(40)
                let daemon = try stage.startDaemon(changing: ["LEADCONVERT_CALL_SIZE": "4"])
                let arrived = await stage.simulator.audit().calls.count
                let more = Int.random(in: 1...12, using: &chance)
                try await stage.simulator.await("round \(round) is under way") {
                    $0.calls.count >= arrived + more
                }
                daemon.kill()
                #expect(try await daemon.waitForExit().signal == SIGKILL)
            }
            #expect(try await stage.drain(within: .seconds(120)).code == 0)
            let objections = try await stage.objections(to: leads)
            #expect(objections == [])
            let audit = await stage.simulator.audit()
            let faults = audit.calls.count { $0.fault != nil }
            print(
                "soak: \(rounds) kills, \(leads.count) leads, \(audit.calls.count) calls, "
                    + "\(faults) faults, \(audit.conversions.count) conversions, "
                    + "\(objections.count) objections")
        }
    }

    private func withFaults(
        at rate: Double, seed: UInt64, _ body: (Stage) async throws -> Void
    ) async throws {
        try await withStage {
            $0.seed = seed
            $0.latency = 5...40
            for fault in Self.faults { $0.faults[fault] = rate }
        } _: { stage in
            try stage.queue.run(
                sql: "UPDATE policies SET base_delay_ms = 50, max_delay_ms = 200, max_attempts = 50"
            )
            try await body(stage)
        }
    }
}
