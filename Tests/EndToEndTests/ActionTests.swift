import Glibc
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// What the daemon does by SOAP, it does by an Apex action too.
@Suite(.serialized) struct ActionTests {
    private let action = ["SALESFORCE_TRANSPORT": "action:ConvertLeads"]

    private func withAction(
        _ configure: (inout SimulatorConfiguration) -> Void = { _ in },
        _ body: (Fixture) async throws -> Void
    ) async throws {
        try await withFixture {
            $0.apexAction = "ConvertLeads"
            configure(&$0)
        } _: { fixture in
            try fixture.queue.run(
                sql: "UPDATE policies SET base_delay_ms = 50, max_delay_ms = 200")
            try await body(fixture)
        }
    }

    private func drain(
        _ fixture: Fixture, changing changes: [String: String] = [:]
    ) async throws -> ProgramEnd {
        try await fixture.drain(changing: action.merging(changes) { $1 }, within: .seconds(400))
    }

    @Test func `converts a hundred leads in one call`() async throws {
        try await withAction { fixture in
            let leads = try await fixture.enqueueLeads(100)
            #expect(try await drain(fixture, changing: ["LEADCONVERT_CALL_SIZE": "100"]).code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(await fixture.simulator.audit().count(.convert) == 1)
            let call = try #require(
                try fixture.queue.calls().last { $0.text("kind") == "convert" })
            #expect(call.number("size") == 100)
            #expect(call.number("http_status") == 200)
            #expect(call.number("usage_limit") == 100_000)
        }
    }

    @Test func `brings each lead of a call to its own end`() async throws {
        try await withAction { fixture in
            let plain = await fixture.simulator.addLeads(3)
            let locked = await fixture.simulator.addLead(.lockedFor(times: 1))
            let done = await fixture.simulator.addLead(.alreadyConverted)
            let deleted = await fixture.simulator.addLead(.deleted)
            let refused = await fixture.simulator.addLead(.triggerFailure("T: not today"))
            try fixture.enqueue(plain + [locked, done, deleted, refused])
            #expect(try await drain(fixture).code == 0)
            #expect(try await fixture.mismatches(to: plain + [locked]) == [])
            let expected = [
                locked: ["retry", "converted"], done: ["unknown", "already_converted"],
                deleted: ["failed"], refused: ["failed"],
            ]
            for (lead, outcomes) in expected {
                #expect(try fixture.queue.log(of: lead).map { $0.text("outcome") } == outcomes)
            }
            let codes = try fixture.queue.jobs().compactMap { $0.text("error_code") }
            #expect(
                Set(codes) == ["ENTITY_IS_DELETED", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"])
        }
    }

    @Test func `halves a call until the lead that breaks it stands alone`() async throws {
        try await withAction { fixture in
            let good = await fixture.simulator.addLeads(9)
            let poison = await fixture.simulator.addLead(.poison)
            // Left alone, its later failures may as well be the org's, and are tried ever more rarely.
            try fixture.queue.run(sql: "UPDATE policies SET max_attempts = 1")
            try fixture.enqueue(good + [poison])
            #expect(try await drain(fixture).code == 0)
            #expect(try await fixture.mismatches(to: good) == [])
            let jobs = try fixture.queue.jobs()
            #expect(jobs.count { $0.text("state") == "failed" } == 1)
            for job in jobs where job.text("lead_id") != poison {
                #expect(job.number("attempts") == 1)
            }
            let broken = try #require(jobs.first { $0.text("lead_id") == poison })
            #expect(broken.text("error_code") == "UNKNOWN_EXCEPTION")
            #expect(broken.number("attempts") == 1)
        }
    }

    @Test func `overrides duplicate rules that only warn where the policy says so`() async throws {
        try await withAction { fixture in
            let contact = fixture.simulator.contactID()
            let warned = await fixture.simulator.addLead(.duplicateOf([contact]))
            let blocked = await fixture.simulator.addLead(
                .duplicateOf([contact], blocks: true))
            try fixture.queue.run(sql: "UPDATE policies SET allow_duplicates = 1")
            try fixture.enqueue([warned, blocked])
            #expect(try await drain(fixture).code == 0)
            #expect(try await fixture.mismatches(to: [warned]) == [])
            #expect(try fixture.counts() == ["converted": 1, "failed": 1])
        }
    }

    @Test func `converts each lead once whatever goes wrong`() async throws {
        try await withAction {
            $0.seed = 7
            $0.latency = 5...40
            for fault in FaultTests.faults { $0.faults[fault] = 0.05 }
        } _: { fixture in
            try fixture.queue.run(sql: "UPDATE policies SET max_attempts = 50")
            let leads = try await fixture.enqueueLeads(300)
            #expect(try await drain(fixture, changing: ["LEADCONVERT_CALL_SIZE": "6"]).code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            let met = Set(await fixture.simulator.audit().calls.compactMap(\.fault))
            #expect(met.count >= 6, "too few faults for the test to mean anything")
        }
    }

    @Test func `asks about a call that a kill left without an answer`() async throws {
        try await withAction { fixture in
            let leads = try await fixture.enqueueLeads(10)
            fixture.simulator.hold()
            let daemon = try fixture.startDaemon(changing: action)
            try await fixture.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            // Frozen, it cannot see the answer that comes now.
            try await daemon.freeze()
            fixture.simulator.release()
            try await fixture.simulator.await("the org commits") { $0.conversions.count == 10 }
            daemon.kill()
            try await daemon.waitForExit()
            #expect(try await drain(fixture).code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(await fixture.simulator.audit().count(.convert) == 1)
            let log = try fixture.queue.log(of: leads[0])
            #expect(log.map { $0.text("outcome") } == ["unknown", "converted"])
        }
    }

    @Test func `logs in again once when the session expires`() async throws {
        try await withAction { fixture in
            let leads = try await fixture.enqueueLeads(80)
            fixture.simulator.script(.expireSession, forCall: 3)
            #expect(try await drain(fixture).code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(await fixture.simulator.audit().count(.token) == 2)
            #expect(try fixture.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func `works with tokens that SOAP never accepts`() async throws {
        try await withAction {
            $0.issuesJWTShapedTokens = true
        } _: { fixture in
            let leads = try await fixture.enqueueLeads(2)
            #expect(try await drain(fixture).code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
        }
    }

    @Test func `says what to do when the action is not there`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(2)
            let end = try await drain(fixture)
            #expect(end.code == 78)
            #expect(end.errors.contains("There is no such Apex action, or the user may not run it"))
            #expect(try fixture.counts() == ["queued": 2])
        }
    }
}
