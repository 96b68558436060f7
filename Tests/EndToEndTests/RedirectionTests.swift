import Foundation
import GRDB
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// Leads that go again at once, as their policy says: into a duplicate, or under another owner.
@Suite(.serialized) struct RedirectionTests {
    @Test func `joins the one record that a duplicate rule names, without an attempt`() async throws
    {
        try await withFixture { fixture in
            let org = fixture.simulator
            let contact = org.contactID(ofAccount: 3)
            let leads = [
                await org.addLead(.duplicateOf([contact], blocks: true)),
                await org.addLead(.duplicateOf([org.accountID(4)])),
                await org.addLead(.duplicateOf([org.accountID(3), contact])),
                await org.addLead(.duplicateOf([org.accountID(1), contact])),
                await org.addLead(.duplicateOf([org.accountID(1), org.accountID(2)])),
            ]
            _ = try await fixture.run("policy", "set", "default", "--on-duplicates", "join")
            try fixture.enqueue(leads)
            #expect(try await fixture.drain().code == 0)
            let jobs = try fixture.queue.jobs()
            #expect(
                jobs.map { $0.text("state") }
                    == ["converted", "converted", "converted", "failed", "failed"])
            for place in [0, 2] {
                #expect(jobs[place].text("result_contact_id") == contact)
                #expect(jobs[place].text("result_account_id") == org.accountID(3))
            }
            #expect(jobs[1].text("result_account_id") == org.accountID(4))
            #expect(jobs.prefix(3).allSatisfy { $0.number("attempts") == 1 })
            for job in jobs.suffix(2) {
                #expect(job.text("error_code") == "DUPLICATES_DETECTED")
                #expect(job.text("error_message")?.contains(org.accountID(1)) == true)
            }
            let log = try fixture.queue.log(of: leads[0])
            #expect(log.map { $0.text("outcome") } == ["not_sent", "converted"])
            // After a retry what we put in is taken out, and asked for again.
            _ = try await fixture.run("retry", leads[4])
            #expect(try await fixture.drain().code == 0)
            #expect(try fixture.queue.jobs()[4].text("state") == "failed")
        }
    }

    @Test func `a duplicate fails and names the records when the policy says nothing`()
        async throws
    {
        try await withFixture { fixture in
            let org = fixture.simulator
            let lead = await org.addLead(.duplicateOf([org.contactID()]))
            try fixture.enqueue([lead])
            #expect(try await fixture.drain().code == 0)
            let job = try #require(try fixture.queue.jobs().first)
            #expect(job.text("error_message")?.contains(org.contactID()) == true)
            _ = try await fixture.run("policy", "set", "default", "--on-duplicates", "allow")
            _ = try await fixture.run("retry", lead)
            #expect(try await fixture.drain().code == 0)
            #expect(try fixture.queue.jobs().first?.text("state") == "converted")
        }
    }

    @Test func `the fallback owner takes the leads of queues and of users who have left`()
        async throws
    {
        try await withFixture { fixture in
            let org = fixture.simulator
            let leads = [
                await org.addLead(.ownedByQueue),
                await org.addLead(ownerID: org.inactiveUserID()),
                await org.addLead(ownerID: org.userID(1)),
            ]
            _ = try await fixture.run(
                "policy", "set", "default", "--fallback-owner", org.userID(3))
            try fixture.enqueue(leads)
            #expect(try await fixture.drain().code == 0)
            let jobs = try fixture.queue.jobs()
            #expect(jobs.map { $0.text("state") } == ["converted", "converted", "converted"])
            #expect(jobs.map { $0.number("attempts") } == [1, 1, 1])
            let fallback = try fixture.rows("SELECT needs_fallback_owner FROM jobs ORDER BY id")
            #expect(fallback.map { $0[0] as Int } == [1, 1, 0])
            for job in jobs.prefix(2) {
                let account = try #require(job.text("result_account_id"))
                #expect(await org.owner(ofAccount: account) == org.userID(3))
            }
        }
    }

    @Test func `what nobody knows as the owner's fault is read before the lead fails`() async throws
    {
        try await withFixture { fixture in
            let org = fixture.simulator
            // The code that a queue's lead gets is not documented.
            let queued = await org.addLead(
                .ownedByQueue, .refused(code: "FIELD_INTEGRITY_EXCEPTION", times: 1))
            let other = await org.addLead(.refused(code: "FIELD_INTEGRITY_EXCEPTION"))
            _ = try await fixture.run(
                "policy", "set", "default", "--fallback-owner", org.userID(3))
            try fixture.enqueue([queued, other])
            #expect(try await fixture.drain().code == 0)
            let jobs = try fixture.queue.jobs()
            #expect(jobs.map { $0.text("state") } == ["converted", "failed"])
            let log = try fixture.queue.log(of: queued).map { $0.text("outcome") }
            #expect(log == ["unknown", "not_converted", "converted"])
        }
    }

    @Test func `a group whose account was deleted makes another after one refusal`() async throws {
        try await withFixture { fixture in
            let org = fixture.simulator
            let leads = await org.addLeads(4)
            func enqueue(_ leads: ArraySlice<String>) async throws {
                let rows = leads.map { "\($0),Qualified,Acme\n" }.joined()
                let end = try await fixture.run(
                    "enqueue", "-", "--group-by", "Company",
                    input: "leadId,convertedStatus,Company\n" + rows)
                #expect(end.code == 0, "\(end.errors)")
                #expect(try await fixture.drain().code == 0)
            }
            try await enqueue(leads[..<1])
            let gone = try #require(try fixture.queue.jobs()[0].text("result_account_id"))
            org.deleteAccount(gone)
            try await enqueue(leads[1..<3])
            try await enqueue(leads[3...])
            let jobs = try fixture.queue.jobs()
            let accounts = Set(jobs.dropFirst().map { $0.text("result_account_id") })
            #expect(accounts.count == 1 && !accounts.contains(gone) && !accounts.contains(nil))
            #expect(jobs.allSatisfy { $0.number("attempts") == 1 })
            // The last knows that the first account is gone.
            #expect(try fixture.queue.log(of: leads[3]).count == 1)
        }
    }

    @Test func `headers of a policy go with the call`() async throws {
        try await withFixture { fixture in
            let org = fixture.simulator
            let lead = await org.addLead(company: String(repeating: "long ", count: 30))
            let plain = await org.addLead()
            _ = try await fixture.run(
                "policy", "set", "cut", "--truncate-fields", "--suppress-feed")
            try fixture.enqueue([plain])
            try fixture.queue.run(
                sql: """
                    INSERT INTO jobs (lead_id, converted_status, policy)
                    VALUES ('\(lead)', 'Qualified', 'cut')
                    """)
            #expect(try await fixture.drain().code == 0)
            let jobs = try fixture.queue.jobs()
            #expect(jobs.allSatisfy { $0.text("state") == "converted" })
            // Leads of one call all want the same.
            #expect(try fixture.queue.calls().count { $0.text("kind") == "convert" } == 2)
        }
    }

    @Test func `a lead goes into a business account and a person account`() async throws {
        try await withFixture {
            $0.hasPersonAccounts = true
        } _: { fixture in
            let org = fixture.simulator
            let person = await org.addPersonAccount(email: "ada@example.org")
            let lead = await org.addLead()
            let end = try await fixture.run(
                "enqueue", "-",
                input: """
                    leadId,convertedStatus,accountId,relatedPersonAccountId
                    \(lead),Qualified,\(org.accountID(1)),\(person.accountID)

                    """)
            #expect(end.code == 0, "\(end.errors)")
            #expect(try await fixture.drain().code == 0)
            let job = try #require(try fixture.queue.jobs().first)
            #expect(job.text("state") == "converted", "\(job.text("error_message") ?? "")")
            let named = try fixture.rows("SELECT related_person_account_id FROM jobs")
            #expect(named.map { $0[0] as String } == [person.accountID])
        }
    }
}
