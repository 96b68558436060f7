import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// `leadconvert` beside the daemon: looking, and steering.
@Suite(.serialized) struct HelperTests {
    @Test func printsResultsInInputOrderAndSaysWhenTheyAreUnsettled() async throws {
        try await withStage { stage in
            let (good, late) = (await stage.simulator.addLead(), await stage.simulator.addLead())
            let before = await stage.simulator.addLead(.alreadyConverted)
            let bad = await stage.simulator.addLead()
            let sheet =
                "leadId,convertedStatus\n\(bad),Wrong\n\(before),Qualified\n\(good),Qualified\n"
            #expect(try await enqueue(sheet, on: stage).code == 0)
            #expect(try await stage.drain().code == 0)
            let settled = try await stage.run("results", "friday")
            #expect(settled.code == 0)
            let wrong = try #require(try stage.queue.jobs().first)
            let lines = [
                #"{"isSuccess": false, "actionName": "convertLead", "errors": [{"statusCode": "#
                    + #""INVALID_STATUS", "message": "\#(wrong.text("error_message") ?? "")"}], "#
                    + #""outputValues": {"leadId": "\#(bad)"}}"#,
                try await converted(before, #""alreadyConverted": true, "#, on: stage),
                try await converted(good, "", on: stage),
            ]
            #expect(settled.output == "[\n\(lines.joined(separator: ",\n"))\n]\n")

            #expect(
                try await enqueue("leadId,convertedStatus\n\(late),Qualified\n", on: stage).code
                    == 0)
            let unsettled = try await stage.run("results", "friday")
            #expect(unsettled.code == 75)
            #expect(
                unsettled.output.hasSuffix(
                    #"{"isSuccess": null, "actionName": "convertLead", "state": "queued", "#
                        + #""outputValues": {"leadId": "\#(late)"}}"# + "\n]\n"))
        }
    }

    @Test func namesEveryFactOfTheStatus() async throws {
        try await withStage { stage in
            let empty = try await stage.run("status", "--json")
            #expect(
                empty.output == """
                    {"counts": {"queued": 0, "sending": 0, "verifying": 0, "held": 0, \
                    "converted": 0, "failed": 0, "cancelled": 0}, "rate_per_second": 0.0, \
                    "eta_seconds": null, "paused": false, "waiting_for": null, \
                    "waiting_until": null, "limiter": null, "usage": null, "daemon": null}

                    """)
            try await stage.enqueueLeads(10)
            let daemon = try stage.startDaemon()
            try await stage.await("all are converted") { _ in
                try stage.counts() == ["converted": 10]
            }
            let status = try await stage.run("status", "--json").output
            for fact in [
                #""converted": 10,"#, #""limiter": {"tokens": "#, #""capacity": 1000.0, "#,
                #""usage": {"current": 1, "limit": 100000, "at": "#,
                #""daemon": {"pid": \#(daemon.pid), "since": "#,
            ] { #expect(status.contains(fact)) }
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
        }
    }

    @Test func runsFailedJobsAgainAndKeepsTheirHistory() async throws {
        try await withStage { stage in
            let lead = await stage.simulator.addLead()
            try stage.enqueue([lead], as: "Wrong")
            #expect(try await stage.drain().code == 0)
            #expect(try stage.counts() == ["failed": 1])
            try stage.queue.run(sql: "UPDATE jobs SET converted_status = 'Qualified'")
            let retry = try await stage.run("retry", "--all-failed")
            #expect(retry.output == "1 job will run again.\n")
            #expect(try await stage.drain().code == 0)
            #expect(try await stage.objections(to: [lead]) == [])
            #expect(
                try stage.queue.log(of: lead).map { $0.text("outcome") } == ["failed", "converted"])
        }
    }

    @Test func cancelsWhatWasNotSentAndSaysWhatItLeft() async throws {
        try await withStage { stage in
            let leads = try await stage.enqueueLeads(2)
            let cancel = try await stage.run("cancel", leads[0])
            #expect(cancel.output == "1 job cancelled.\n")
            #expect(try await stage.drain().code == 0)
            let again = try await stage.run("cancel", "1", "2")
            #expect(again.code == 0)
            #expect(
                again.output == """
                    0 jobs cancelled.
                    1 job left alone: converted already.
                    1 job left alone: cancelled already.

                    """)
            #expect(await stage.simulator.audit().conversions.map(\.leadID) == [leads[1]])
        }
    }

    @Test func listsJobsAndLogAsObjectsOfTheirColumns() async throws {
        try await withStage { stage in
            let lead = try await stage.enqueueLeads(1)[0]
            #expect(try await stage.run("log", lead, "--json").output == "[]\n")
            #expect(try await stage.drain().code == 0)
            for (command, row) in [
                ("jobs", try #require(try stage.queue.jobs().first)),
                ("log", try #require(try stage.queue.log().first)),
            ] {
                let output = try await stage.run(command, "--json").output
                let rows = try JSONSerialization.jsonObject(with: Data(output.utf8))
                let keys = (rows as? [[String: Any]])?.first?.keys.sorted()
                #expect(keys == row.columns.sorted())
            }
            let nobody = try await stage.run("log", "00QWs0000000009")
            #expect(nobody.code == 66)
            #expect(
                nobody.errors == "leadconvert: There is no job for lead 00QWs0000000009MAA.\n")
        }
    }

    @Test func copiesTheQueueSafelyAndAnOldCopyConvertsNothingTwice() async throws {
        try await withStage { stage in
            let leads = try await stage.enqueueLeads(20)
            let copy = stage.folder.appendingPathComponent("copy.db").path
            #expect(try await stage.run("backup", copy).code == 0)
            #expect(try await stage.run("backup", copy).code == 73)
            #expect(try await stage.drain().code == 0)
            #expect(try await stage.drain(changing: ["LEADCONVERT_DB": copy]).code == 0)
            #expect(try await stage.objections(to: leads) == [])
            let restored = try JobQueue(path: copy, as: .client)
            #expect(try restored.jobs().allSatisfy { $0.text("state") == "converted" })
            let outcomes = try restored.log().filter { $0.text("kind") == "verify" }
            #expect(outcomes.allSatisfy { $0.text("outcome") == "already_converted" })
            #expect(outcomes.count == 20)
        }
    }

    private func enqueue(_ sheet: String, on stage: Stage) async throws -> ProgramEnd {
        try await stage.run("enqueue", "-", "--batch", "friday", input: sheet)
    }

    private func converted(_ lead: String, _ note: String, on stage: Stage) async throws -> String {
        let record = try #require(await stage.simulator.lead(lead))
        let ids = [
            ("leadId", lead), ("accountId", record.convertedAccountID),
            ("contactId", record.convertedContactID),
            ("opportunityId", record.convertedOpportunityID),
        ].compactMap { name, id in id.map { #""\#(name)": "\#($0)""# } }
        return #"{"isSuccess": true, "actionName": "convertLead", \#(note)"outputValues": "#
            + "{\(ids.joined(separator: ", "))}}"
    }
}
