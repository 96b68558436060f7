import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// `leadconvert` beside the daemon: looking, and steering.
@Suite(.serialized) struct HelperTests {
    @Test func `prints results in input order and says when they are unsettled`() async throws {
        try await withFixture { fixture in
            let (good, late) = (
                await fixture.simulator.addLead(), await fixture.simulator.addLead()
            )
            let before = await fixture.simulator.addLead(.alreadyConverted)
            let bad = await fixture.simulator.addLead()
            let sheet =
                "leadId,convertedStatus\n\(bad),Wrong\n\(before),Qualified\n\(good),Qualified\n"
            #expect(try await enqueue(sheet, on: fixture).code == 0)
            #expect(try await fixture.drain().code == 0)
            let settled = try await fixture.run("results", "friday")
            #expect(settled.code == 0)
            let wrong = try #require(try fixture.queue.jobs().first)
            let lines = [
                #"{"isSuccess": false, "actionName": "convertLead", "errors": [{"statusCode": "#
                    + #""INVALID_STATUS", "message": "\#(wrong.text("error_message") ?? "")"}], "#
                    + #""outputValues": {"leadId": "\#(bad)"}}"#,
                try await converted(before, #""alreadyConverted": true, "#, on: fixture),
                try await converted(good, "", on: fixture),
            ]
            #expect(settled.output == "[\n\(lines.joined(separator: ",\n"))\n]\n")

            #expect(
                try await enqueue("leadId,convertedStatus\n\(late),Qualified\n", on: fixture).code
                    == 0)
            let unsettled = try await fixture.run("results", "friday")
            #expect(unsettled.code == 75)
            #expect(
                unsettled.output.hasSuffix(
                    #"{"isSuccess": null, "actionName": "convertLead", "state": "queued", "#
                        + #""outputValues": {"leadId": "\#(late)"}}"# + "\n]\n"))
        }
    }

    @Test func `names every fact of the status`() async throws {
        try await withFixture { fixture in
            let empty = try await fixture.run("status", "--json")
            #expect(
                empty.output == """
                    {"counts": {"queued": 0, "sending": 0, "verifying": 0, "held": 0, \
                    "finishing": 0, "converted": 0, "failed": 0, "cancelled": 0}, "rate_per_second": 0.0, \
                    "eta_seconds": null, "paused": false, "waiting_for": null, \
                    "waiting_until": null, "limiter": null, "usage": null, "daemon": null}

                    """)
            try await fixture.enqueueLeads(10)
            let daemon = try fixture.startDaemon()
            try await fixture.await("all are converted") { _ in
                try fixture.counts() == ["converted": 10]
            }
            let status = try await fixture.run("status", "--json").output
            for fact in [
                #""converted": 10,"#, #""limiter": {"tokens": "#, #""capacity": 1000.0, "#,
                #""usage": {"current": 1, "limit": 100000, "at": "#,
                #""daemon": {"pid": \#(daemon.pid), "since": "#,
            ] { #expect(status.contains(fact)) }
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
        }
    }

    @Test func `runs failed jobs again and keeps their history`() async throws {
        try await withFixture { fixture in
            let lead = await fixture.simulator.addLead()
            try fixture.enqueue([lead], as: "Wrong")
            #expect(try await fixture.drain().code == 0)
            #expect(try fixture.counts() == ["failed": 1])
            try fixture.queue.run(sql: "UPDATE jobs SET converted_status = 'Qualified'")
            let retry = try await fixture.run("retry", "--all-failed")
            #expect(retry.output == "1 job will run again.\n")
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: [lead]) == [])
            #expect(
                try fixture.queue.log(of: lead).map { $0.text("outcome") } == [
                    "failed", "converted",
                ])
        }
    }

    @Test func `cancels what was not sent and says what it left`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(2)
            let cancel = try await fixture.run("cancel", leads[0])
            #expect(cancel.output == "1 job cancelled.\n")
            #expect(try await fixture.drain().code == 0)
            let again = try await fixture.run("cancel", "1", "2")
            #expect(again.code == 0)
            #expect(
                again.output == """
                    0 jobs cancelled.
                    1 job left alone: converted already.
                    1 job left alone: cancelled already.

                    """)
            #expect(await fixture.simulator.audit().conversions.map(\.leadID) == [leads[1]])
        }
    }

    @Test func `lists jobs and log as objects of their columns`() async throws {
        try await withFixture { fixture in
            let lead = try await fixture.enqueueLeads(1)[0]
            #expect(try await fixture.run("log", lead, "--json").output == "[]\n")
            #expect(try await fixture.drain().code == 0)
            for (command, row) in [
                ("jobs", try #require(try fixture.queue.jobs().first)),
                ("log", try #require(try fixture.queue.log().first)),
            ] {
                let output = try await fixture.run(command, "--json").output
                let rows = try JSONSerialization.jsonObject(with: Data(output.utf8))
                let keys = (rows as? [[String: Any]])?.first?.keys.sorted()
                #expect(keys == row.columns.sorted())
            }
            let nobody = try await fixture.run("log", "00QWs0000000009")
            #expect(nobody.code == 66)
            #expect(nobody.errors.contains("There is no job for lead 00QWs0000000009MAA."))
        }
    }

    @Test func `copies the queue safely and an old copy converts nothing twice`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(20)
            let copy = fixture.folder.appendingPathComponent("copy.db").path
            #expect(try await fixture.run("backup", copy).code == 0)
            #expect(try await fixture.run("backup", copy).code == 73)
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.drain(changing: ["LEADCONVERT_DB": copy]).code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            let restored = try JobQueue(path: copy, as: .client)
            #expect(try restored.jobs().allSatisfy { $0.text("state") == "converted" })
            let outcomes = try restored.log().filter { $0.text("kind") == "verify" }
            #expect(outcomes.allSatisfy { $0.text("outcome") == "already_converted" })
            #expect(outcomes.count == 20)
        }
    }

    private func enqueue(_ sheet: String, on fixture: Fixture) async throws -> ProgramEnd {
        try await fixture.run("enqueue", "-", "--batch", "friday", input: sheet)
    }

    private func converted(_ lead: String, _ note: String, on fixture: Fixture) async throws
        -> String
    {
        let record = try #require(await fixture.simulator.lead(lead))
        let ids = [
            ("leadId", lead), ("accountId", record.convertedAccountID),
            ("contactId", record.convertedContactID),
            ("opportunityId", record.convertedOpportunityID),
        ].compactMap { name, id in id.map { #""\#(name)": "\#($0)""# } }
        return #"{"isSuccess": true, "actionName": "convertLead", \#(note)"outputValues": "#
            + "{\(ids.joined(separator: ", "))}}"
    }
}
