import Conversion
import GRDB
import Storage
import TestSupport
import Testing

@testable import Drain

/// Our share of the org's day, whoever else uses it and whatever becomes of the bucket.
@Suite struct ShareTests {
    private let day: Int64 = 86_400_000

    @Test func `stays within its share of the day though the bucket is filled again`() async throws
    {
        try await withQueue { queue in
            try queue.add(1...60)
            let own = try run(queue, from: .ms(0), calls: 30, others: 0)
            #expect(own.starts.count == 30)
            try await forgetTheBucket(of: queue)
            // 40 calls of 100 are our share: ten more, then the first have to be a day old.
            let more = try run(queue, from: own.now, calls: 20, others: 0)
            let first = try #require(own.starts.first)
            let late = more.starts.filter { $0.since(first) >= day }
            #expect(more.starts.count == 20)
            #expect(late.count == 10)
            #expect(late.first.map { $0.since(first) <= day + 60_000 } == true)
            let waits = try queue.calls().compactMap { $0.text("waited_for") }
            #expect(waits.contains("allowance"))
        }
    }

    @Test func `counts what was used on another boot of the machine`() async throws {
        try await withQueue { queue in
            try queue.add(1...60)
            let own = try run(queue, from: .ms(0), calls: 40, others: 0)
            try await forgetTheBucket(of: queue)
            let reboot = Moment(wall: own.now.wall + 60_000, uptimeMS: 0, bootID: "another")
            // The limit is not known any more, so one call goes out to read it.
            let more = try run(queue, from: reboot, calls: 2, others: 0)
            #expect(more.starts.last.map { $0.since(reboot) > day / 2 } == true)
        }
    }

    @Test func `slows down as others spend and recovers`() async throws {
        try await withQueue { queue in
            try queue.add(1...60)
            var drain = try drain(queue, at: .ms(0), burst: 4)
            _ = try step(&drain, others: 0)
            let alone = drain.engine.pacer.bucket.rate
            _ = try step(&drain, others: 80)
            #expect(drain.engine.pacer.bucket.rate < alone / 3)
            _ = try step(&drain, others: 20)
            #expect(drain.engine.pacer.bucket.rate == alone)
        }
    }

    @Test func `reads a count again that is old`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            _ = try run(queue, from: .ms(0), calls: 1, others: 0)
            var drain = try drain(queue, at: .ms(2 * 3_600_000))
            try drain.run(most: 2) { CallReply.allConverted($0) }
            #expect(drain.sent.map(\.kind) == [.limits, .convert])
        }
    }

    // MARK: An org of 100 calls a day

    private func drain(
        _ queue: JobQueue, at start: Moment, burst: Double = 40
    ) throws -> VirtualDrain {
        try VirtualDrain(queue, at: start) {
            $0.rate = nil
            $0.burst = burst
            $0.callSize = 1
            $0.dailyShare = 0.4
        }
    }

    /// Until so many calls were made; the org's count is ours and theirs.
    private func run(
        _ queue: JobQueue, from start: Moment, calls: Int, others: Int
    ) throws -> (starts: [Moment], now: Moment) {
        var drain = try drain(queue, at: start)
        var starts: [Moment] = []
        while starts.count < calls {
            starts.append(try step(&drain, others: others))
        }
        return (starts, drain.now)
    }

    /// One call that converts, or reads the limits.
    private func step(_ drain: inout VirtualDrain, others: Int) throws -> Moment {
        let queue = drain.queue
        let before = drain.sent.count
        try drain.run(most: before + 1) { request in
            let ours = try queue.settlements.callsOfTheLastDay(at: .ms(0)).reduce(0) {
                $0 + $1.calls
            }
            var reply = CallReply.allConverted(request)
            reply.usage = OrgUsage(current: min(89, ours + others), limit: 100)
            return reply
        }
        return drain.now + -10
    }

    private func forgetTheBucket(of queue: JobQueue) async throws {
        let file = try DatabaseQueue(path: queue.path)
        try await file.write { try $0.execute(sql: "DELETE FROM limiter") }
        try file.close()
    }
}
