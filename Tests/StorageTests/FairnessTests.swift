import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

/// Batches share calls.
@Suite struct FairnessTests {
    @Test func `shares each call equally and hands on what a batch cannot use`() async throws {
        try await withQueue { queue in
            try queue.add(1...500, in: "large")
            try queue.add(501...505, in: "small")
            try queue.add(506...600, in: nil)
            var calls = Calls(queue)
            #expect(try calls.next(upTo: 100)?.counts == ["": 48, "large": 47, "small": 5])
            #expect(try calls.next(upTo: 100)?.counts == ["": 47, "large": 53])
            #expect(try calls.next(upTo: 100)?.counts == ["large": 100])
        }
    }

    @Test func `takes nothing of a paused batch whose jobs nobody has held yet`() async throws {
        try await withQueue { queue in
            try queue.add(1...2500, in: "paused")
            try queue.add(2501...2505, in: "other")
            try queue.write { try $0.execute(sql: "UPDATE batches SET paused = 1 WHERE id = 1") }
            var calls = Calls(queue)
            #expect(try calls.next(upTo: 100)?.counts == ["other": 5])
            #expect(try calls.next(upTo: 100) == nil)
            let held = try queue.jobs().count { $0.text("state") == "held" }
            #expect(held == 2500)
        }
    }

    @Test func `a row of a paused batch that breaks a rule fails alone`() async throws {
        try await withQueue { queue in
            try queue.add(1...5, in: "paused")
            try queue.add(6...9, in: nil)
            try queue.run(
                sql: """
                    PRAGMA ignore_check_constraints = 1;
                    UPDATE jobs SET finished_at = run_at WHERE id = 2;
                    PRAGMA ignore_check_constraints = 0;
                    UPDATE batches SET paused = 1 WHERE id = 1
                    """)
            var calls = Calls(queue)
            #expect(try calls.next(upTo: 100)?.counts == ["": 4])
            let states = try queue.jobs().prefix(5).map { $0.text("state") }
            #expect(states == ["held", "failed", "held", "held", "held"])
        }
    }

    @Test func `deals on where the last call ended`() async throws {
        try await withQueue { queue in
            for batch in 0..<60 { try queue.add(batch * 10..<batch * 10 + 10, in: "b\(batch)") }
            var calls = Calls(queue)
            var taken: [String: Int] = [:]
            for _ in 1...3 {
                let counts = try #require(try calls.next(upTo: 100)).counts
                taken.merge(counts, uniquingKeysWith: +)
            }
            #expect(taken.count == 60 && taken.values.allSatisfy { $0 == 5 }, "\(taken)")
        }
    }

    @Test(arguments: [1, 7, 100])
    func `lets each of 300 batches go on before any has a second turn`(size: Int) async throws {
        try await withQueue { queue in
            for batch in 0..<300 { try queue.add(batch * 4..<batch * 4 + 4, in: "b\(batch)") }
            var calls = Calls(queue)
            var taken: [String: Int] = [:]
            while let call = try calls.next(upTo: size), taken.count < 300 {
                taken.merge(call.counts, uniquingKeysWith: +)
                #expect(taken.count == 300 || taken.values.allSatisfy { $0 == 1 })
            }
            #expect(taken.count == 300)
        }
    }

    @Test func `keeps the order within a batch`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "a"
            try queue.add([1, 2, 3, 4], options)
            options.runAt = Moment.ms(-1000).wall
            try queue.add([5, 6], options)
            options.priority = 1
            try queue.add([7], options)
            try queue.add(11...20, in: "b")
            var calls = Calls(queue)
            var order: [Int64] = []
            while let call = try calls.next(upTo: 3) {
                order += call.jobs.filter { $0.batchID == 1 }.map(\.id)
            }
            #expect(order == [7, 5, 6, 1, 2, 3, 4])
        }
    }

    @Test func `serves a higher priority first whatever its batch`() async throws {
        try await withQueue { queue in
            try queue.add(1...10, in: "low")
            try queue.add(11...20, in: "high", priority: 3)
            try queue.add(21...30, in: "higher", priority: 7)
            var calls = Calls(queue)
            #expect(try calls.next(upTo: 15)?.jobs.map(\.id) == Array(21...30) + Array(11...15))
            #expect(try calls.next(upTo: 15)?.jobs.map(\.id) == Array(16...20) + Array(1...10))
        }
    }

    @Test func `gives the share of a batch whose leads may not travel to those that do`()
        async throws
    {
        try await withQueue { queue in
            var options = EnqueueOptions()
            for (batch, policy) in [("a", "loose"), ("b", "default"), ("c", "loose")] {
                if policy == "loose" {
                    try queue.operations.set(RetryPolicy(onDuplicates: .allow), named: policy)
                }
                (options.batch, options.policy) = (batch, policy)
                let first = batch == "a" ? 0 : batch == "b" ? 100 : 200
                try queue.add(first..<first + 100, options)
            }
            var calls = Calls(queue)
            let choose = { (offered: [ClaimedJob]) in
                offered.filter {
                    $0.policy.options == offered.first?.policy.options
                }
            }
            #expect(try calls.next(upTo: 50, choose)?.counts == ["a": 25, "c": 25])
            #expect(try calls.next(upTo: 50, choose)?.counts == ["b": 50])
            #expect(try calls.next(upTo: 50, choose)?.counts == ["a": 25, "c": 25])
            #expect(try calls.next(upTo: 50, choose)?.counts == ["b": 50])
        }
    }

    @Test func `passes over batches whose accounts are busy`() async throws {
        try await withQueue { queue in
            let account = try RecordID("001D000000HRzTR", of: .account)
            for (batch, leads) in [("a", 1...5), ("b", 11...15)] {
                var options = EnqueueOptions()
                options.batch = batch
                try queue.enqueue(options, at: Moment.ms(0).wall) { enqueuing in
                    for number in leads {
                        var lead = try LeadConversion.lead(number)
                        lead.accountID = account
                        try enqueuing.add(lead)
                    }
                }
            }
            try queue.add(21...25, in: "c")
            var calls = Calls(queue)
            #expect(try calls.next(upTo: 1)?.counts == ["a": 1])
            #expect(try calls.next(upTo: 4)?.counts == ["c": 4])
            #expect(try calls.next(upTo: 4)?.counts == ["c": 1])
            #expect(try calls.next(upTo: 4) == nil)
        }
    }

    @Test func `goes on past a batch of malformed leads`() async throws {
        try await withQueue { queue in
            try queue.add(1...3, in: "broken")
            try queue.run(sql: "UPDATE jobs SET account_id = '001D000000HRzTRXXX'")
            try queue.add(4...6, in: "sound")
            var calls = Calls(queue)
            #expect(try calls.next(upTo: 2)?.counts == ["sound": 2])
            #expect(try calls.next(upTo: 2)?.counts == ["sound": 1])
            #expect(try queue.jobs().prefix(3).allSatisfy { $0.text("state") == "failed" })
        }
    }
}

/// Claims call after call, as the drain does.
private struct Calls {
    let queue: JobQueue
    private var rotation = RoundRobinCursor()

    init(_ queue: JobQueue) {
        self.queue = queue
    }

    mutating func next(
        upTo size: Int, _ choose: ([ClaimedJob]) -> [ClaimedJob] = { $0 }
    ) throws -> (jobs: [ClaimedJob], counts: [String: Int])? {
        let call = try queue.claims.claim(
            upTo: size, CallStart(at: .ms(0)), from: rotation, choosing: choose)
        guard let call else { return nil }
        rotation = call.cursor
        var counts: [String: Int] = [:]
        for job in call.jobs { counts[try queue.batchName(of: job), default: 0] += 1 }
        return (call.jobs, counts)
    }
}

extension JobQueue {
    fileprivate func add(
        _ leads: some Sequence<Int>, in batch: String?, priority: Int = 0
    ) throws {
        var options = EnqueueOptions()
        options.batch = batch
        options.priority = priority
        try add(leads, options)
    }

    fileprivate func batchName(of job: ClaimedJob) throws -> String {
        guard let batch = job.batchID else { return "" }
        return try read { database in
            try String.fetchOne(
                database, sql: "SELECT name FROM batches WHERE id = ?", arguments: [batch])
        } ?? ""
    }
}
