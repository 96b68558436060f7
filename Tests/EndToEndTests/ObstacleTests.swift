import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

@Suite(.serialized) struct ObstacleTests {
    @Test func logsInAgainOnceWhenTheSessionExpires() async throws {
        try await withStage { stage in
            let leads = try await stage.enqueueLeads(80)
            stage.simulator.script(.expireSession, forCall: 3)
            #expect(try await stage.drain().code == 0)
            #expect(try await stage.objections(to: leads) == [])
            #expect(await stage.simulator.audit().count(.token) == 2)
            let refused = try stage.queue.log().filter { $0.text("outcome") == "not_sent" }
            #expect(refused.count >= 10)
            // What stands in the records was sent, also what was about to leave at that moment.
            let codes = Set(refused.compactMap { $0.text("code") })
            #expect(codes == ["INVALID_SESSION_ID"])
            let calls = try stage.queue.calls().count { $0.text("kind") == "convert" }
            #expect(await stage.simulator.audit().count(.convert) == calls)
            #expect(try stage.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func givesUpWhenTheNewTokenIsRefusedToo() async throws {
        try await withStage { stage in
            try await stage.enqueueLeads(10)
            stage.simulator.script(.expireSession, nextCalls: 100)
            let end = try await stage.drain()
            #expect(end.code == 77)
            #expect(end.errors.contains("The org refuses fresh tokens too."))
            let audit = await stage.simulator.audit()
            #expect(audit.count(.token) == 2)
            #expect(audit.count(.convert) == 2)
            #expect(try stage.queue.jobs().allSatisfy { $0.number("attempts") == 0 })
        }
    }

    @Test func waitsForTheAllowanceAndPunishesNobody() async throws {
        try await withStage {
            $0.dailyLimit = 20
            $0.used = 17
        } _: { stage in
            try await stage.enqueueLeads(50)
            let daemon = try stage.startDaemon(changing: [
                "LEADCONVERT_DAILY_SHARE": "1", "LEADCONVERT_RESERVE": "0",
            ])
            try await stage.await("it waits for the allowance") {
                let status = try $0.reports.status(at: .now)
                return status.waitingFor == .allowance && status.waitingUntil != nil
            }
            let status = try await stage.run("status", "--json")
            #expect(status.output.contains(#""waiting_for": "allowance""#))
            #expect(status.output.contains(#""eta_seconds": null"#))
            #expect(status.output.contains(#""usage": {"current": 20, "limit": 20, "at": "#))
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try stage.counts() == ["converted": 30, "queued": 20])
            let waiting = try stage.queue.jobs().filter { $0.text("state") == "queued" }
            #expect(waiting.allSatisfy { $0.number("attempts") == 0 })
        }
    }

    @Test func goesOnByItselfAfterAnOutage() async throws {
        try await withStage { stage in
            let leads = try await stage.enqueueLeads(30)
            stage.simulator.script(.unavailable, nextCalls: 3)
            let end = try await stage.drain(changing: ["LEADCONVERT_CONCURRENCY": "1"])
            #expect(end.code == 0)
            #expect(end.errors.components(separatedBy: "circuit open").count == 2)
            #expect(end.errors.contains("circuit closed"))
            #expect(try await stage.objections(to: leads) == [])
            #expect(try stage.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func looksUpWhoConvertedALeadBeforeUs() async throws {
        try await withStage { stage in
            let lead = await stage.simulator.addLead(.alreadyConverted)
            try stage.enqueue([lead])
            #expect(try await stage.drain().code == 0)
            let outcomes = try stage.queue.log(of: lead).map { $0.text("outcome") }
            #expect(outcomes == ["unknown", "already_converted"])
            let job = try #require(try stage.queue.jobs().first)
            let truth = try #require(await stage.simulator.lead(lead))
            #expect(job.text("state") == "converted")
            #expect(job.text("result_account_id") == truth.convertedAccountID)
            #expect(job.text("result_contact_id") == truth.convertedContactID)
        }
    }
}
