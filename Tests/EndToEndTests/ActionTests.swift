import Glibc
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// The second door: what the daemon does by SOAP, it does by an Apex action too.
@Suite(.serialized) struct ActionTests {
    private let action = ["SALESFORCE_TRANSPORT": "action:ConvertLeads"]

    private func withAction(
        _ configure: (inout SimulatorConfiguration) -> Void = { _ in },
        _ body: (Stage) async throws -> Void
    ) async throws {
        try await withStage {
            $0.apexAction = "ConvertLeads"
            configure(&$0)
        } _: { stage in
            try stage.queue.run(
                sql: "UPDATE policies SET base_delay_ms = 50, max_delay_ms = 200")
            try await body(stage)
        }
    }

    private func drain(
        _ stage: Stage, changing changes: [String: String] = [:]
    ) async throws -> ProgramEnd {
        try await stage.drain(changing: action.merging(changes) { $1 }, within: .seconds(120))
    }

    @Test func convertsAHundredLeadsInOneCall() async throws {
        try await withAction { stage in
            let leads = try await stage.enqueueLeads(100)
            #expect(try await drain(stage, changing: ["LEADCONVERT_CALL_SIZE": "100"]).code == 0)
            #expect(try await stage.objections(to: leads) == [])
            #expect(await stage.simulator.audit().count(.convert) == 1)
            let call = try #require(
                try stage.queue.calls().last { $0.text("kind") == "convert" })
            #expect(call.number("size") == 100)
            #expect(call.number("http_status") == 200)
            #expect(call.number("usage_limit") == 100_000)
        }
    }

    @Test func bringsEachLeadOfACallToItsOwnEnd() async throws {
        try await withAction { stage in
            let plain = await stage.simulator.addLeads(3)
            let locked = await stage.simulator.addLead(.lockedFor(times: 1))
            let done = await stage.simulator.addLead(.alreadyConverted)
            let deleted = await stage.simulator.addLead(.deleted)
            let refused = await stage.simulator.addLead(.triggerFailure("T: not today"))
            try stage.enqueue(plain + [locked, done, deleted, refused])
            #expect(try await drain(stage).code == 0)
            #expect(try await stage.objections(to: plain + [locked]) == [])
            let expected = [
                locked: ["retry", "converted"], done: ["unknown", "already_converted"],
                deleted: ["failed"], refused: ["failed"],
            ]
            for (lead, outcomes) in expected {
                #expect(try stage.queue.log(of: lead).map { $0.text("outcome") } == outcomes)
            }
            let codes = try stage.queue.jobs().compactMap { $0.text("error_code") }
            #expect(
                Set(codes) == ["ENTITY_IS_DELETED", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"])
        }
    }

    @Test func halvesACallUntilTheLeadThatBreaksItStandsAlone() async throws {
        try await withAction { stage in
            let good = await stage.simulator.addLeads(9)
            let poison = await stage.simulator.addLead(.poison)
            try stage.enqueue(good + [poison])
            #expect(try await drain(stage).code == 0)
            #expect(try await stage.objections(to: good) == [])
            let jobs = try stage.queue.jobs()
            #expect(jobs.count { $0.text("state") == "failed" } == 1)
            for job in jobs where job.text("lead_id") != poison {
                #expect(job.number("attempts") == 1)
            }
            let broken = try #require(jobs.first { $0.text("lead_id") == poison })
            #expect(broken.text("error_code") == "UNKNOWN_EXCEPTION")
            #expect(broken.number("attempts") == 5)
        }
    }

    @Test func overridesDuplicateRulesThatOnlyWarnWhereThePolicySaysSo() async throws {
        try await withAction { stage in
            let contact = stage.simulator.contactID()
            let warned = await stage.simulator.addLead(.duplicateOf(contactID: contact))
            let blocked = await stage.simulator.addLead(
                .duplicateOf(contactID: contact, blocks: true))
            try stage.queue.run(sql: "UPDATE policies SET allow_duplicates = 1")
            try stage.enqueue([warned, blocked])
            #expect(try await drain(stage).code == 0)
            #expect(try await stage.objections(to: [warned]) == [])
            #expect(try stage.counts() == ["converted": 1, "failed": 1])
        }
    }

    @Test func convertsEachLeadOnceWhateverGoesWrong() async throws {
        try await withAction {
            $0.seed = 7
            $0.latency = 5...40
            for fault in FaultTests.faults { $0.faults[fault] = 0.05 }
        } _: { stage in
            try stage.queue.run(sql: "UPDATE policies SET max_attempts = 50")
            let leads = try await stage.enqueueLeads(300)
            #expect(try await drain(stage, changing: ["LEADCONVERT_CALL_SIZE": "6"]).code == 0)
            #expect(try await stage.objections(to: leads) == [])
            let met = Set(await stage.simulator.audit().calls.compactMap(\.fault))
            #expect(met.count >= 6, "too few faults for the test to mean anything")
        }
    }

    @Test func asksAboutACallThatAKillLeftWithoutAnAnswer() async throws {
        try await withAction {
            $0.latency = 200...200
        } _: { stage in
            let leads = try await stage.enqueueLeads(10)
            let daemon = try stage.startDaemon(changing: action)
            try await stage.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            // Frozen, it cannot see the answer that comes now.
            daemon.send(SIGSTOP)
            try await stage.simulator.await("the org commits") { $0.conversions.count == 10 }
            daemon.kill()
            try await daemon.waitForExit()
            #expect(try await drain(stage).code == 0)
            #expect(try await stage.objections(to: leads) == [])
            #expect(await stage.simulator.audit().count(.convert) == 1)
            let log = try stage.queue.log(of: leads[0])
            #expect(log.map { $0.text("outcome") } == ["unknown", "converted"])
        }
    }

    @Test func logsInAgainOnceWhenTheSessionExpires() async throws {
        try await withAction { stage in
            let leads = try await stage.enqueueLeads(80)
            stage.simulator.script(.expireSession, forCall: 3)
            #expect(try await drain(stage).code == 0)
            #expect(try await stage.objections(to: leads) == [])
            #expect(await stage.simulator.audit().count(.token) == 2)
            #expect(try stage.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func worksWithTokensThatSOAPNeverAccepts() async throws {
        try await withAction {
            $0.issuesJWTShapedTokens = true
        } _: { stage in
            let leads = try await stage.enqueueLeads(2)
            #expect(try await drain(stage).code == 0)
            #expect(try await stage.objections(to: leads) == [])
        }
    }

    @Test func saysWhatToDoWhenTheActionIsNotThere() async throws {
        try await withStage { stage in
            try await stage.enqueueLeads(2)
            let end = try await drain(stage)
            #expect(end.code == 78)
            #expect(end.errors.contains("There is no such Apex action, or the user may not run it"))
            #expect(try stage.counts() == ["queued": 2])
        }
    }
}
