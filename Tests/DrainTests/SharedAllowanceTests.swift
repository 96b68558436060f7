import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// Ten virtual minutes beside other users of the org, who come, take all, and go.
@Suite struct SharedAllowanceTests {
    private let limit = 200_000
    private let burst = 20.0

    /// What others have used of the day, in seconds after the beginning.
    private func others(at second: Double) -> Int {
        switch second {
        case ..<120: 10_000
        case ..<240: 130_000
        case ..<360: 60_000
        // A moment before the third probe, which would otherwise be what is measured.
        case ..<394: limit
        default: 20_000
        }
    }

    /// Calls a second: our half, or what others leave above a tenth.
    private func pace(at second: Double) -> Double {
        // Nothing leaves then but probes, at the pace of our share.
        if others(at: second) >= limit { return (0.5 * Double(limit) - burst) / 86_400 }
        let day = min(0.5 * Double(limit), 0.9 * Double(limit) - Double(others(at: second)))
        return max(0, day - burst) / 86_400
    }

    @Test(arguments: [
        (calledHoursAgo: 30, clockGoesForwardBy: 48, before: 1, after: 0),
        (calledHoursAgo: 1, clockGoesForwardBy: -48, before: 0, after: 1),
    ])
    func `the day's calls are counted again once the clock is set right`(
        calledHoursAgo: Int64, clockGoesForwardBy: Int64, before: Int, after: Int
    ) async throws {
        try await withQueue { queue in
            let hour: Int64 = 3_600_000
            let called = Moment.ms(-calledHoursAgo * hour).wall
            try queue.run(
                sql: """
                    INSERT INTO calls (kind, size, started_at, boot_id, uptime_ms)
                    VALUES ('convert', 1, '\(called)', 'another', 1)
                    """)
            let start = Moment(
                wall: Moment.ms(-clockGoesForwardBy * hour).wall, uptimeMS: 5000, bootID: "this")
            var drain = try VirtualDrain(queue, at: start)
            _ = try drain.engine.recover(at: start)
            // What a command asks for meanwhile counts once.
            _ = try queue.claims.begin(.check, CallStart(at: start))
            #expect(drain.engine.pacer.day.calls(at: start) == before)
            let right = Moment(wall: Moment.ms(0).wall, uptimeMS: 5010, bootID: "this")
            _ = try drain.engine.oneStep(at: right)
            #expect(drain.engine.pacer.day.calls(at: right) == after + 1)
            #expect(try drain.engine.unpaidChecks() == 0)
        }
    }

    @Test func `uses what is left and no more`() async throws {
        try await withQueue { queue in
            try queue.add(1...1500)
            var drain = try VirtualDrain(queue) {
                $0.rate = nil
                $0.burst = burst
                $0.callSize = 1
                $0.probeIntervalMS = 5000
            }
            let begin = drain.now
            var starts: [Double] = []
            var refusals = 0
            while drain.now.since(begin) < 600_000 {
                let now = drain.now
                switch try drain.engine.oneStep(at: now) {
                case .send(let call):
                    let second = Double(now.since(begin)) / 1000
                    starts.append(second)
                    let isSpent = others(at: second) >= limit
                    if isSpent { refusals += 1 }
                    var reply =
                        isSpent
                        ? CallReply(.refused(.allowance, Reason("REQUEST_LIMIT_EXCEEDED", "")))
                        : .allConverted(call.request)
                    let current = others(at: second) + starts.count
                    reply.usage = OrgUsage(current: min(limit, current), limit: limit)
                    drain.now = now + 10
                    drain.engine.finish(call, call.answered(reply), at: drain.now)
                case .wait(let wait):
                    drain.now = try #require(wait.until)
                case .end:
                    Issue.record("there was work left")
                    return
                }
            }
            let allowed = allowance()
            let worst = worstWindow(starts)
            let percent = Double(starts.count) / allowed * 100
            print(
                """
                ten minutes beside others: allowed \(Int(allowed)), used \(starts.count), \
                \((percent * 10).rounded() / 10) % of allowed; worst window \(worst.calls) calls in \
                \(worst.seconds.rounded()) s where \((worst.allowed * 10).rounded() / 10) were allowed; refusals met \(refusals)
                """)
            #expect(percent >= 99 && percent <= 101)
            #expect(Double(worst.calls) <= worst.allowed + 1e-6)
            #expect((1...4).contains(refusals))
            #expect(try queue.jobs().allSatisfy { ($0.number("attempts") ?? 0) <= 1 })
        }
    }

    /// What a caller gets who takes all there is the moment it comes in: step by step, and not by
    /// the bucket's own sums.
    private func allowance() -> Double {
        var tokens = burst
        var used = 0.0
        for tick in 0..<60_000 {
            let second = Double(tick) / 100
            tokens = min(burst, tokens + pace(at: second) / 100)
            guard others(at: second) < limit else { continue }
            used += tokens
            tokens = 0
        }
        return used
    }

    /// The window that is fullest against burst + rate x window of our whole share.
    private func worstWindow(
        _ starts: [Double]
    ) -> (calls: Int, seconds: Double, allowed: Double) {
        let rate = (0.5 * Double(limit) - burst) / 86_400
        var worst = (calls: 0, seconds: 0.0, allowed: Double.infinity)
        for first in starts.indices {
            for last in first..<starts.count {
                let seconds = starts[last] - starts[first]
                let (calls, allowed) = (last - first + 1, burst + rate * seconds)
                if allowed - Double(calls) < worst.allowed - Double(worst.calls) {
                    worst = (calls, seconds, allowed)
                }
            }
        }
        return worst
    }
}
