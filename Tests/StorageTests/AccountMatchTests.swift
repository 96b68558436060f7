import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

/// Groups whose account is searched for before the first of their leads is sent.
@Suite struct AccountMatchTests {
    private let account = "001D000000HRzTRIA1"
    private let other = "001Em00001iG9ezIAC"
    private let contact = "0034C00000UQ6jIQAT"

    @Test func `keeps a group back until its account was searched for, and all of it joins`()
        async throws
    {
        try await withQueue { queue in
            try add(queue, [(1, "Acme"), (2, "ACME"), (3, "Globex")])
            let work = try queue.claims.work(at: .ms(0), countingTo: 9)
            #expect(work.searches == [.account])
            #expect(try claim(queue) == nil)
            let match = try #require(try claimSearch(queue))
            #expect(match.jobs.map(\.id) == [1, 2, 3] && match.groupKeys == ["Acme", "Globex"])
            try settle(queue, match, [.account(try id(account)), nil, .nothing])
            let jobs = try queue.jobs()
            #expect(jobs.map { $0.text("account_id") } == [account, account, nil])
            #expect(try claimSearch(queue) == nil)
            #expect(try claim(queue)?.jobs.map(\.id) == [1, 2, 3])
        }
    }

    @Test func `one lead makes the account that was not found, and the others wait and join it`()
        async throws
    {
        try await withQueue { queue in
            try add(queue, [(1, "Acme"), (2, "Acme")])
            let match = try #require(try claimSearch(queue))
            try settle(queue, match, [.nothing, nil])
            #expect(try claimSearch(queue) == nil)
            let call = try #require(try claim(queue))
            #expect(call.jobs.map(\.id) == [1])
            #expect(try claimSearch(queue) == nil)
            var done = Settlement(call.jobs[0], in: call.id, .converted, to: .converted)
            done.records = ConvertedRecords(
                accountID: account, contactID: contact, opportunityID: nil)
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(9)), [done])
            #expect(try claimSearch(queue) == nil)
            #expect(try claim(queue)?.jobs.map(\.conversion.accountID?.description) == [account])
        }
    }

    @Test func `waits for the maker in backoff, and looks again when it has failed`() async throws {
        try await withQueue { queue in
            try add(queue, [(1, "Acme"), (2, "Acme")])
            let match = try #require(try claimSearch(queue))
            try settle(queue, match, [.nothing, nil])
            let call = try #require(try claim(queue))
            var back = Settlement(call.jobs[0], in: call.id, .retry, to: .queued)
            back.nextRunAt = Moment.ms(5000).wall
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(9)), [back])
            #expect(try claimSearch(queue, at: 10) == nil)
            let second = try #require(try claim(queue, at: 6000))
            let failed = Settlement(second.jobs[0], in: second.id, .failed, to: .failed)
            try queue.settlements.settle(
                CallEnd(callID: second.id, startedAt: .ms(6000), at: .ms(6009)), [failed])
            #expect(try claimSearch(queue, at: 6010)?.jobs.map(\.id) == [2])
        }
    }

    /// So many that those which wait for the maker are put aside.
    @Test func `a group goes on while the note of the lead that made its account waits`()
        async throws
    {
        try await withQueue { queue in
            var maker = try LeadConversion.lead(1)
            (maker.groupKey, maker.matchesAccount) = ("Acme", true)
            maker.followUps = FollowUpRequest()
            maker.followUps?.noteBody = "Summary"
            try queue.enqueue(.init(), at: Moment.ms(0).wall) { _ = try $0.add(maker) }
            try add(queue, (2...400).map { ($0, "ACME") })
            let match = try #require(try claimSearch(queue))
            try settle(queue, match, [.nothing])
            let call = try #require(try claim(queue))
            #expect(call.jobs.map(\.id) == [1])
            #expect(try claimSearch(queue) == nil)
            let aside = try queue.read { database in
                try String?.fetchAll(database, sql: "SELECT deferred_for FROM jobs")
            }.compactMap(\.self)
            #expect(aside.count == 399 && Set(aside) == ["maker acme"])
            var done = Settlement(call.jobs[0], in: call.id, .converted, to: .finishing)
            done.records = ConvertedRecords(
                accountID: account, contactID: contact, opportunityID: nil)
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(9)), [done])
            #expect(try queue.jobs()[0].text("state") == "finishing")
            // One that did not join it has its account searched for meanwhile.
            try queue.run(
                sql: "UPDATE jobs SET account_id = NULL, joined_account = 0 WHERE id = 400")
            let again = try #require(try claimSearch(queue))
            #expect(again.jobs.map(\.id) == [400])
            try settle(queue, again, [.account(try id(other))])
            #expect(try queue.jobs()[399].text("account_id") == other)
            #expect(try claim(queue)?.jobs.map(\.id) == Array(2...101))
        }
    }

    @Test func `the contact is searched for first, then the account`() async throws {
        try await withQueue { queue in
            try add(queue, [(1, "Acme"), (2, "Acme")], email: { "p\($0)@example.org" })
            #expect(try claimSearch(queue) == nil)
            let contacts = try #require(
                try queue.claims.claimSearch(
                    .contact, upTo: 9, CallStart(at: .ms(0)), choosing: { $0 }))
            try queue.settlements.settle(
                CallEnd(callID: contacts.id, startedAt: .ms(0), at: .ms(8)), [],
                [
                    MatchFinding(contacts.jobs[0], .nothing),
                    MatchFinding(
                        contacts.jobs[1],
                        .contact(try RecordID(contact, of: .contact), account: try id(other))),
                ])
            let match = try #require(try claimSearch(queue))
            #expect(match.jobs.map(\.id) == [1])
            try settle(queue, match, [.account(try id(account))])
            #expect(try queue.jobs().map { $0.text("account_id") } == [account, other])
        }
    }

    @Test func `a finding comes too late for a group of which a lead is on its way`() async throws {
        try await withQueue { queue in
            try add(queue, [(1, "Acme")])
            let match = try #require(try claimSearch(queue))
            var plain = try LeadConversion.lead(2)
            plain.groupKey = "acme"
            try queue.enqueue(.init(), at: Moment.ms(0).wall) { _ = try $0.add(plain) }
            #expect(try claim(queue)?.jobs.map(\.id) == [2])
            try settle(queue, match, [.account(try id(account))])
            #expect(try queue.jobs().map { $0.text("account_id") } == [nil, nil])
            #expect(try claimSearch(queue) == nil)
        }
    }

    @Test func `looks again after a retry, and after a pause`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "b"
            try add(queue, [(1, "Acme"), (2, "Globex")], options)
            let match = try #require(try claimSearch(queue))
            try settle(queue, match, [.account(try id(account)), .nothing])
            let call = try #require(try claim(queue, upTo: 1))
            let failed = Settlement(call.jobs[0], in: call.id, .failed, to: .failed)
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(9)), [failed])
            _ = try queue.operations.retry([.all(.failed)], at: Moment.ms(10).wall)
            #expect(try queue.jobs()[0].text("account_id") == nil)
            try queue.operations.pause(true, batch: "b", at: Moment.ms(20).wall)
            try queue.operations.pause(false, batch: "b", at: Moment.ms(30).wall)
            #expect(try claimSearch(queue, at: 40)?.jobs.map(\.id) == [2, 1])
        }
    }

    @Test func `a new lead of a group that has its account needs no search`() async throws {
        try await withQueue { queue in
            try add(queue, [(1, "Acme")])
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'converted', result_account_id = '\(account)',
                        finished_at = updated_at
                    """)
            try add(queue, [(2, "Acme")])
            try add(queue, [(3, "Acme")], email: { _ in "ada@example.org" })
            #expect(try queue.jobs().map { $0.text("account_id") } == [nil, account, nil])
            #expect(try claimSearch(queue) == nil)
            // The third has its contact searched for in all accounts, and then joins its group's.
            let contacts = try #require(
                try queue.claims.claimSearch(
                    .contact, upTo: 9, CallStart(at: .ms(0)), choosing: { $0 }))
            try queue.settlements.settle(
                CallEnd(callID: contacts.id, startedAt: .ms(0), at: .ms(8)), [],
                [MatchFinding(contacts.jobs[0], .nothing)])
            #expect(try queue.jobs()[2].text("account_id") == account)
        }
    }

    // MARK: -

    private func add(
        _ queue: JobQueue, _ leads: [(Int, String)], _ options: EnqueueOptions = .init(),
        email: (Int) -> String? = { _ in nil }
    ) throws {
        try queue.enqueue(options, at: Moment.ms(0).wall) { queue in
            for (number, group) in leads {
                var lead = try LeadConversion.lead(number)
                (lead.groupKey, lead.matchesAccount) = (group, true)
                lead.matchEmail = email(number)
                try queue.add(lead)
            }
        }
    }

    private func id(_ account: String) throws -> RecordID { try RecordID(account, of: .account) }

    private func claim(
        _ queue: JobQueue, upTo size: Int = 100, at ms: Int64 = 0
    ) throws -> ClaimedCall? {
        try queue.claims.claim(upTo: size, CallStart(at: .ms(ms)), choosing: { $0 })
    }

    private func claimSearch(_ queue: JobQueue, at ms: Int64 = 0) throws -> ClaimedSearch? {
        try queue.claims.claimSearch(.account, upTo: 9, CallStart(at: .ms(ms)), choosing: { $0 })
    }

    private func settle(
        _ queue: JobQueue, _ match: ClaimedSearch, _ results: [MatchFinding.Result?]
    ) throws {
        let findings = zip(match.jobs, results).compactMap { job, result in
            result.map { MatchFinding(job, $0, of: .account) }
        }
        try queue.settlements.settle(
            CallEnd(callID: match.id, startedAt: .ms(0), at: .ms(8)), [], findings)
    }
}

/// What becomes of what was found when time goes by, and of accounts that are gone.
@Suite struct StaleMatchTests {
    private let dead = "001D000000HRzTRIA1"
    private let other = "001Em00001iG9ezIAC"

    @Test func `what was found long ago is searched for again before it is used`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org"), (2, "grace@example.org")])
            try add(queue, 3)
            let contacts = try #require(
                try queue.claims.claimSearch(
                    .contact, upTo: 9, CallStart(at: .ms(0)), choosing: { $0 }))
            let account = try RecordID(dead, of: .account)
            try queue.settlements.settle(
                CallEnd(callID: contacts.id, startedAt: .ms(0), at: .ms(8)), [],
                [
                    MatchFinding(contacts.jobs[0], .nothing),
                    MatchFinding(
                        contacts.jobs[1],
                        .contact(
                            try RecordID("0034C00000UQ6jIQAT", of: .contact), account: account)),
                ])
            let accounts = try #require(
                try queue.claims.claimSearch(
                    .account, upTo: 9, CallStart(at: .ms(0)), choosing: { $0 }))
            try queue.settlements.settle(
                CallEnd(callID: accounts.id, startedAt: .ms(0), at: .ms(8)), [],
                [MatchFinding(accounts.jobs[0], .account(account), of: .account)])
            let late: Int64 = 16 * 60_000
            #expect(
                try queue.claims.claim(upTo: 9, CallStart(at: .ms(late)), choosing: { $0 }) == nil)
            for column in ["account_id", "contact_id"] {
                #expect(try queue.jobs().allSatisfy { $0.text(column) == nil })
            }
            let again = try queue.claims.claimSearch(
                .contact, upTo: 9, CallStart(at: .ms(late)), choosing: { $0 })
            #expect(again?.jobs.map(\.id) == [1, 2])
        }
    }

    @Test
    func `a lead goes without the account of its group when that is gone, and so do new ones`()
        async throws
    {
        try await withQueue { queue in
            try add(queue, 1, searches: false)
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'converted', result_account_id = '\(dead)',
                        finished_at = updated_at
                    """)
            try add(queue, 2, searches: false)
            let call = try #require(
                try queue.claims.claim(upTo: 9, CallStart(at: .ms(0)), choosing: { $0 }))
            #expect(call.jobs[0].mayDropAccount)
            var back = Settlement(call.jobs[0], in: call.id, .notSent, to: .queued)
            back.redirection = .withoutAccount
            try settle(queue, call, back)
            let second = try #require(
                try queue.claims.claim(upTo: 9, CallStart(at: .ms(10)), choosing: { $0 }))
            #expect(second.jobs[0].conversion.accountID == nil)
            #expect(!second.jobs[0].mayDropAccount)
            var done = Settlement(second.jobs[0], in: second.id, .converted, to: .converted)
            done.records = ConvertedRecords(
                accountID: other, contactID: nil, opportunityID: nil)
            try settle(queue, second, done)
            try add(queue, 3, searches: false)
            #expect(try queue.jobs()[2].text("account_id") == other)
        }
    }

    @Test func `a retry does not join the account again that the lead was refused with`()
        async throws
    {
        try await withQueue { queue in
            try add(queue, 1, searches: false)
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'converted', result_account_id = '\(dead)',
                        finished_at = updated_at
                    """)
            try add(queue, 2, searches: false)
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'failed', error_code = 'ENTITY_IS_DELETED',
                        finished_at = updated_at
                    WHERE id = 2
                    """)
            _ = try queue.operations.retry([.all(.failed)], at: Moment.ms(10).wall)
            #expect(try queue.jobs()[1].text("account_id") == nil)
        }
    }

    @Test func `a retry keeps the account of a group whose first lead was pruned`() async throws {
        try await withQueue { queue in
            try add(queue, 1, searches: false)
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'failed', error_code = 'X', finished_at = updated_at,
                        account_id = '\(dead)', joined_account = 1
                    """)
            _ = try queue.operations.retry([.all(.failed)], at: Moment.ms(10).wall)
            #expect(try queue.jobs()[0].text("account_id") == dead)
        }
    }

    // MARK: -

    private func add(_ queue: JobQueue, _ number: Int, searches: Bool = true) throws {
        try queue.enqueue(.init(), at: Moment.ms(0).wall) { queue in
            var lead = try LeadConversion.lead(number)
            (lead.groupKey, lead.matchesAccount) = ("Acme", searches)
            try queue.add(lead)
        }
    }

    private func settle(_ queue: JobQueue, _ call: ClaimedCall, _ settlement: Settlement) throws {
        try queue.settlements.settle(
            CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(9)), [settlement])
    }
}
