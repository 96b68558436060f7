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

    @Test func `converts each lead once whatever goes wrong`() async throws {
        try await withFaults(at: 0.05, seed: 7) { fixture in
            let leads = try await fixture.enqueueLeads(300)
            let end = try await fixture.drain(changing: ["LEADCONVERT_CALL_SIZE": "6"])
            #expect(end.code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            let met = Set(await fixture.simulator.audit().calls.compactMap(\.fault))
            #expect(met.count >= 6, "too few faults for the test to mean anything")
        }
    }

    /// `SOAK=1000 swift test --filter FaultTests` kills it a thousand times.
    @Test func `converts each lead once however often it is killed`() async throws {
        let rounds = ProcessInfo.processInfo.environment["SOAK"].flatMap(Int.init) ?? 3
        var chance = SeededGenerator(seed: 41)
        try await withFaults(at: 0.03, seed: 11) { fixture in
            var leads: [String] = []
            for round in 1...max(1, rounds) {
                leads += try await fixture.enqueueLeads(40)
                let daemon = try fixture.startDaemon(changing: ["LEADCONVERT_CALL_SIZE": "4"])
                let arrived = await fixture.simulator.audit().calls.count
                let more = Int.random(in: 1...12, using: &chance)
                try await fixture.simulator.await("round \(round) is under way") {
                    $0.calls.count >= arrived + more
                }
                daemon.kill()
                #expect(try await daemon.waitForExit().signal == SIGKILL)
            }
            #expect(try await fixture.drain(within: .seconds(400)).code == 0)
            let mismatches = try await fixture.mismatches(to: leads)
            #expect(mismatches == [])
            let audit = await fixture.simulator.audit()
            let faults = audit.calls.count { $0.fault != nil }
            print(
                "soak: \(rounds) kills, \(leads.count) leads, \(audit.calls.count) calls, "
                    + "\(faults) faults, \(audit.conversions.count) conversions, "
                    + "\(mismatches.count) mismatches")
        }
    }

    private func withFaults(
        at rate: Double, seed: UInt64, _ body: (Fixture) async throws -> Void
    ) async throws {
        try await withFixture {
            $0.seed = seed
            $0.latency = 5...40
            for fault in Self.faults { $0.faults[fault] = rate }
        } _: { fixture in
            try fixture.queue.run(
                sql: "UPDATE policies SET base_delay_ms = 50, max_delay_ms = 200, max_attempts = 50"
            )
            try await body(fixture)
        }
    }
}
