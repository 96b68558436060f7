import Conversion
import Foundation
import TestSupport
import Testing

@testable import Drain

@Suite struct DeciderTests {
    @Test func `doubles the pause up to the longest`() {
        let policy = RetryPolicy()
        let pauses = (1...9).map { policy.backoffMS(afterAttempt: $0, chance: 0) / 1000 }
        #expect(pauses == [10, 20, 40, 80, 160, 320, 640, 900, 900])
        #expect(policy.backoffMS(afterAttempt: 1, chance: 0.5) == 7500)
        #expect(RetryPolicy(factor: 100).backoffMS(afterAttempt: 100, chance: 0) == 900_000)
    }

    @Test func `derives the bucket from our share of the day`() {
        let allowance = Allowance(share: 0.5, reserve: 0.1)
        let usage = { OrgUsage(current: $0, limit: 100_000) }
        let bucket = allowance.bucket(usage(0), ours: 0)
        #expect(bucket.capacity == 5000)
        #expect(bucket.capacity + bucket.rate * 86_400 == 50_000)
        var nightly = allowance
        nightly.openPart = RunWindow(start: 1200, end: 240, zone: .gmt).openPart
        #expect(abs(nightly.bucket(usage(0), ours: 0).rate - 3 * bucket.rate) < 1e-9)
        #expect(RunWindow(start: 540, end: 540, zone: .gmt).openPart == 1)
        #expect(Allowance(share: 0.5, reserve: 0, fixedRate: 2).bucket(nil, ours: 0) == (10, 2))
        #expect(
            Allowance(share: 1, reserve: 0, fixedRate: 2, fixedBurst: 1)
                .bucket(usage(0), ours: 0) == (1, 2))
    }

    @Test func `slows down when others use more`() {
        let allowance = Allowance(share: 0.5, reserve: 0.1)
        func day(_ current: Int, ours: Int) -> Double {
            let usage = OrgUsage(current: current, limit: 100_000)
            let bucket = allowance.bucket(usage, ours: ours)
            return (bucket.capacity + bucket.rate * 86_400).rounded()
        }
        // Our own use is not theirs: it changes nothing.
        #expect(day(0, ours: 0) == 50_000)
        #expect(day(45_000, ours: 45_000) == 50_000)
        // Up to 40,000 of theirs leave us our share above the reserve of 10,000; then they don't.
        #expect(day(85_000, ours: 45_000) == 50_000)
        #expect(day(85_000, ours: 25_000) == 30_000)
        #expect(day(85_000, ours: 5000) == 10_000)
        // When they use less, it is our share again and no more.
        #expect(day(20_000, ours: 5000) == 50_000)
        #expect(day(89_900, ours: 0) == 1000)
        // At the reserve only probes leave, and they find a token.
        #expect(day(95_000, ours: 0) == 50_000)
        #expect(allowance.callsADay(limit: 100_000) == 50_000)
        #expect(allowance.callsADay(limit: nil) == 7500)
        #expect(Allowance(share: 0.5, reserve: 0, fixedRate: 1).callsADay(limit: nil) == nil)
        #expect(Allowance(share: 0.1, reserve: 0).callsADay(limit: 1) == 1)
    }

    @Test func `counts a call for a day`() {
        let hour: Int64 = 3_600_000
        var day = RollingDayUsage([(23 * 60, 2), (0, 1)], at: .ms(0))
        day.count(at: .ms(10))
        #expect(day.total(at: .ms(10)) == 4)
        #expect(day.pause(5, at: .ms(10)) == 0)
        // The two of 23 hours ago leave within an hour and a minute, and not before an hour.
        let roll = day.pause(4, at: .ms(10))
        #expect((hour - 10...hour + 60_000).contains(roll))
        #expect(day.pause(3, at: .ms(10)) == roll)
        #expect(day.pause(2, at: .ms(10)) >= 24 * hour - 10)
        #expect(day.pause(4, at: .ms(10 + roll)) == 0)
        #expect(day.total(at: .ms(10 + roll)) == 2)
        #expect(day.total(at: .ms(24 * hour)) == 2)
        #expect(day.total(at: .ms(24 * hour + 60_010)) == 0)
    }

    @Test func `leaves the reserve to others without flapping`() {
        let allowance = Allowance(share: 0.5, reserve: 0.1)
        let usage = { OrgUsage(current: $0, limit: 1000) }
        #expect(!allowance.isSpent(usage(900), wasSpent: false))
        #expect(allowance.isSpent(usage(901), wasSpent: false))
        #expect(allowance.isSpent(usage(895), wasSpent: true))
        #expect(!allowance.isSpent(usage(890), wasSpent: true))
        #expect(allowance.isSpent(OrgUsage(current: 1200, limit: 1000), wasSpent: false))
    }

    @Test func `halves the calls in flight and grows back by one`() {
        var calls = ConcurrencyLimit(most: 8)
        calls.shrink()
        #expect(calls.limit == 4)
        for _ in 0..<16 { calls.grow() }
        #expect(calls.limit == 4)
        for _ in 0..<4 { calls.grow() }
        #expect(calls.limit == 5)
        for _ in 0..<200 { calls.grow() }
        #expect(calls.limit == 8)
        for _ in 0..<9 { calls.shrink() }
        #expect(calls.limit == 1)
    }
}

// The day drops what is over when it is looked at, which an expectation can't do to it.
extension RollingDayUsage {
    fileprivate func total(at now: Moment) -> Int {
        var day = self
        return day.calls(at: now)
    }

    fileprivate func pause(_ most: Int, at now: Moment) -> Int64 {
        var day = self
        return day.wait(toStayWithin: most, at: now)
    }
}
