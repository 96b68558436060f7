import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// `check --matches`, and what `check` finds of owners and of the match field.
@Suite(.serialized) struct MatchPreviewTests {
    @Test func `shows what each lead would be converted into, and changes nothing`() async throws {
        try await withFixture { fixture in
            let org = fixture.simulator
            let contact = await org.addContact(email: "ada@example.org", ofAccount: 2)
            for place in 0...1 {
                _ = await org.addContact(email: "two@example.org", ofAccount: place)
            }
            let known = await org.addAccount(name: "Acme")
            let leads = await org.addLeads(6)
            let rows = [
                "\(leads[0]),ada@example.org,", "\(leads[1]),two@example.org,",
                "\(leads[2]),new@example.org,Acme", "\(leads[3]),new@example.org,Other",
                "\(leads[4]),,acme", "\(leads[5]),,",
            ]
            let taken = try await fixture.run(
                "enqueue", "-", "--batch", "b", "--group-by", "Company", "--match-account",
                "--match-contact", "--map", "convertedStatus=Qualified",
                input: "leadId,Email,Company\n" + rows.joined(separator: "\n") + "\n")
            #expect(taken.code == 0, "\(taken.errors)")
            let end = try await fixture.ask("check", "--matches", "--batch", "b", "--csv")
            #expect(end.code == 0, "\(end.errors)")
            #expect(
                end.output == """
                    lead_id,match,contact_id,account_id
                    \(leads[0]),contact,\(contact),\(org.accountID(2))
                    \(leads[1]),many,,
                    \(leads[2]),account,,\(known)
                    \(leads[3]),new,,
                    \(leads[4]),account,,\(known)
                    \(leads[5]),new,,

                    """)
            let json = try await fixture.ask("check", "--matches", "--json")
            #expect(json.output.contains(#""match": "many""#))
            let calls = try fixture.queue.calls()
            #expect(calls.allSatisfy { ["token", "check"].contains($0.text("kind")) })
            #expect(try fixture.queue.jobs().allSatisfy { $0.text("account_id") == nil })
            #expect(try await fixture.ask("check", "--matches", "--batch", "none").code == 66)
            #expect(try await fixture.ask("check", "--batch", "b").code == 64)
        }
    }

    @Test func `check finds leads of queues and of users who have left`() async throws {
        try await withFixture { fixture in
            let org = fixture.simulator
            let leads = [
                await org.addLead(.ownedByQueue), await org.addLead(ownerID: org.inactiveUserID()),
                await org.addLead(),
            ]
            try fixture.enqueue(leads)
            let end = try await fixture.ask("check")
            #expect(end.code == 65)
            #expect(end.output.contains("1 of 3 leads looked at is owned by a queue"))
            #expect(end.output.contains("1 of 3 leads looked at is owned by an inactive user"))
            _ = try await fixture.run("policy", "set", "default", "--fallback-owner", org.userID())
            #expect(try await fixture.ask("check").code == 0)
        }
    }

    @Test func `check finds a field that accounts can't be searched for by`() async throws {
        try await withFixture { fixture in
            let lead = await fixture.simulator.addLead()
            let taken = try await fixture.run(
                "enqueue", "-", "--group-by", "Company", "--match-account",
                input: "leadId,convertedStatus,Company\n\(lead),Qualified,Acme\n")
            #expect(taken.code == 0)
            #expect(try await fixture.ask("check").output.contains("by their field Name"))
            let end = try await Program.helper.run(
                ["check"],
                environment: fixture.settings.merging(
                    ["LEADCONVERT_MATCH_ACCOUNT_FIELD": "Nope__c"]) { $1 }, in: fixture.folder)
            #expect(end.code == 78)
            #expect(end.output.contains("Nope__c"))
        }
    }
}
