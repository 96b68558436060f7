import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// The engine looks for contacts before it converts.
@Suite struct MatchingTests {
    @Test(arguments: [-3_600_000, 3_600_000], [false, true])
    func `a search without an answer waits no longer when the clock is set before that is written`(
        jump: Int64, isSetBeforeTheAnswer: Bool
    ) async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org")])
            var drain = try VirtualDrain(queue)
            guard case .send(let call) = try drain.engine.oneStep(at: drain.now) else {
                Issue.record("No search is sent.")
                return
            }
            let reply = CallReply(.unclear(Reason("QUERY_TIMEOUT", "too long")))
            var right = drain.now + 1
            right.wall = right.wall + jump
            drain.engine.finish(
                call, call.answered(reply), at: isSetBeforeTheAnswer ? right : drain.now)
            _ = try drain.engine.oneStep(at: right)
            let next = try #require(
                try queue.jobs()[0].text("run_at").flatMap { Timestamp($0) })
            #expect(next > right.wall && next - right.wall <= 60_000)
        }
    }

    @Test func `converts into the one contact and makes a new one where there is none`()
        async throws
    {
        try await withQueue { queue in
            try queue.add([(1, "one@example.org"), (2, "none@example.org"), (3, nil)])
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            #expect(drain.sent.map(\.kind) == [.match, .convert])
            guard case .convert(let leads, _) = drain.sent.last else { return }
            #expect(leads.map(\.leadID) == [try .lead(1), try .lead(2), try .lead(3)])
            #expect(leads.map(\.contactID) == [try contact(1), nil, nil])
            #expect(leads.map(\.accountID) == [try account(1), nil, nil])
        }
    }

    @Test(arguments: [0, 30 * 60_000])
    func `what was found holds for the next call, however far apart calls are`(pausedMS: Int64)
        async throws
    {
        try await withQueue { queue in
            try queue.add([(1, "one@example.org")])
            var drain = try VirtualDrain(queue) { ($0.rate, $0.burst) = (0.001, 1) }
            try drain.run(most: 1, answer)
            drain.now = drain.now + pausedMS
            try drain.run(most: 3, answer)
            // A pause is no wait for a token: what was found before it is old.
            #expect(
                drain.sent.map(\.kind)
                    == (pausedMS == 0 ? [.match, .convert] : [.match, .match, .convert]))
        }
    }

    @Test func `fails a lead that two contacts match and names both`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "two@example.org"), (2, "private@example.org")])
            var drain = try VirtualDrain(queue)
            guard case .drained = try drain.run(answer) else {
                Issue.record("not drained")
                return
            }
            #expect(drain.sent.map(\.kind) == [.match])
            let jobs = try queue.jobs()
            #expect(
                jobs.map { $0.text("error_code") }
                    == ["MULTIPLE_CONTACTS_MATCH", "CONTACT_WITHOUT_ACCOUNT"])
            for place in 1...2 {
                let id = try contact(place).description
                #expect(jobs[0].text("error_message")?.contains(id) == true)
            }
        }
    }

    @Test func `a lead is converted into a person account without its contact`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "person@example.org"), (2, "person2@example.org")])
            try queue.run(sql: "UPDATE jobs SET account_id = '\(try account(2))' WHERE id = 2")
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                guard case .searchContacts(let addresses) = request else {
                    return .allConverted(request)
                }
                return CallReply(
                    .foundContacts(
                        try addresses.map { address in
                            let place = address == .email("person@example.org") ? 1 : 2
                            return [
                                FoundContact(
                                    id: try contact(place), accountID: try account(place),
                                    isPersonAccount: true)
                            ]
                        }))
            }
            guard case .convert(let leads, _) = drain.sent.last else { return }
            #expect(leads.map(\.contactID) == [nil, nil])
            #expect(leads.map(\.accountID) == [try account(1), try account(2)])
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
            // What we put in is taken out again before it is searched for once more.
            try queue.run(
                sql: "UPDATE jobs SET state = 'failed', error_code = 'X', error_message = 'x'")
            let change = try queue.operations.retry([.all(.failed)], at: drain.now.wall)
            #expect(change.changed == 2)
            let accounts = try queue.jobs().map { $0.text("account_id") }
            #expect(accounts == [nil, try account(2).description])
        }
    }

    @Test func `looks only within the account that a lead is to join`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "two@example.org"), (2, "one@example.org")])
            try queue.run(sql: "UPDATE jobs SET account_id = '\(try account(2))'")
            var drain = try VirtualDrain(queue) { $0.callSize = 1 }
            try drain.run(answer)
            let asked = drain.sent.compactMap { request in
                if case .convert(let leads, _) = request { leads.map(\.contactID) } else { nil }
            }
            #expect(asked == [[try contact(2)], [nil]])
        }
    }

    @Test func `asks again after an outage and uses no attempt`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "one@example.org")])
            var drain = try VirtualDrain(queue)
            var answers = 0
            try drain.run { request in
                answers += 1
                switch answers {
                case 1: return CallReply(.unclear(Reason("TIMEOUT", "no answer")))
                case 2: return CallReply(.refused(.outage, Reason("UNREACHABLE", "refused")))
                case 3:
                    return CallReply(.refused(.session, Reason("INVALID_SESSION_ID", "expired")))
                default: return try answer(request)
                }
            }
            #expect(drain.sent.map(\.kind) == [.match, .match, .match, .match, .convert])
            let starts = try queue.calls().compactMap { $0.text("started_at") }
            #expect(starts[1] == Moment.ms(30_010).wall.description)
            let job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "converted" && job.number("attempts") == 1)
            #expect(try queue.log().count == 1)
        }
    }

    @Test func `finds the address that breaks a search`() async throws {
        try await withQueue { queue in
            try queue.add((1...50).map { ($0, "p\($0)@example.org") })
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                guard case .searchContacts(let addresses) = request,
                    addresses.contains(.email("p37@example.org"))
                else { return try answer(request) }
                return CallReply(.refused(.callTooLarge, Reason("MALFORMED_QUERY", "unreadable")))
            }
            let failed = try queue.jobs().filter { $0.text("state") != "converted" }
            #expect(failed.map { $0.number("id") } == [37])
            #expect(failed.first?.text("error_code") == "MALFORMED_QUERY")
            #expect(drain.sent.count < 30, "\(drain.sent.map(\.kind))")
        }
    }

    @Test func `an address that always fails costs no search for each of its leads`() async throws {
        try await withQueue { queue in
            try queue.add((1...300).map { ($0, "failing@example.org") })
            try queue.add((301...310).map { ($0, "p\($0)@example.org") })
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                guard case .searchContacts(let addresses) = request,
                    addresses.contains(.email("failing@example.org"))
                else { return try answer(request) }
                return CallReply(.refused(.callTooLarge, Reason("MALFORMED_QUERY", "unreadable")))
            }
            #expect(try queue.jobs().count { $0.text("state") == "failed" } == 300)
            #expect(drain.sent.count < 60, "\(drain.sent.map(\.kind))")
        }
    }

    @Test func `looks for contacts for two calls ahead`() async throws {
        try await withQueue { queue in
            try queue.add((1...600).map { ($0, "p\($0)@example.org") })
            try queue.add(1001...1400)
            var drain = try VirtualDrain(queue)
            try drain.run(most: 6, answer)
            #expect(
                drain.sent.map(\.kind) == [.match, .convert, .match, .convert, .convert, .match])
            try drain.run(answer)
            #expect(drain.sizes.allSatisfy { $0 == 100 })
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test func `looks for each contact once, for many leads at once, however small the calls are`()
        async throws
    {
        try await withQueue { queue in
            try queue.add((1...2000).map { ($0, "p\($0)@example.org") })
            var drain = try VirtualDrain(queue) { $0.callSize = 13 }
            try drain.run(latencyMS: 9000, answer)
            let searches = drain.sent.compactMap { request in
                if case .searchContacts(let addresses) = request { addresses } else { nil }
            }
            #expect(searches.count <= 12, "\(searches.map(\.count))")
            #expect(searches.joined().count == 2000, "what was found never grew old")
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test func `leads of a higher priority are searched for, whatever waits behind others`()
        async throws
    {
        try await withQueue { queue in
            try queue.add((1...300).map { ($0, "p\($0)@example.org") })
            var drain = try VirtualDrain(queue)
            try drain.run(most: 1, answer)
            try queue.add(1001...3000)
            try queue.run(sql: "UPDATE jobs SET priority = 5 WHERE match_email IS NULL")
            try queue.add([(4000, "urgent@example.org")])
            try queue.run(sql: "UPDATE jobs SET priority = 9 WHERE match_email LIKE 'urgent%'")
            try drain.run(most: 5, answer)
            #expect(
                drain.sent.contains { request in
                    if case .convert(let leads, _) = request {
                        leads.contains { $0.matchEmail == "urgent@example.org" }
                    } else {
                        false
                    }
                })
        }
    }

    @Test func `lets the second lead of an address find the contact of the first`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "new@example.org"), (2, "New@Example.org")])
            var drain = try VirtualDrain(queue)
            var isThere = false
            try drain.run { request in
                switch request {
                case .convert: isThere = true
                case .searchContacts where isThere:
                    return CallReply(.foundContacts([[try found(1, in: 1)]]))
                default: break
                }
                return try answer(request)
            }
            #expect(drain.sent.map(\.kind) == [.match, .convert, .match, .convert])
            guard case .convert(let leads, _) = drain.sent.last else { return }
            #expect(leads.map(\.contactID) == [try contact(1)])
        }
    }

    @Test func `leads that share an address take one place in a search, and all join its contact`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(
                (1...1200).map { ($0, $0 % 4 == 0 ? "one@example.org" : "p\($0)@example.org") })
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            let searches = drain.sent.compactMap { request in
                if case .searchContacts(let addresses) = request { addresses } else { nil }
            }
            #expect(searches.count <= 6, "\(searches.map(\.count))")
            #expect(searches.allSatisfy { Set($0).count == $0.count && $0.count <= 200 })
            let shared = try queue.jobs().filter { $0.text("match_email") == "one@example.org" }
            let expected = try contact(1).description
            #expect(shared.count == 300)
            #expect(shared.allSatisfy { $0.text("contact_id") == expected })
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test func `of leads that share an address each goes by its own policy`() async throws {
        try await withQueue { queue in
            var strict = RetryPolicy()
            strict.onNoMatch = .fail
            try queue.operations.set(strict, named: "strict")
            var newest = RetryPolicy()
            newest.onManyMatches = .newest
            try queue.operations.set(newest, named: "newest")
            try add(queue, 1, "new@example.org", policy: "strict")
            try add(queue, 2, "new@example.org")
            try add(queue, 3, "new@example.org", policy: "strict")
            try add(queue, 4, "two@example.org")
            try add(queue, 5, "two@example.org", policy: "newest")
            var drain = try VirtualDrain(queue)
            var isThere = false
            try drain.run { request in
                switch request {
                case .convert(let leads, _):
                    let second = try RecordID.lead(2)
                    isThere = isThere || leads.contains { $0.leadID == second }
                case .searchContacts(let addresses)
                where isThere && addresses == [.email("new@example.org")]:
                    return CallReply(.foundContacts([[try found(4, in: 4)]]))
                default: break
                }
                return try answer(request)
            }
            let jobs = try queue.jobs()
            #expect(
                jobs.map { $0.text("error_code") }
                    == ["NO_CONTACT_MATCHES", nil, nil, "MULTIPLE_CONTACTS_MATCH", nil])
            // The third waited for the contact of the second.
            #expect(
                try jobs.map { $0.text("contact_id") }
                    == [nil, nil, contact(4).description, nil, contact(2).description])
        }
    }

    @Test func `waits for a lead of the same address that is in backoff`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "new@example.org"), (2, "new@example.org")])
            var drain = try VirtualDrain(queue)
            let lock = Reason("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")
            var tries = 0
            let ending = try drain.run { request in
                guard case .convert = request else { return try answer(request) }
                tries += 1
                return tries == 1 ? CallReply(.converted([.transient(lock)])) : try answer(request)
            }
            guard case .drained = ending else {
                Issue.record("not drained")
                return
            }
            #expect(drain.sent.map(\.kind) == [.match, .convert, .convert, .match, .convert])
        }
    }

    @Test func `keeps a search within what a URL holds`() async throws {
        try await withQueue { queue in
            let name = String(repeating: "ä", count: 60)
            try queue.add((1...100).map { ($0, "\(name)\($0)@example.org") })
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            let sizes = drain.sent.compactMap { request in
                if case .searchContacts(let addresses) = request { addresses.count } else { nil }
            }
            #expect(sizes.reduce(0, +) == 100 && sizes.allSatisfy { $0 < 34 }, "\(sizes)")
        }
    }

    // MARK: -

    private func add(
        _ queue: JobQueue, _ lead: Int, _ email: String, policy: String? = nil
    ) throws {
        var options = EnqueueOptions()
        options.policy = policy
        try queue.add([(lead, email)], options)
    }

    /// One contact for `one@`, two for `two@`, one without an account for `private@`.
    private func answer(_ request: CallRequest) throws -> CallReply {
        guard case .searchContacts(let addresses) = request else { return .allConverted(request) }
        return CallReply(
            .foundContacts(
                try addresses.map { address in
                    switch address {
                    case .email("one@example.org"): [try found(1, in: 1)]
                    case .email("two@example.org"): [try found(1, in: 1), try found(2, in: 2)]
                    case .email("private@example.org"):
                        [FoundContact(id: try contact(3), accountID: nil)]
                    default: []
                    }
                }))
    }

    private func found(_ place: Int, in account: Int) throws -> FoundContact {
        FoundContact(id: try contact(place), accountID: try self.account(account))
    }

    private func contact(_ place: Int) throws -> RecordID {
        try RecordID("003Ws000000000\(place)", of: .contact)
    }

    private func account(_ place: Int) throws -> RecordID {
        try RecordID("001Ws000000000\(place)", of: .account)
    }
}
