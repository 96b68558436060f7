import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// `enqueue --match-account`, from the file to the org.
@Suite(.serialized) struct MatchAccountTests {
    @Test func `groups join the account of their name, or make it once`() async throws {
        try await withFixture { fixture in
            let org = fixture.simulator
            let known = await org.addAccount(name: "O'Neil, Inc.")
            for _ in 1...2 { _ = await org.addAccount(name: "Twins") }
            let companies = ["o'neil, inc.", "O'Neil, Inc.", "New", "NEW", "Twins", ""]
            let leads = await org.addLeads(companies.count)
            try fixture.write("leads.csv", companies, for: leads)
            let taken = try await fixture.run(
                "enqueue", "leads.csv", "--group-by", "Company", "--match-account")
            #expect(taken.code == 0, "\(taken.errors)")
            org.script(.unavailable, nextCalls: 1, of: .query)
            #expect(try await fixture.drain().code == 0)

            let jobs = try fixture.queue.jobs()
            #expect(jobs.prefix(2).allSatisfy { $0.text("result_account_id") == known })
            let made = jobs[2].text("result_account_id")
            #expect(made != nil && jobs[3].text("result_account_id") == made)
            #expect(jobs[4].text("error_code") == "MULTIPLE_ACCOUNTS_MATCH")
            #expect(jobs[5].text("state") == "converted")
            #expect(jobs.map { $0.number("attempts") } == [1, 1, 1, 1, 0, 1])
            #expect(await org.accounts(named: "O'Neil, Inc.").count == 1)
            let calls = try fixture.queue.calls().filter { $0.text("kind") == "match" }
            #expect(calls.allSatisfy { $0.number("size") == 5 })
        }
    }

    @Test func `groups by domain join the account that another field names`() async throws {
        try await withFixture { fixture in
            let org = fixture.simulator
            let known = await org.addAccount(name: "Acme", domain: "acme.example")
            let addresses = ["ada@ACME.example", "bob@acme.example", "a@gmail.com", "b@gmail.com"]
            let leads = await org.addLeads(4)
            let rows = zip(leads, addresses).map { "\($0),Qualified,\($1)\n" }.joined()
            let taken = try await fixture.run(
                "enqueue", "-", "--group-by-domain", "Email", "--match-account",
                input: "leadId,convertedStatus,Email\n" + rows)
            #expect(taken.code == 0, "\(taken.errors)")
            let end = try await fixture.drain(
                changing: ["LEADCONVERT_MATCH_ACCOUNT_FIELD": "Domain__c"])
            #expect(end.code == 0)
            let accounts = try fixture.queue.jobs().map { $0.text("result_account_id") }
            #expect(accounts[0] == known && accounts[1] == known)
            #expect(accounts[2] != accounts[3])
        }
    }

    @Test func `the contact comes first, then the account`() async throws {
        try await withFixture { fixture in
            let org = fixture.simulator
            let contact = await org.addContact(email: "ada@example.org", ofAccount: 2)
            let known = await org.addAccount(name: "Acme")
            let leads = await org.addLeads(2)
            let rows = zip(leads, ["ada@example.org", "new@example.org"])
                .map { "\($0),Qualified,Acme,\($1)\n" }.joined()
            let taken = try await fixture.run(
                "enqueue", "-", "--group-by", "Company", "--match-account", "--match-contact",
                input: "leadId,convertedStatus,Company,Email\n" + rows)
            #expect(taken.code == 0, "\(taken.errors)")
            #expect(try await fixture.drain().code == 0)
            let jobs = try fixture.queue.jobs()
            #expect(jobs[0].text("result_contact_id") == contact)
            #expect(jobs[0].text("result_account_id") == org.accountID(2))
            #expect(jobs[1].text("result_account_id") == known)
        }
    }

    @Test func `a field that the org lacks stops the daemon with 78 and fails no lead`()
        async throws
    {
        try await withFixture { fixture in
            let leads = await fixture.simulator.addLeads(1)
            try fixture.write("leads.csv", ["Acme"], for: leads)
            _ = try await fixture.run(
                "enqueue", "leads.csv", "--group-by", "Company", "--match-account")
            let end = try await fixture.drain(
                changing: ["LEADCONVERT_MATCH_ACCOUNT_FIELD": "Nope__c"])
            #expect(end.code == 78)
            #expect(end.errors.contains("LEADCONVERT_MATCH_ACCOUNT_FIELD"), "\(end.errors)")
            #expect(try fixture.queue.jobs().map { $0.text("state") } == ["queued"])
        }
    }

    @Test func `--match-account says what it goes with`() async throws {
        try await withFixture { fixture in
            let end = try await fixture.run("enqueue", "leads.csv", "--match-account")
            #expect(end.code == 64)
            #expect(end.errors.contains("--group-by Company"))
        }
    }
}

extension Fixture {
    /// A file with a lead of each company.
    fileprivate func write(_ name: String, _ companies: [String], for leads: [String]) throws {
        let rows = zip(leads, companies).map { "\($0),Qualified,\"\($1)\"\n" }.joined()
        try Data(("leadId,convertedStatus,Company\n" + rows).utf8)
            .write(to: folder.appendingPathComponent(name))
    }
}
