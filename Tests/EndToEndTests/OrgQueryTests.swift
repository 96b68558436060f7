import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// `enqueue --from-soql`: leads straight from the org.
@Suite(.serialized) struct OrgQueryTests {
    @Test func `takes the leads of a query page by page, and skips them the next time`()
        async throws
    {
        try await withFixture {
            $0.leads = 2100
        } _: { fixture in
            let query = "SELECT Id, Company, OwnerId FROM Lead WHERE IsConverted = false"
            let first = try await fixture.ask(
                "enqueue", "--from-soql", query, "--converted-status", "Qualified",
                "--group-by", "Company", "--batch", "night")
            #expect(first.code == 0, "\(first.errors)")
            #expect(first.errors.hasPrefix("2100 added"))
            let second = try await fixture.ask(
                "enqueue", "--from-soql", query, "--converted-status", "Qualified")
            #expect(second.code == 0)
            #expect(second.errors.contains("2100 skipped"), "\(second.errors)")
            let calls = try fixture.queue.calls()
            #expect(
                calls.map { $0.text("kind") }
                    == ["token", "intake", "intake", "token", "intake", "intake"])
            #expect(calls.allSatisfy { $0.number("http_status") == 200 })
            #expect(await fixture.simulator.audit().count(.query) == 4)
            let job = try #require(try fixture.queue.jobs().first)
            #expect(job.text("owner_id") != nil)
        }
    }

    @Test func `a queue's lead names no owner unless it was mapped by hand`() async throws {
        try await withFixture {
            $0.leads = 0
        } _: { fixture in
            let lead = await fixture.simulator.addLead(.ownedByQueue)
            let query = "SELECT Id, OwnerId FROM Lead"
            let mapped = try await fixture.ask(
                "enqueue", "--from-soql", query, "--converted-status", "Qualified", "--map",
                "ownerId={{OwnerId}}")
            #expect(mapped.code == 65)
            let end = try await fixture.ask(
                "enqueue", "--from-soql", query, "--converted-status", "Qualified")
            #expect(end.code == 0, "\(end.errors)")
            let job = try #require(try fixture.queue.jobs().first)
            #expect(job.text("lead_id") == lead && job.text("owner_id") == nil)
        }
    }

    @Test func `takes the members of a campaign, each lead once`() async throws {
        try await withFixture {
            $0.leads = 2
        } _: { fixture in
            let org = fixture.simulator
            let lead = try #require(await org.leads(.open).first)
            for campaign in ["701Ws0000000001AAA", "701Ws0000000002AAA"] {
                await org.addCampaignMember(leadID: lead.id, campaign: campaign)
            }
            let query = """
                SELECT Id, LeadId, Lead.Company FROM CampaignMember WHERE LeadId != null \
                AND Lead.IsConverted = false
                """
            let end = try await fixture.ask(
                "enqueue", "--from-soql", query, "--converted-status", "Qualified", "--map",
                "leadId={{LeadId}}", "--map", "opportunityName={{Lead.Company}} - Q3")
            #expect(end.code == 0, "\(end.errors)")
            let jobs = try fixture.queue.jobs()
            #expect(jobs.map { $0.text("lead_id") } == [lead.id])
            #expect(jobs.first?.text("opportunity_name") == "\(lead.company) - Q3")
        }
    }

    @Test(arguments: [
        ("SELECT Nope FROM Lead", "No such column 'Nope'"),
        ("SELEKT Id FROM Lead", "expecting SELECT"),
        ("SELECT Id FROM Nothing", "Nothing"),
    ])
    func `a query that Salesforce refuses ends with 65 and its sentence`(
        _ query: String, sentence: String
    ) async throws {
        try await withFixture { fixture in
            let end = try await fixture.ask(
                "enqueue", "--from-soql", query, "--converted-status", "Qualified")
            #expect(end.code == 65)
            #expect(end.errors.contains(sentence), "\(end.errors)")
            #expect(try fixture.queue.jobs().isEmpty)
        }
    }

    @Test func `a query may stand in a file, and a page that is lost is read again`() async throws {
        try await withFixture {
            $0.leads = 3
        } _: { fixture in
            // As an editor on Windows leaves it.
            try Data("\u{FEFF}# tonight's\r\nSELECT Id\r\nFROM Lead\r\n".utf8)
                .write(to: fixture.folder.appendingPathComponent("night.soql"))
            fixture.simulator.script(.dropAfterCommit, nextCalls: 1, of: .query)
            let end = try await fixture.ask(
                "enqueue", "--from-soql", "@night.soql", "--converted-status", "Qualified")
            #expect(end.code == 0, "\(end.errors)")
            #expect(try fixture.queue.jobs().count == 3)
            let none = try await fixture.ask("enqueue", "--from-soql", "@none.soql")
            #expect(none.code == 66)
        }
    }

    @Test func `a login that is refused ends with 77, and nothing is taken`() async throws {
        try await withFixture {
            $0.clientSecret = "other"
        } _: { fixture in
            let end = try await fixture.ask(
                "enqueue", "--from-soql", "SELECT Id FROM Lead", "--converted-status", "Qualified")
            #expect(end.code == 77)
            #expect(try fixture.queue.calls().map { $0.text("kind") } == ["token"])
        }
    }
}

extension Fixture {
    /// Runs the helper with the daemon's settings.
    func ask(_ arguments: String..., input: String? = nil) async throws -> ProgramEnd {
        try await Program.helper.run(arguments, environment: settings, input: input, in: folder)
    }
}
