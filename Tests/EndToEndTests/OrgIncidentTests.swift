import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// What happens to the org as a whole, or to the way to it, while the built daemon works.
@Suite struct OrgIncidentTests {
    static let incidents = [
        Incident("UNKNOWN_EXCEPTION"), Incident("CODE_OF_TOMORROW"),
        Incident("INTERNAL_ERROR", .eachLead), Incident("CODE_OF_TOMORROW", .eachLead),
        Incident("Server.userException", .bareFault),
    ]

    @Test(arguments: incidents)
    func `an incident of the org uses no attempt and is over when it is over`(
        incident: Incident
    ) async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(30)
            fixture.simulator.begin(incident)
            let daemon = try fixture.startDaemon("--until-empty")
            try await fixture.simulator.await("it has been probed") { $0.count(.convert) >= 6 }
            #expect(try fixture.queue.jobs().allSatisfy { $0.number("attempts") == 0 })
            fixture.simulator.endIncident()
            #expect(try await daemon.waitForExit(within: .seconds(400)).code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
        }
    }

    @Test(arguments: [Fault.stray404, .stray403, .stray421, .strayRedirect, .html])
    func `a page of some edge ends no service that has worked`(page: Fault) async throws {
        try await withFixture { fixture in
            var leads = try await fixture.enqueueLeads(20)
            #expect(try await fixture.drain().code == 0)
            leads += try await fixture.enqueueLeads(20)
            fixture.simulator.script(page, forCall: 4)
            fixture.simulator.script(page, forCall: 5)
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
        }
    }

    @Test(arguments: [CallKind.token, .limits, .convert])
    func `an answer of an outage to any kind of call is waited out`(kind: CallKind) async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(20)
            fixture.simulator.script(.unavailable, nextCalls: 2, of: kind)
            let end = try await fixture.drain(changing: [
                "LEADCONVERT_RATE": "auto", "LEADCONVERT_BURST": "auto",
            ])
            #expect(end.code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(try fixture.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func `an API that is disabled for a while ends no service that has worked`() async throws
    {
        try await withFixture { fixture in
            var leads = try await fixture.enqueueLeads(10)
            let daemon = try fixture.startDaemon()
            try await fixture.await("it works") { _ in try fixture.counts() == ["converted": 10] }
            fixture.simulator.begin(Incident("API_CURRENTLY_DISABLED", calls: 3))
            leads += try await fixture.enqueueLeads(10)
            try await fixture.simulator.await("it goes on") { $0.conversions.count == 20 }
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
        }
    }

    @Test
    func `conversions that are refused while the limits look healthy are tried ever more rarely`()
        async throws
    {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(10)
            fixture.simulator.begin(Incident("REQUEST_LIMIT_EXCEEDED"))
            let daemon = try fixture.startDaemon("--give-up-after", "1s")
            let audit = try await fixture.simulator.await("it was refused often enough") {
                $0.count(.convert) >= 5
            }
            let times = audit.calls.filter { $0.kind == .convert }.map(\.at)
            let gaps = zip(times.dropFirst(), times).map { $0.timeIntervalSince($1) }
            // At most as early as the pauses allow: 0.2 s, 0.4 s, ...
            for (place, gap) in gaps.prefix(4).enumerated() {
                #expect(gap > 0.19 * Double(1 << place), "\(gaps)")
            }
            // A spent allowance is no lack of Salesforce, however long it lasts.
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
        }
    }

    @Test func `leads in doubt that get no answer end a run that was to empty the queue`()
        async throws
    {
        try await withFixture { fixture in
            let failing = await fixture.simulator.addLead(.retrievalFails)
            try fixture.enqueue([failing])
            fixture.simulator.script(.dropAfterCommit, nextCalls: 1)
            let daemon = try fixture.startDaemon("--until-empty", "--give-up-after", "2s")
            let end = try await daemon.waitForExit()
            #expect(end.code == 75)
            #expect(end.errors.contains("Salesforce gives no answer about 1 lead in doubt"))
            #expect(try fixture.counts() == ["verifying": 1])
            fixture.simulator.change(failing, .retrievalWorks)
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: [failing]) == [])
        }
    }

    @Test func `programs that open a new file at once all find a queue`() async throws {
        try await withTemporaryFolder { folder in
            for round in 0..<5 {
                let path = folder.appendingPathComponent("queue \(round).db").path
                try await withThrowingTaskGroup(of: ProgramEnd.self) { group in
                    for _ in 0..<6 {
                        group.addTask {
                            try await Program.helper.run(
                                ["status"], environment: ["LEADCONVERT_DB": path], in: folder)
                        }
                    }
                    for try await end in group { #expect(end.code == 0, "\(end.errors)") }
                }
            }
        }
    }
}
