import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// `enqueue --match-contact`, from the file to the org.
@Suite(.serialized) struct MatchContactTests {
    @Test func `a lead is converted into the person account of its address`() async throws {
        try await withFixture {
            $0.hasPersonAccounts = true
        } _: { fixture in
            let person = await fixture.simulator.addPersonAccount(email: "ada@example.org")
            let lead = await fixture.simulator.addLead()
            try Data("leadId,convertedStatus,Email\n\(lead),Qualified,ada@example.org\n".utf8)
                .write(to: fixture.folder.appendingPathComponent("leads.csv"))
            #expect(try await fixture.run("enqueue", "leads.csv", "--match-contact").code == 0)
            #expect(try await fixture.drain().code == 0)
            let job = try #require(try fixture.queue.jobs().first)
            #expect(job.text("state") == "converted")
            #expect(job.number("attempts") == 1)
            #expect(job.text("result_account_id") == person.accountID)
            #expect(job.text("contact_id") == nil)
        }
    }

    @Test func `converts into the one contact of the address`() async throws {
        try await withFixture { fixture in
            let org = fixture.simulator
            let twins = [
                await org.addContact(email: "twins@example.org", ofAccount: 1),
                await org.addContact(email: "Twins@Example.org", ofAccount: 2),
            ]
            let known = await org.addContact(email: "o'neil@example.org", ofAccount: 3)
            let leads = await org.addLeads(4)
            let addresses = ["O'Neil@example.org", "nobody@example.org", "twins@example.org", ""]
            let rows = zip(leads, addresses).map { "\($0),Qualified,\($1)\n" }
            try Data(("leadId,convertedStatus,Email\n" + rows.joined()).utf8)
                .write(to: fixture.folder.appendingPathComponent("leads.csv"))
            let taken = try await fixture.run("enqueue", "leads.csv", "--match-contact")
            #expect(taken.code == 0, "\(taken.errors)")
            // The first search meets an outage; no attempt is used.
            org.script(.unavailable, nextCalls: 1, of: .query)
            #expect(try await fixture.drain().code == 0)

            let jobs = try fixture.queue.jobs()
            #expect(
                jobs.map { $0.text("state") } == ["converted", "converted", "failed", "converted"])
            #expect(jobs[0].text("result_contact_id") == known)
            #expect(jobs[0].text("result_account_id") == org.accountID(3))
            #expect(await org.lead(leads[0])?.convertedContactID == known)
            #expect(jobs[2].text("error_code") == "MULTIPLE_CONTACTS_MATCH")
            for twin in twins { #expect(jobs[2].text("error_message")?.contains(twin) == true) }
            #expect(jobs.map { $0.number("attempts") } == [1, 1, 0, 1])
            let calls = try fixture.queue.calls().filter { $0.text("kind") == "match" }
            // The second finds out that the org has no person accounts.
            #expect(calls.compactMap { $0.number("size") } == [3, 3, 3])
            #expect(await org.audit().count(.query) == 3)
            let failed = try fixture.queue.log(of: leads[2])
            #expect(failed.map { $0.text("outcome") } == ["failed"])
            #expect(failed.first?.number("call_id") == calls.last?.number("id"))
        }
    }

    @Test func `looks again when a lead is retried that had two contacts`() async throws {
        try await withFixture { fixture in
            let org = fixture.simulator
            _ = await org.addContact(email: "twins@example.org", ofAccount: 1)
            _ = await org.addContact(email: "twins@example.org", ofAccount: 2)
            let lead = await org.addLeads(1)[0]
            try fixture.queue.run(
                sql: """
                    INSERT INTO jobs (lead_id, converted_status, match_email)
                    VALUES ('\(lead)', 'Qualified', 'twins@example.org')
                    """)
            #expect(try await fixture.drain().code == 0)
            #expect(try fixture.queue.jobs().first?.text("error_code") == "MULTIPLE_CONTACTS_MATCH")
            try fixture.queue.run(sql: "UPDATE jobs SET account_id = '\(org.accountID(2))'")
            #expect(try await fixture.run("retry", "--all-failed").code == 0)
            #expect(try await fixture.drain().code == 0)
            #expect(try fixture.queue.jobs().first?.text("result_account_id") == org.accountID(2))
            #expect(await org.lead(lead)?.convertedAccountID == org.accountID(2))
        }
    }
}
