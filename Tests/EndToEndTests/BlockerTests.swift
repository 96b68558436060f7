import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

@Suite(.serialized) struct BlockerTests {
    @Test func `logs in again once when the session expires`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(80)
            fixture.simulator.script(.expireSession, forCall: 3)
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(await fixture.simulator.audit().count(.token) == 2)
            let refused = try fixture.queue.log().filter { $0.text("outcome") == "not_sent" }
            #expect(refused.count >= 10)
            // What stands in the records was sent, also what was about to leave at that moment.
            let codes = Set(refused.compactMap { $0.text("code") })
            #expect(codes == ["INVALID_SESSION_ID"])
            let calls = try fixture.queue.calls().count { $0.text("kind") == "convert" }
            #expect(await fixture.simulator.audit().count(.convert) == calls)
            #expect(try fixture.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func `gives up when the new token is refused too`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(10)
            fixture.simulator.script(.expireSession, nextCalls: 100)
            let end = try await fixture.drain()
            #expect(end.code == 77)
            #expect(end.errors.contains("The org refuses fresh tokens too."))
            let audit = await fixture.simulator.audit()
            #expect(audit.count(.token) == 2)
            #expect(audit.count(.convert) == 2)
            #expect(try fixture.queue.jobs().allSatisfy { $0.number("attempts") == 0 })
        }
    }

    @Test func `waits for the allowance and uses no attempt`() async throws {
        try await withFixture {
            $0.dailyLimit = 20
            $0.used = 17
        } _: { fixture in
            try await fixture.enqueueLeads(50)
            let daemon = try fixture.startDaemon(changing: [
                "LEADCONVERT_DAILY_SHARE": "1", "LEADCONVERT_RESERVE": "0",
            ])
            try await fixture.await("it waits for the allowance") {
                let status = try $0.reports.status(at: .now)
                return status.waitingFor == .allowance && status.waitingUntil != nil
            }
            let status = try await fixture.run("status", "--json")
            #expect(status.output.contains(#""waiting_for": "allowance""#))
            #expect(status.output.contains(#""eta_seconds": null"#))
            #expect(status.output.contains(#""usage": {"current": 20, "limit": 20, "at": "#))
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try fixture.counts() == ["converted": 30, "queued": 20])
            let waiting = try fixture.queue.jobs().filter { $0.text("state") == "queued" }
            #expect(waiting.allSatisfy { $0.number("attempts") == 0 })
        }
    }

    @Test func `goes on by itself after an outage`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(30)
            fixture.simulator.script(.unavailable, nextCalls: 3)
            let end = try await fixture.drain(changing: ["LEADCONVERT_CONCURRENCY": "1"])
            #expect(end.code == 0)
            #expect(end.errors.components(separatedBy: "circuit open").count == 2)
            #expect(end.errors.contains("circuit closed"))
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(try fixture.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func `looks up who converted a lead before us`() async throws {
        try await withFixture { fixture in
            let lead = await fixture.simulator.addLead(.alreadyConverted)
            try fixture.enqueue([lead])
            #expect(try await fixture.drain().code == 0)
            let outcomes = try fixture.queue.log(of: lead).map { $0.text("outcome") }
            #expect(outcomes == ["unknown", "already_converted"])
            let job = try #require(try fixture.queue.jobs().first)
            let truth = try #require(await fixture.simulator.lead(lead))
            #expect(job.text("state") == "converted")
            #expect(job.text("result_account_id") == truth.convertedAccountID)
            #expect(job.text("result_contact_id") == truth.convertedContactID)
        }
    }
}
