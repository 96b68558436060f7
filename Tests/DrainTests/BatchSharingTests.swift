import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// What the sharing of calls among batches means to people who enqueue.
@Suite struct BatchSharingTests {
    @Test func `finishes a small late batch while a large early one goes on`() async throws {
        try await withQueue { queue in
            try queue.add(1...2000, options("large"))
            var drain = try VirtualDrain(queue)
            try drain.run(most: 3) { .allConverted($0) }
            try queue.add(3001...3050, options("small"))
            try drain.run(most: 4) { .allConverted($0) }
            let small = JobFilter(batch: "small")
            #expect(try queue.jobs(small).allSatisfy { $0.text("state") == "converted" })
            #expect(drain.sizes == [100, 100, 100, 100])
            try drain.run { .allConverted($0) }
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test func `finds the lead that breaks calls of many batches`() async throws {
        try await withQueue { queue in
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            for batch in 0..<5 { try queue.add(batch * 40..<batch * 40 + 40, options("\(batch)")) }
            let broken = try RecordID.lead(93)
            var drain = try VirtualDrain(queue)
            let governor = Reason("EXCEEDED_QUOTA", "Apex CPU time limit exceeded")
            try drain.run { request in
                guard case .convert(let leads, _) = request,
                    leads.contains(where: { $0.leadID == broken })
                else { return .allConverted(request) }
                return CallReply(.refused(.callTooLarge, governor))
            }
            let failed = try queue.jobs().filter { $0.text("state") != "converted" }
            #expect(failed.map { $0.text("lead_id") } == [broken.description])
            #expect(drain.sizes.reduce(0, +) < 600, "\(drain.sizes)")
        }
    }

    @Test func `lets batches that may not travel together take turns in full calls`() async throws {
        try await withQueue { queue in
            try queue.operations.set(RetryPolicy(onDuplicates: .allow), named: "loose")
            try queue.add(1...300, options("strict"))
            try queue.add(1001...1300, options("loose", policy: "loose"))
            var drain = try VirtualDrain(queue)
            try drain.run { .allConverted($0) }
            let loose = drain.sent.map { request in
                if case .convert(_, let options) = request {
                    options.allowsDuplicates
                } else {
                    false
                }
            }
            #expect(loose == [false, true, false, true, false, true])
            #expect(drain.sizes == [100, 100, 100, 100, 100, 100])
        }
    }

    private func options(_ batch: String, policy: String? = nil) -> EnqueueOptions {
        var options = EnqueueOptions()
        (options.batch, options.policy) = (batch, policy)
        return options
    }
}

extension JobFilter {
    fileprivate init(batch: String) {
        self.init()
        self.batch = batch
    }
}
