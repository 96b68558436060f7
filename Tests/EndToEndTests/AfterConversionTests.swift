import Foundation
import GRDB
import Glibc
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// `enqueue --set`, `--note` and `--task`, from the file to the org and back.
@Suite(.serialized) struct AfterConversionTests {
    @Test func `sets fields, leaves a note and a task, and reads the records back`() async throws {
        try await withFixture { fixture in
            let org = fixture.simulator
            let leads = await org.addLeads(2)
            let rows = zip(leads, ["5000", ""]).map { "\($0),Qualified,\($1),Likes \"blue\"\n" }
            try Data(("leadId,convertedStatus,Budget,Summary\n" + rows.joined()).utf8)
                .write(to: fixture.folder.appendingPathComponent("leads.csv"))
            let taken = try await fixture.run(
                "enqueue", "leads.csv", "--batch", "friday",
                "--set", "Opportunity.StageName=Discovery", "--set",
                "Opportunity.Amount={{Budget}}",
                "--set", "Account.Website=https://example.org",
                "--note", "{{Summary}}", "--note-title", "From the form",
                "--task", "Call {{leadId}}", "--task-due", "2030-01-31")
            #expect(taken.code == 0, "\(taken.errors)")
            #expect(try await fixture.drain().code == 0)

            let jobs = try fixture.queue.jobs()
            #expect(jobs.allSatisfy { $0.text("state") == "converted" })
            #expect(jobs.allSatisfy { $0.text("after_code") == nil }, "\(jobs)")
            let audit = await org.audit()
            let notes = audit.written.filter { $0.kind == .note }
            #expect(Set(notes.map(\.parentID)) == Set(jobs.map { $0.text("result_contact_id") }))
            #expect(notes.allSatisfy { $0.title?.hasPrefix("From the form [lc-") == true })
            let tasks = audit.written.filter { $0.kind == .task }
            #expect(Set(tasks.map(\.parentID)) == Set(jobs.map { $0.text("result_contact_id") }))
            #expect(tasks.count == 2)

            let results = try await Program.helper.run(
                [
                    "results", "friday", "--fetch",
                    "Opportunity.StageName,Opportunity.Amount,Account.Website",
                ],
                environment: fixture.settings, in: fixture.folder)
            #expect(results.code == 0, "\(results.errors)")
            let parsed = try JSONSerialization.jsonObject(with: Data(results.output.utf8))
            let objects = try #require(parsed as? [[String: Any]])
            let fields = objects.compactMap { $0["fields"] as? [String: Any] }
            #expect(
                fields.map { $0["Opportunity.StageName"] as? String } == ["Discovery", "Discovery"])
            #expect(fields.map { $0["Opportunity.Amount"] as? Int } == [5000, nil])
            #expect(fields[0]["Account.Website"] as? String == "https://example.org")
            let kinds = try fixture.queue.calls().compactMap { $0.text("kind") }
            #expect(kinds.count { $0 == "fetch" } == 2)
        }
    }

    @Test func `a note whose answer is lost to a kill is there once`() async throws {
        try await withFixture {
            $0.latency = 200...200
        } _: { fixture in
            let org = fixture.simulator
            let lead = await org.addLead()
            try fixture.queue.run(
                sql: """
                    INSERT INTO jobs (lead_id, converted_status, note_body)
                    VALUES ('\(lead)', 'Qualified', 'Summary')
                    """)
            org.script(.stall, nextCalls: 1, of: .note)
            let daemon = try fixture.startDaemon()
            try await org.await("a note is on its way") { $0.count(.note) == 1 }
            daemon.kill()
            #expect(try await daemon.waitForExit().signal == SIGKILL)
            let job = try #require(try fixture.queue.jobs().first)
            #expect(job.text("state") == "finishing")

            #expect(
                try await fixture.drain(changing: ["LEADCONVERT_CALL_LIFETIME": "8"]).code == 0)
            let audit = await org.audit()
            #expect(audit.written.count { $0.kind == .note } == 1)
            #expect(audit.conversions.count == 1)
            #expect(try fixture.queue.jobs().first?.text("state") == "converted")
            let log = try fixture.queue.log(of: lead)
            #expect(log.prefix(2).map { $0.text("kind") } == ["convert", "note"])
            #expect(log[1].text("code") == "DAEMON_ENDED")
            #expect(log.dropFirst(2).allSatisfy { $0.text("kind") == "verify" })
            #expect(log.last?.text("outcome") == "done")
        }
    }

    @Test(arguments: [
        Fault.dropAfterCommit, .badGatewayAfterCommit, .truncateAfterCommit, .dropBeforeCommit,
    ])
    func `no answer leaves neither a second note nor none`(fault: Fault) async throws {
        try await withFixture { fixture in
            let org = fixture.simulator
            let leads = await org.addLeads(3)
            for lead in leads {
                try fixture.queue.run(
                    sql: """
                        INSERT INTO jobs (lead_id, converted_status, note_body, task_subject)
                        VALUES ('\(lead)', 'Qualified', 'Summary', 'Call')
                        """)
            }
            org.script(fault, nextCalls: 1, of: .note)
            org.script(fault, nextCalls: 1, of: .task)
            #expect(try await fixture.drain().code == 0)
            let written = await org.audit().written
            for kind in [SalesforceSimulator.CallKind.note, .task] {
                let parents = written.filter { $0.kind == kind }.compactMap(\.parentID)
                #expect(parents.count == 3 && Set(parents).count == 3)
            }
            #expect(try fixture.queue.jobs().allSatisfy { $0.text("after_code") == nil })
        }
    }

    @Test func `a field that the org lacks leaves the lead converted and tells why`() async throws {
        try await withFixture { fixture in
            let lead = await fixture.simulator.addLead()
            try fixture.queue.run(
                sql: """
                    INSERT INTO batches (name) VALUES ('friday');
                    INSERT INTO jobs (lead_id, converted_status, batch_id, after_set)
                    VALUES ('\(lead)', 'Qualified', 1,
                        '{"Account": {"Colour__c": "blue"}, "Contact": {"Colour__c": "red"}}')
                    """)
            #expect(try await fixture.drain().code == 0)
            let results = try await fixture.run("results", "friday")
            #expect(results.code == 0)
            #expect(results.output.contains(#""isSuccess": true"#))
            #expect(results.output.contains(#""afterErrors": [{"statusCode": "INVALID_FIELD""#))
            #expect(results.output.contains(#""message": "set Account: "#))
            #expect(results.output.contains(#""message": "set Contact: "#))
            let failures = try fixture.rows("SELECT code, state FROM failures")
            #expect(failures.map { $0["code"] as String } == ["INVALID_FIELD"])
            // Corrected, it is set; nothing is converted again.
            try fixture.queue.run(
                sql: #"UPDATE jobs SET after_set = '{"Account": {"Tier__c": "A"}}'"#)
            let retried = try await fixture.run("retry", "--all-failed")
            #expect(retried.output.contains("1 job will run again"))
            #expect(try await fixture.drain().code == 0)
            #expect(try fixture.queue.jobs().first?.text("after_code") == nil)
            let audit = await fixture.simulator.audit()
            #expect(audit.conversions.count == 1 && audit.written.count == 1)
        }
    }

    @Test func `refuses what names no field, and says what to type`() async throws {
        try await withFixture { fixture in
            for (option, value, told) in [
                ("--set", "Lead.Rating=Hot", "--set 'Opportunity.StageName=Discovery'"),
                ("--set", "Account.Website", "no = in it"),
                ("--task-due", "tomorrow", "--task-due goes with --task"),
                ("--input", "leadId=1", "--map 'leadId=...'"),
                ("--note-title", "Title", "go with --note"),
            ] {
                let end = try await fixture.run(
                    "enqueue", "--lead-id", "00QWs000001AbcDMAS", "--converted-status", "Qualified",
                    option, value)
                #expect(end.code == 64, "\(option) \(value)")
                #expect(end.errors.contains(told), "\(end.errors)")
            }
        }
    }

    @Test func `inputs for an action stop a lead over SOAP, and check finds it`() async throws {
        try await withFixture { fixture in
            let lead = await fixture.simulator.addLead()
            let taken = try await fixture.run(
                "enqueue", "--lead-id", lead, "--converted-status", "Qualified", "--input",
                "noteBody=Likes blue")
            #expect(taken.code == 0, "\(taken.errors)")
            let check = try await Program.helper.run(
                ["check"], environment: fixture.settings, in: fixture.folder)
            #expect(check.output.contains("EXTRA_NEEDS_ACTION"), "\(check.output)")
            #expect(try await fixture.drain().code == 0)
            #expect(try fixture.queue.jobs().first?.text("error_code") == "EXTRA_NEEDS_ACTION")
            #expect(await fixture.simulator.audit().count(.convert) == 0)
        }
    }
}
