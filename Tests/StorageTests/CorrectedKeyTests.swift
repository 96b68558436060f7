import Conversion
import TestSupport
import Testing

@testable import Storage

/// Jobs of which somebody corrects, before they are sent, the address or the key that they are searched for by.
@Suite struct CorrectedKeyTests {
    private let account = "001D000000HRzTRIA1"
    private let other = "001Em00001iG9ezIAC"
    private let contact = "0034C00000UQ6jIQAT"

    @Test(arguments: ["queued", "held"])
    func `what the wrong address has found is searched for again`(state: String) async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org")])
            try settle(
                queue, try #require(try search(queue)),
                .contact(try contactID, account: try id(account)))
            try queue.run(sql: "UPDATE jobs SET state = '\(state)'")
            try queue.run(sql: "UPDATE jobs SET match_email = 'ADA@example.org'")
            #expect(try queue.jobs()[0].text("contact_id") == contact)
            try queue.run(sql: "UPDATE jobs SET match_email = 'grace@example.org'")
            try queue.run(sql: "UPDATE jobs SET state = 'queued'")
            let job = try #require(try queue.jobs().first)
            #expect(job.text("contact_id") == nil && job.text("account_id") == nil)
            #expect(try search(queue)?.jobs.map(\.conversion.matchEmail) == ["grace@example.org"])
        }
    }

    @Test func `the given account stays when the address is corrected`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org")])
            try queue.run(sql: "UPDATE jobs SET account_id = '\(account)'")
            try settle(
                queue, try #require(try search(queue)),
                .contact(try contactID, account: try id(account)))
            try queue.run(sql: "UPDATE jobs SET match_email = NULL")
            let job = try #require(try queue.jobs().first)
            #expect(job.text("contact_id") == nil && job.text("account_id") == account)
        }
    }

    @Test func `the account of its group stays when the address is corrected`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org")])
            try queue.run(sql: "UPDATE jobs SET group_key = 'Acme'")
            try queue.run(sql: "UPDATE jobs SET account_id = '\(account)', joined_account = 1")
            try queue.run(sql: "UPDATE jobs SET match_email = 'grace@example.org'")
            #expect(try queue.jobs()[0].text("account_id") == account)
            try queue.run(sql: "UPDATE jobs SET group_key = 'Globex'")
            #expect(try queue.jobs()[0].text("account_id") == nil)
        }
    }

    @Test func `what is given together with the correction stays`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org")])
            let found = try RecordID("003D000000HRzTR", of: .contact)
            try settle(
                queue, try #require(try search(queue)), .contact(found, account: try id(account)))
            try queue.run(
                sql: "UPDATE jobs SET match_email = NULL, contact_id = '\(contact)'")
            let job = try #require(try queue.jobs().first)
            #expect(job.text("contact_id") == contact && job.text("account_id") == account)
            #expect(
                try queue.claims.claim(upTo: 9, CallStart(at: .ms(9)), choosing: { $0 })?
                    .jobs.count == 1)
        }
    }

    @Test func `an answer about an address that was corrected meanwhile is none`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org"), (2, "x@example.org"), (3, "y@example.org")])
            let asked = try #require(try search(queue))
            try queue.run(sql: "UPDATE jobs SET match_email = 'new' || match_email")
            let unfit = Reason("MULTIPLE_CONTACTS_MATCH", "two")
            try queue.settlements.settle(
                CallEnd(callID: asked.id, startedAt: .ms(0), at: .ms(8)), [],
                [
                    MatchFinding(
                        asked.jobs[0], .contact(try contactID, account: try id(account))),
                    MatchFinding(asked.jobs[1], .nothing),
                    MatchFinding(asked.jobs[2], .unfit(unfit)),
                ])
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "queued" })
            #expect(try search(queue)?.jobs.map(\.id) == [1, 2, 3])
        }
    }

    @Test func `a lead of another group leaves the account of the wrong one and joins its own`()
        async throws
    {
        try await withQueue { queue in
            try addGroup(queue, 1, "Globex")
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'converted', result_account_id = '\(other)',
                        finished_at = updated_at
                    """)
            try addGroup(queue, 2, "Acme", searches: true)
            let asked = try #require(try searchAccounts(queue))
            try settle(queue, asked)
            #expect(try queue.jobs()[1].text("account_id") == account)
            try queue.run(sql: "UPDATE jobs SET group_key = 'Globex' WHERE id = 2")
            #expect(try queue.jobs()[1].text("account_id") == other)
            try queue.run(sql: "UPDATE jobs SET group_key = 'Initech' WHERE id = 2")
            #expect(try queue.jobs()[1].text("account_id") == nil)
            #expect(try searchAccounts(queue)?.groupKeys == ["Initech"])
        }
    }

    @Test func `an answer about a key that was corrected meanwhile is none`() async throws {
        try await withQueue { queue in
            try addGroup(queue, 1, "Acme", searches: true)
            let asked = try #require(try searchAccounts(queue))
            try queue.run(sql: "UPDATE jobs SET group_key = 'Globex'")
            try queue.settlements.settle(
                CallEnd(callID: asked.id, startedAt: .ms(0), at: .ms(8)), [],
                [MatchFinding(asked.jobs[0], .nothing, of: .account)])
            #expect(try searchAccounts(queue)?.groupKeys == ["Globex"])
        }
    }

    // MARK: -

    private var contactID: RecordID { get throws { try RecordID(contact, of: .contact) } }

    private func id(_ text: String) throws -> RecordID { try RecordID(text, of: .account) }

    private func addGroup(
        _ queue: JobQueue, _ number: Int, _ group: String, searches: Bool = false
    ) throws {
        try queue.enqueue(.init(), at: Moment.ms(0).wall) { queue in
            var lead = try LeadConversion.lead(number)
            (lead.groupKey, lead.matchesAccount) = (group, searches)
            try queue.add(lead)
        }
    }

    private func search(_ queue: JobQueue) throws -> ClaimedSearch? {
        try queue.claims.claimSearch(.contact, upTo: 9, CallStart(at: .ms(0)), choosing: { $0 })
    }

    private func searchAccounts(_ queue: JobQueue) throws -> ClaimedSearch? {
        try queue.claims.claimSearch(.account, upTo: 9, CallStart(at: .ms(0)), choosing: { $0 })
    }

    private func settle(
        _ queue: JobQueue, _ match: ClaimedSearch, _ result: MatchFinding.Result
    ) throws {
        try queue.settlements.settle(
            CallEnd(callID: match.id, startedAt: .ms(0), at: .ms(8)), [],
            match.jobs.map { MatchFinding($0, result) })
    }

    private func settle(_ queue: JobQueue, _ match: ClaimedSearch) throws {
        try queue.settlements.settle(
            CallEnd(callID: match.id, startedAt: .ms(0), at: .ms(8)), [],
            [MatchFinding(match.jobs[0], .account(try id(account)), of: .account)])
    }
}
