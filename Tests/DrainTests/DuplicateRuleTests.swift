import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// Leads that a duplicate rule stops, and that join what it names.
@Suite struct DuplicateRuleTests {
    private static let stopped = Reason("DUPLICATES_DETECTED", "Use one of these records?")

    @Test func `a lead that an unclear call carried joins as any other does`() async throws {
        try await withQueue { queue in
            try joinDuplicates(queue)
            try queue.add(1...1)
            let account = try RecordID("001Ws0000000009", of: .account)
            var drain = try VirtualDrain(queue)
            var calls = 0
            try drain.run { request in
                switch request {
                case .verify(let leads):
                    return CallReply(.verified(leads.map { _ in .notConverted }))
                case .convert(let leads, _):
                    calls += 1
                    if calls == 1 { return CallReply(.unclear(Reason("TIMEOUT", "no answer"))) }
                    return leads[0].accountID == account
                        ? .allConverted(request) : stopped(leads, leads.map(\.leadID), by: account)
                default: return .allConverted(request)
                }
            }
            let job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "converted")
            #expect(job.text("account_id") == account.description)
            #expect(calls == 3)
        }
    }

    @Test func `the group of a lead that joins an account goes there with it`() async throws {
        try await withQueue { queue in
            try joinDuplicates(queue)
            try queue.add(1...4)
            try queue.run(sql: "UPDATE jobs SET group_key = 'Acme' WHERE id IN (1, 4)")
            let account = try RecordID("001Ws0000000009", of: .account)
            // The other of the group would make an account, being next in line.
            let refused: [RecordID] = try [.lead(1)]
            var drain = try VirtualDrain(queue) { $0.callSize = 2 }
            try drain.run { request in
                guard case .convert(let leads, _) = request,
                    leads.contains(where: { refused.contains($0.leadID) && $0.accountID == nil })
                else { return .allConverted(request) }
                return stopped(leads, refused, by: account)
            }
            let accounts = try queue.jobs().map { $0.text("account_id") }
            #expect(accounts == [account.description, nil, nil, account.description])
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test func `an account is gone for a lead in doubt only once it is read`() async throws {
        try await withQueue { queue in
            let gone = try RecordID("001Ws0000000009", of: .account)
            try queue.add(1...1)
            try queue.run(
                sql: """
                    UPDATE jobs SET group_key = 'Acme';
                    UPDATE jobs SET account_id = '\(gone)', joined_account = 1, may_be_converted = 1
                    """)
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                switch request {
                case .verify(let leads):
                    return CallReply(.verified(leads.map { _ in .notConverted }))
                case .convert(let leads, _) where leads[0].accountID == gone:
                    let reason = Reason("ENTITY_IS_DELETED", "entity is deleted")
                    return CallReply(.converted([.permanent(reason)]))
                default: return .allConverted(request)
                }
            }
            #expect(drain.sent.map(\.kind) == [.convert, .verify, .convert])
            let job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "converted")
            #expect(job.text("account_id") == nil)
        }
    }

    @Test
    func `a queue's lead that is refused with a code nobody knows goes to the fallback owner`()
        async throws
    {
        try await withQueue { queue in
            let owner = try RecordID("005Ws0000000009", of: .user)
            var policy = RetryPolicy()
            policy.fallbackOwner = owner
            try queue.operations.set(policy, named: "default")
            try queue.add(1...1)
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                switch request {
                case .verify(let leads):
                    return CallReply(.verified(leads.map { _ in .ownedByQueue }))
                case .convert(let leads, _) where leads[0].ownerID != owner:
                    return CallReply(.converted([.unlisted(Reason("QUEUE_OWNED", "no"))]))
                default: return .allConverted(request)
                }
            }
            #expect(drain.sent.map(\.kind) == [.convert, .verify, .convert])
            let job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "converted" && job.number("attempts") == 1)
        }
    }

    private func joinDuplicates(_ queue: JobQueue) throws {
        var policy = RetryPolicy()
        policy.onDuplicates = .join
        try queue.operations.set(policy, named: "default")
    }

    /// Those of the leads that name no account are stopped; the others are converted.
    private func stopped(
        _ leads: [LeadConversion], _ group: [RecordID], by account: RecordID
    ) -> CallReply {
        let done = ConvertedRecords(
            accountID: "001Ws0000000001AAA", contactID: nil, opportunityID: nil)
        return CallReply(
            .converted(
                leads.map { lead in
                    lead.accountID == nil && group.contains(lead.leadID)
                        ? .duplicate(Self.stopped, DuplicateRecords(accounts: [account]))
                        : .converted(done)
                }))
    }
}
