import Conversion
import TestSupport
import Testing

@testable import Drain

@Suite struct TokenBucketTests {
    @Test func `starts full and gives one for each call`() {
        var bucket = TokenBucket(capacity: 2, rate: 0.5, at: .ms(0))
        let wait1 = bucket.wait(at: .ms(0))
        #expect(wait1 == 0)
        bucket.spend(at: .ms(0))
        bucket.spend(at: .ms(0))
        let wait2 = bucket.wait(at: .ms(0))
        #expect(wait2 == 2000)
        let wait3 = bucket.wait(at: .ms(1500))
        #expect(wait3 == 500)
        let wait4 = bucket.wait(at: .ms(2000))
        #expect(wait4 == 0)
    }

    @Test func `never holds more than its capacity`() {
        var bucket = TokenBucket(capacity: 3, rate: 10, at: .ms(0))
        bucket.spend(at: .ms(0))
        let wait5 = bucket.wait(at: .ms(86_400_000))
        #expect(wait5 == 0)
        #expect(bucket.tokens == 3)
    }

    @Test func `is not filled by a clock that is set`() {
        var bucket = TokenBucket(capacity: 1, rate: 0.001, at: .ms(0))
        bucket.spend(at: .ms(0))
        var later = Moment.ms(1000)
        later.wall = later.wall + 10 * 86_400_000
        let wait = bucket.wait(at: later)
        #expect(wait > 990_000)
    }

    @Test func `gives nothing for a change of rate`() {
        var bucket = TokenBucket(capacity: 10, rate: 1, at: .ms(0))
        for _ in 0..<10 { bucket.spend(at: .ms(0)) }
        bucket.adopt(capacity: 100, rate: 2, at: .ms(1000))
        #expect(bucket.tokens == 1)
        bucket.spend(at: .ms(1000))
        let wait6 = bucket.wait(at: .ms(1000))
        #expect(wait6 == 500)
    }

    /// Against the definition: no window of any length holds more than capacity + rate x window,
    /// and a caller that takes whenever it may gets all of that.
    @Test func `keeps to the limit in every window`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let capacity = Double(Int.random(in: 1...5, using: &random))
            let rate = Double.random(in: 0.1...5, using: &random)
            var bucket = TokenBucket(capacity: capacity, rate: rate, at: .ms(0))
            var now: Int64 = 0
            var starts: [Int64] = []
            while starts.count < 60 {
                let wait = bucket.wait(at: .ms(now))
                if wait == 0 {
                    bucket.spend(at: .ms(now))
                    starts.append(now)
                } else {
                    now += wait
                }
                if Int.random(in: 0..<10, using: &random) == 0 {
                    now += Int64.random(in: 0..<3000, using: &random)
                }
            }
            for first in starts.indices {
                for last in first..<starts.count {
                    let window = Double(starts[last] - starts[first]) / 1000
                    #expect(Double(last - first + 1) <= capacity + rate * window + 1e-6)
                }
            }
        }
    }
}
