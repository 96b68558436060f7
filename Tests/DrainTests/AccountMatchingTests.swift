import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// The engine looks for the accounts of groups before it converts.
@Suite struct AccountMatchingTests {
    @Test func `a group joins the one account of its name and makes one where there is none`()
        async throws
    {
        try await withQueue { queue in
            try add(queue, [(1, "One"), (2, "one"), (3, "None"), (4, "None"), (5, nil)])
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            guard case .searchAccounts(let values) = drain.sent.first else {
                Issue.record("\(drain.sent)")
                return
            }
            #expect(values == ["One", "None"])
            #expect(drain.sent.map(\.kind) == [.match, .convert, .convert])
            let accounts = try queue.jobs().map { $0.text("account_id") }
            let one = try account(1).description
            #expect(accounts == [one, one, nil, Self.made, nil])
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test func `a group is told once of the account that all of it joins`() async throws {
        try await withQueue { queue in
            try add(queue, (1...500).map { ($0, $0 % 2 == 0 ? "One" : "one") })
            var drain = try VirtualDrain(queue)
            guard case .send(let call) = try drain.engine.oneStep(at: drain.now) else {
                Issue.record("no search")
                return
            }
            drain.engine.finish(call, call.answered(try answer(call.request)), at: drain.now)
            #expect(drain.engine.unwritten.map(\.findings.count) == [1])
            try drain.engine.writeKeptAnswers(at: drain.now)
            let one = try account(1).description
            #expect(try queue.jobs().allSatisfy { $0.text("account_id") == one })
        }
    }

    @Test func `several accounts fail all leads of the group at once, without an attempt`()
        async throws
    {
        try await withQueue { queue in
            try add(queue, [(1, "Two"), (2, "Two")])
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            #expect(drain.sent.map(\.kind) == [.match])
            for job in try queue.jobs() {
                #expect(job.text("error_code") == "MULTIPLE_ACCOUNTS_MATCH")
                #expect(job.number("attempts") == 0)
                for place in 1...2 {
                    let id = try account(place).description
                    #expect(job.text("error_message")?.contains(id) == true)
                }
            }
        }
    }

    @Test(arguments: [(RetryPolicy.OnManyMatches.oldest, 1), (.newest, 2)])
    func `a policy says which of several is meant`(
        _ rule: RetryPolicy.OnManyMatches, place: Int
    ) async throws {
        try await withQueue { queue in
            var policy = RetryPolicy()
            policy.onManyMatches = rule
            try queue.operations.set(policy, named: "default")
            try add(queue, [(1, "Two"), (2, nil)])
            try queue.run(
                sql: "UPDATE jobs SET match_email = 'two@example.org' WHERE id = 2")
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            let jobs = try queue.jobs()
            let expected = try account(place).description
            #expect(jobs.map { $0.text("account_id") } == [expected, expected])
            #expect(jobs.map { $0.text("state") } == ["converted", "converted"])
        }
    }

    @Test func `a policy converts only what matches`() async throws {
        try await withQueue { queue in
            var policy = RetryPolicy()
            policy.onNoMatch = .fail
            try queue.operations.set(policy, named: "default")
            try add(queue, [(1, "None"), (2, "One"), (3, nil), (4, "One"), (5, "None")])
            try queue.run(
                sql: "UPDATE jobs SET match_email = 'none' || id || '@example.org' WHERE id > 2")
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            let codes = try queue.jobs().map { $0.text("error_code") }
            #expect(
                codes == [
                    "NO_ACCOUNT_MATCHES", nil, "NO_CONTACT_MATCHES", nil, "NO_ACCOUNT_MATCHES",
                ])
        }
    }

    @Test func `a search that gets no answer is made again and uses no attempt`() async throws {
        try await withQueue { queue in
            try add(queue, [(1, "One"), (2, nil)])
            var drain = try VirtualDrain(queue)
            var isFirst = true
            try drain.run { request in
                guard case .searchAccounts = request, isFirst else { return try answer(request) }
                isFirst = false
                return CallReply(.unclear(Reason("TIMEOUT", "no answer")))
            }
            #expect(drain.sent.map(\.kind) == [.match, .convert, .match, .convert])
            #expect(try queue.jobs().map { $0.number("attempts") } == [1, 1])
        }
    }

    @Test func `finds the group that breaks a search`() async throws {
        try await withQueue { queue in
            try add(queue, (1...60).map { ($0, "Company \($0)") })
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                guard case .searchAccounts(let values) = request, values.contains("Company 37")
                else { return try answer(request) }
                return CallReply(.refused(.callTooLarge, Reason("MALFORMED_QUERY", "unreadable")))
            }
            let failed = try queue.jobs().filter { $0.text("state") != "converted" }
            #expect(failed.map { $0.number("id") } == [37])
            #expect(failed.first?.text("error_code") == "MALFORMED_QUERY")
        }
    }

    @Test func `a field that the org lacks ends the daemon and fails no lead`() async throws {
        try await withQueue { queue in
            try add(queue, [(1, "One")])
            var drain = try VirtualDrain(queue)
            let reason = Reason(ours: "MATCH_FIELD_UNKNOWN", "set it")
            guard
                case .fault(let fault) = try drain.run({ _ in
                    CallReply(.refused(.configuration, reason))
                })
            else {
                Issue.record("went on")
                return
            }
            #expect(fault.status == .configuration)
            #expect(try queue.jobs().map { $0.text("state") } == ["queued"])
        }
    }

    @Test func `a field that the org lacks keeps no other lead waiting, and is seldom asked for`()
        async throws
    {
        try await withQueue { queue in
            try add(queue, (1...600).map { ($0, "Company \($0)") })
            try queue.add(1001...2000)
            var drain = try VirtualDrain(queue)
            let reason = Reason(ours: "MATCH_FIELD_UNKNOWN", "set it")
            var isThere = false
            let answered = { (request: CallRequest) throws -> CallReply in
                guard case .searchAccounts = request, !isThere else { return try answer(request) }
                return CallReply(.refused(.configuration, reason))
            }
            // It waits for what may still be enqueued.
            drain.engine.adopt(drain.engine.options.lasting, at: drain.now)
            let hour: Int64 = 3_600_000
            while drain.now.since(.ms(0)) < hour, drain.sent.count < 200 {
                let ending = try drain.run(most: drain.sent.count + 1, latencyMS: 1000, answered)
                #expect(ending == nil)
            }
            let states = try queue.jobs().map { $0.text("state") }
            #expect(states.count { $0 == "converted" } == 1000)
            #expect(drain.sent.count { $0.kind == .match } <= 10)
            #expect(try queue.jobs().prefix(600).allSatisfy { $0.number("attempts") == 0 })
            isThere = true
            try drain.run(answered)
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test func `asks about 200 groups at most, with all their leads`() async throws {
        try await withQueue { queue in
            try add(queue, (1...600).map { ($0, "Company \($0 % 300)") })
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            let sizes = drain.sent.compactMap { request in
                if case .searchAccounts(let values) = request { values.count } else { nil }
            }
            #expect(sizes.reduce(0, +) == 300 && sizes.allSatisfy { $0 <= 200 }, "\(sizes)")
        }
    }

    // MARK: -

    private static let made = RecordID(stem: "001Ws0000000099", of: .account)?.description

    private func add(_ queue: JobQueue, _ leads: [(Int, String?)]) throws {
        try queue.enqueue(.init(), at: Moment.ms(0).wall) { queue in
            for (number, group) in leads {
                var lead = try LeadConversion.lead(number)
                (lead.groupKey, lead.matchesAccount) = (group, group != nil)
                try queue.add(lead)
            }
        }
    }

    /// One account for `One`, two for `Two`; who makes one makes the last.
    private func answer(_ request: CallRequest) throws -> CallReply {
        switch request {
        case .searchAccounts(let values):
            CallReply(
                .foundAccounts(
                    try values.map { value in
                        switch value {
                        case "One", "one": [try account(1)]
                        case "Two": [try account(1), try account(2)]
                        default: []
                        }
                    }))
        case .searchContacts(let keys):
            CallReply(
                .foundContacts(
                    try keys.map { key in
                        guard key == .email("two@example.org") else { return [] }
                        return try (1...2).map { place in
                            FoundContact(
                                id: try RecordID("003Ws000000000\(place)", of: .contact),
                                accountID: try account(place))
                        }
                    }))
        case .convert(let leads, _):
            CallReply(
                .converted(
                    leads.map { lead in
                        .converted(
                            ConvertedRecords(
                                accountID: lead.accountID?.description ?? Self.made,
                                contactID: "003Ws0000000099AAA", opportunityID: nil))
                    }))
        default: .allConverted(request)
        }
    }

    private func account(_ place: Int) throws -> RecordID {
        try RecordID("001Ws000000000\(place)", of: .account)
    }
}

extension DrainOptions {
    /// Not to end once nothing is left.
    fileprivate var lasting: DrainOptions {
        var lasting = self
        lasting.untilEmpty = false
        return lasting
    }
}
