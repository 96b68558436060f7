import TestSupport
import Testing

@testable import Drain

@Suite struct ReadFailuresTests {
    @Test(arguments: [[1], [1000], [1999], [2000], [3, 1200], [1, 2, 3, 4]])
    func `failing leads of two thousand are found, and all others are read`(failing: [Int64]) {
        var failures = ReadFailures(most: 2000)
        var waiting = Array(Int64(1)...2000)
        var readings = 0
        while waiting.contains(where: { !failing.contains($0) }) {
            readings += 1
            let asked = failures.choose(Array(waiting.prefix(failures.size))) { $0 }
            waiting.removeAll { asked.contains($0) }
            if asked.contains(where: failing.contains) {
                failures.failed(asked, at: .ms(0))
                // One that stands apart comes back after a pause; here it is gone.
                if !failures.isApart(asked[0]) { waiting += asked }
            } else {
                failures.passed(asked)
            }
            guard readings < 1000 else { break }
        }
        #expect(readings <= 40 * failing.count, "\(readings)")
        #expect(Set(waiting).isSubset(of: failing))
    }

    @Test func `one that waits for its turn has not failed all the time`() {
        var failures = ReadFailures(most: 4)
        let halfAnHour = ReadFailures.ownFaultAfterMS
        failures.failed([1], at: .ms(0))
        failures.failed([2], at: .ms(0))
        #expect(failures.haveFailed(forMS: halfAnHour) == [])
        failures.failed([2], at: .ms(halfAnHour))
        #expect(failures.haveFailed(forMS: halfAnHour) == [2])
    }

    @Test func `a lead that failed alone is read alone, and ever more rarely`() {
        var failures = ReadFailures(most: 4)
        failures.failed([1, 2], at: .ms(0))
        #expect(failures.size == 1)
        #expect(failures.pauseMS(of: 1, firstMS: 30_000) == 0)
        var pauses: [Int64] = []
        for _ in 0..<7 {
            failures.failed([1], at: .ms(0))
            pauses.append(failures.pauseMS(of: 1, firstMS: 30_000) / 1000)
        }
        #expect(pauses == [30, 60, 120, 240, 480, 900, 900])
        #expect(failures.choose([1, 2, 3]) { $0 } == [1])
        #expect(failures.choose([2, 1, 3]) { $0 } == [2, 3])
        #expect(
            failures.choose([1, 2, 3], isProbe: true) { $0 } == [2, 3], "a probe tells of others")
        #expect(failures.choose([1], isProbe: true) { $0 } == [1])
        failures.passed([1])
        #expect(!failures.isApart(1))
    }

    @Test func `an outage makes readings smaller only when it lasts`() {
        var failures = ReadFailures(most: 4)
        failures.failed([1, 2, 3, 4], asOutage: true, at: .ms(0))
        #expect(failures.size == 4)
        failures.failed([1, 2, 3, 4], asOutage: true, at: .ms(0))
        #expect(failures.size == 2)
        failures.passed([1, 2])
        failures.failed([3, 4], asOutage: true, at: .ms(0))
        #expect(failures.size == 4)
    }

    @Test func `a failure is a lead's own once others pass`() {
        var failures = ReadFailures(most: 4)
        failures.failed([1], at: .ms(0))
        failures.failed([1], at: .ms(0))
        #expect(!failures.isItsOwn(1, at: .ms(0)))
        failures.otherPassed()
        #expect(failures.isItsOwn(1, at: .ms(0)))
    }

    @Test func `where several fail and none is read, another kind of call blames none of them`() {
        var failures = ReadFailures(most: 4)
        failures.failed([1], at: .ms(0))
        failures.failed([2], at: .ms(0))
        failures.otherPassed()
        #expect(!failures.isItsOwn(1, at: .ms(0)))
        failures.passed([3])
        #expect(failures.isItsOwn(1, at: .ms(0)))
    }
}
