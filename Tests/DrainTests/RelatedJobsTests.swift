import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// Leads that share an account, or are to.
@Suite struct RelatedJobsTests {
    private let account = "001D000000HRzTRIA1"

    @Test func `makes one account for a group`() async throws {
        try await withQueue { queue in
            try enqueue(1...6, in: queue) { $0 == 6 ? nil : $0 == 5 ? "other" : "Acme" }
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            // One of each group and the one of none; then the rest, with the account.
            #expect(drain.sizes == [3, 3])
            guard case .convert(let rest, _) = drain.sent.last else { return }
            #expect(rest.allSatisfy { $0.accountID?.description == account })
            // One that comes later joins it, too.
            try enqueue(7...7, in: queue) { _ in "ACME" }
            #expect(try queue.jobs().last?.text("account_id") == account)
        }
    }

    @Test func `fills calls although leads of one group stand one after the other`() async throws {
        try await withQueue { queue in
            try enqueue(1...300, in: queue) { "Company \(($0 - 1) / 30)" }
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            // One of each of the ten, and all others join the account that it made.
            #expect(drain.sizes == [10, 100, 100, 90])
        }
    }

    @Test(arguments: [0, 200])
    func `takes nothing of a batch that a row behind the first hundred pauses`(others: Int)
        async throws
    {
        try await withQueue { queue in
            try queue.run(
                sql: """
                    INSERT INTO policies (name, on_failure) VALUES ('strict', 'pause');
                    INSERT INTO batches (name, policy) VALUES ('one', 'strict')
                    """)
            try enqueue(1...200, in: queue) { "Company \(($0 - 1) / 30)" }
            try queue.run(
                sql: """
                    UPDATE jobs SET batch_id = 1;
                    UPDATE jobs SET extra = '{"a": 1}' WHERE id = 150
                    """)
            // Leads of nobody's company fill the call.
            if others > 0 { try enqueue(201...(200 + others), in: queue) { _ in nil } }
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            #expect(drain.sizes.reduce(0, +) == others)
            let states = try queue.jobs().map { $0.text("state") }
            #expect(states.count { $0 == "held" } == 199)
            #expect(states.count { $0 == "converted" } == others)
        }
    }

    @Test func `lets the next of a group try when the first fails`() async throws {
        try await withQueue { queue in
            try enqueue(1...2, in: queue) { _ in "Acme" }
            var drain = try VirtualDrain(queue)
            let wrong = Reason("INVALID_STATUS", "invalid convertedStatus")
            var answers = 0
            try drain.run { request in
                answers += 1
                return answers == 1 ? CallReply(.converted([.permanent(wrong)])) : answer(request)
            }
            #expect(drain.sizes == [1, 1])
            #expect(try queue.jobs().map { $0.text("state") } == ["failed", "converted"])
        }
    }

    @Test func `keeps a group waiting while its first is in doubt`() async throws {
        try await withQueue { queue in
            try enqueue(1...2, in: queue) { _ in "Acme" }
            var drain = try VirtualDrain(queue)
            try drain.run(most: 2) { request in
                if case .verify = request { return .noneConverted(request) }
                return CallReply(.unclear(Reason("TIMEOUT", "no answer")))
            }
            #expect(drain.sent.map(\.kind) == [.convert, .verify])
            try drain.run(most: 3, answer)
            #expect(drain.sent.map(\.kind) == [.convert, .verify, .verify])
        }
    }

    @Test func `waits to join the account of another of its group`() async throws {
        try await withQueue { queue in
            try queue.enqueue(EnqueueOptions(), at: Moment.ms(0).wall) { enqueuing in
                for number in 1...2 {
                    var lead = try LeadConversion.lead(number)
                    lead.groupKey = number == 1 ? "Acme" : "ACME"
                    if number == 2 { lead.accountID = try RecordID(account, of: .account) }
                    try enqueuing.add(lead)
                }
            }
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            #expect(drain.sizes == [1, 1])
            #expect(try queue.jobs().allSatisfy { $0.text("account_id") == account })
        }
    }

    @Test func `delays the others of a locked account`() async throws {
        try await withQueue { queue in
            try queue.enqueue(EnqueueOptions(), at: Moment.ms(0).wall) { enqueuing in
                for number in 1...3 {
                    var lead = try LeadConversion.lead(number)
                    if number < 3 { lead.accountID = try RecordID(account, of: .account) }
                    try enqueuing.add(lead)
                }
            }
            var drain = try VirtualDrain(queue) { $0.callSize = 1 }
            let lock = Reason("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")
            var answers = 0
            try drain.run { request in
                answers += 1
                return answers == 1 ? CallReply(.converted([.transient(lock)])) : answer(request)
            }
            let log = try queue.log().compactMap { $0.number("job_id") }
            #expect(log == [1, 3, 1, 2] || log == [1, 3, 2, 1])
            let starts = try queue.calls().compactMap { $0.text("started_at") }
            let free = Moment.ms(10 + 10_000).wall.description
            #expect(starts.filter { $0 >= free }.count == 2)
            #expect(try queue.jobs().map { $0.number("attempts") } == [2, 1, 1])
        }
    }

    @Test func `a locked lead keeps the others of its account back for a minute at most`()
        async throws
    {
        try await withQueue { queue in
            let day: Int64 = 86_400_000
            try queue.operations.set(
                RetryPolicy(baseDelayMS: day, maxDelayMS: day, jitter: 0), named: "default")
            try enqueueOfOneAccount(2, in: queue)
            var drain = try VirtualDrain(queue) { $0.callSize = 1 }
            let lock = Reason("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")
            var answers = 0
            try drain.run(most: 2) { request in
                answers += 1
                return answers == 1 ? CallReply(.converted([.transient(lock)])) : answer(request)
            }
            #expect(drain.now.since(.ms(0)) <= 62_000)
            #expect(try queue.jobs().map { $0.text("state") } == ["queued", "converted"])
        }
    }

    @Test
    func `a locked lead delays no other when another of its account was converted beside it`()
        async throws
    {
        try await withQueue { queue in
            try enqueueOfOneAccount(3, in: queue)
            var drain = try VirtualDrain(queue) { $0.callSize = 2 }
            let lock = Reason("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")
            var answers = 0
            try drain.run(most: 2) { request in
                answers += 1
                guard answers == 1, case .converted(let leads) = answer(request).outcome else {
                    return answer(request)
                }
                return CallReply(.converted([.transient(lock), leads[1]]))
            }
            #expect(drain.now.since(.ms(0)) < 5000)
            #expect(
                try queue.jobs().map { $0.text("state") } == ["queued", "converted", "converted"])
        }
    }

    private func enqueueOfOneAccount(_ count: Int, in queue: JobQueue) throws {
        try queue.enqueue(EnqueueOptions(), at: Moment.ms(0).wall) { enqueuing in
            for number in 1...count {
                var lead = try LeadConversion.lead(number)
                lead.accountID = try RecordID(account, of: .account)
                try enqueuing.add(lead)
            }
        }
    }

    private func enqueue(
        _ leads: ClosedRange<Int>, in queue: JobQueue, group: (Int) -> String?
    ) throws {
        try queue.enqueue(EnqueueOptions(), at: Moment.ms(0).wall) { enqueuing in
            for number in leads {
                var lead = try LeadConversion.lead(number)
                lead.groupKey = group(number)
                try enqueuing.add(lead)
            }
        }
    }

    private func answer(_ request: CallRequest) -> CallReply {
        let records = ConvertedRecords(accountID: account, contactID: "003", opportunityID: nil)
        guard case .convert(let leads, _) = request else { return .allConverted(request) }
        return CallReply(.converted(leads.map { _ in .converted(records) }))
    }
}
