import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

@Suite struct AdaptiveCallSizeTests {
    @Test func `shrinks before calls take twenty seconds and comes to rest`() {
        var size = AdaptiveCallSize(most: 100)
        var seen: [Int] = []
        for _ in 0..<8 {
            seen.append(size.limit)
            size.answered(leads: size.limit, milliseconds: Int64(size.limit) * 500)
        }
        #expect(seen == [100, 50, 25, 13, 13, 13, 13, 13])
        #expect(size.reason == .slow)
    }

    @Test func `grows back slowly`() {
        var size = AdaptiveCallSize(most: 100, last: (50, .slow))
        size.answered(leads: 10, milliseconds: 100)
        #expect(size.limit == 50, "a call that is not full says nothing of a full one")
        for limit in stride(from: 55, through: 95, by: 5) {
            size.answered(leads: size.limit, milliseconds: 100)
            #expect(size.limit == limit && size.reason == .grown)
        }
        size.answered(leads: size.limit, milliseconds: 100)
        #expect(size.limit == 100 && size.reason == nil)
    }

    @Test func `takes one failure for a leads and two for its own`() {
        var size = AdaptiveCallSize(most: 100)
        size.failed(leads: 100)
        size.answered(leads: 100, milliseconds: 100)
        size.failed(leads: 100)
        #expect(size.limit == 100)
        size.failed(leads: 100)
        #expect(size.limit == 50 && size.reason == .fault)
        // Calls that left before say nothing of the size it has now.
        size.failed(leads: 100)
        size.failed(leads: 100)
        #expect(size.limit == 50)
        for _ in 0..<20 { size.failed(leads: 1) }
        #expect(size.limit == 1)
    }

    @Test func `follows the operator`() {
        var size = AdaptiveCallSize(most: 100, last: (40, .slow))
        size.most = 20
        #expect(size.limit == 20 && size.reason == nil)
        size.most = 60
        #expect(size.limit == 60)
    }

    @Test func `writes size and reason and remembers them`() async throws {
        try await withQueue { queue in
            try queue.add(1...400)
            var drain = try VirtualDrain(queue)
            try drain.run(most: 2, latencyMS: 12_000) { .allConverted($0) }
            drain = try VirtualDrain(queue, at: drain.now)
            try drain.run(most: 2) { .allConverted($0) }
            let calls = try queue.calls()
            #expect(calls.map { $0.number("size") } == [100, 50, 50, 55])
            #expect(calls.map { $0.number("size_limit") } == [100, 50, 50, 55])
            #expect(calls.map { $0.text("size_reason") } == [nil, "slow", "slow", "grown"])
        }
    }

    @Test func `writes that calls of its size failed`() async throws {
        try await withQueue { queue in
            try queue.add(1...1000)
            var drain = try VirtualDrain(queue)
            let governor = Reason("EXCEEDED_QUOTA", "Apex CPU time limit exceeded")
            try drain.run { request in
                guard case .convert(let leads, _) = request, leads.count > 40 else {
                    return .allConverted(request)
                }
                return CallReply(.refused(.callTooLarge, governor))
            }
            let reasons = Set(try queue.calls().compactMap { $0.text("size_reason") })
            #expect(reasons.isSuperset(of: ["half", "fault"]))
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }
}
