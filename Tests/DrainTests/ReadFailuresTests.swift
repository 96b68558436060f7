import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

@Suite struct ReadFailuresTests {
    @Test func `a refusal holds until the next answer says something else`() {
        var failures = ReadFailures(most: 100)
        let refusal = Reason("INSUFFICIENT_ACCESS", "no")
        failures.refused(.permission, refusal, firstMS: 1000, at: .ms(0))
        #expect(failures.refusal?.isLatest == true)
        failures.record(.failed, of: [1], firstPauseMS: 1000, at: .ms(2000))
        #expect(failures.refusal?.isLatest == false)
        failures.refused(.permission, refusal, firstMS: 1000, at: .ms(4000))
        #expect(failures.refusal?.isLatest == true)
    }

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

    private func turnAway(
        _ failures: inout ReadFailures, _ jobs: [Int64], byPage: Bool = true, at now: Int64 = 0
    ) {
        failures.record(
            .turnedAway(byPage: byPage), of: jobs, firstPauseMS: 30_000, at: .ms(now))
    }

    @Test func `only a page makes readings smaller, and only when it comes again`() {
        var failures = ReadFailures(most: 4)
        for _ in 1...3 { turnAway(&failures, [1, 2, 3, 4], byPage: false) }
        #expect(failures.size == 4)
        failures.passed([1, 2])
        turnAway(&failures, [3, 4])
        #expect(failures.size == 4)
        turnAway(&failures, [3, 4])
        #expect(failures.size == 1)
    }

    @Test(arguments: [true, false])
    func `an outage of hours blames nobody, and pauses grow`(byPage: Bool) {
        var failures = ReadFailures(most: 4)
        var now: Int64 = 0
        var pauses: [Int64] = []
        for _ in 1...12 {
            turnAway(&failures, [1], byPage: byPage, at: now)
            failures.otherPassed()
            let end = failures.pauseEnd(isProbing: false, at: .ms(now))
            pauses.append((end?.since(.ms(now)) ?? 0) / 1000)
            now += 900_000
        }
        #expect(pauses.prefix(7) == [30, 60, 120, 240, 480, 900, 900])
        #expect(failures.pauseEnd(isProbing: true, at: .ms(now)) == nil)
        #expect(!failures.isItsOwn(1) && !failures.isGivenUp(1) && !failures.isApart(1))
        // What it failed of before and after is not the outage's.
        failures.failed([1], at: .ms(now))
        failures.failed([1], at: .ms(now + 1000))
        #expect(!failures.isGivenUp(1))
    }

    @Test func `a page is about the one that stands alone once others have passed`() {
        var failures = ReadFailures(most: 4)
        for _ in 1...2 { turnAway(&failures, [1, 2]) }
        turnAway(&failures, [1])
        #expect(!failures.isItsOwn(1))
        failures.passed([2])
        #expect(failures.pauseEnd(isProbing: false, at: .ms(0)) == nil)
        turnAway(&failures, [1])
        #expect(failures.isItsOwn(1) && failures.isApart(1))
        turnAway(&failures, [1])
        #expect(!failures.isItsOwn(1), "no other has passed since: that may be an outage")
        failures.passed([2])
        turnAway(&failures, [1], byPage: false)
        #expect(!failures.isItsOwn(1), "that was an outage")
    }

    @Test func `time in which nothing was asked blames nobody`() {
        var failures = ReadFailures(most: 4)
        let night: Int64 = 14 * 3_600_000
        for now in [0, 1000, night, night + 1000] { failures.failed([1], at: .ms(now)) }
        #expect(!failures.isItsOwn(1) && !failures.isGivenUp(1))
        #expect(failures.haveFailed(forMS: ReadFailures.ownFaultAfterMS) == [])
        for now in 1...2 { failures.failed([1], at: .ms(night + Int64(now) * 900_000)) }
        #expect(failures.isItsOwn(1) && !failures.isGivenUp(1))
        for now in 3...9 { failures.failed([1], at: .ms(night + Int64(now) * 900_000)) }
        #expect(failures.isGivenUp(1))
        failures.record(.nothing, of: [1], firstPauseMS: 0, at: .ms(night + 8_200_000))
        #expect(!failures.isGivenUp(1), "a session that ends gives nobody up")
    }

    @Test func `one that always fails comes to an end at any pace`() {
        var failures = ReadFailures(most: 4)
        for day in Int64(0)...24 { failures.failed([1], at: .ms(day * 86_400_000)) }
        #expect(failures.isGivenUp(1))
    }

    @Test func `a kind that waits for its turn while others are read has been asked about`() {
        var failures = ReadFailuresByKind()
        for minute in Int64(0)...45 where minute.isMultiple(of: 15) {
            let kind = minute.isMultiple(of: 45) ? ReadKind.verification : .search(.contact)
            failures.record(
                .failed, of: [1], in: kind, firstPauseMS: 30_000, at: .ms(minute * 60_000))
        }
        #expect(failures[.verification].isItsOwn(1))
    }

    @Test func `a failure is a lead's own once others pass`() {
        var failures = ReadFailures(most: 4)
        failures.failed([1], at: .ms(0))
        failures.failed([1], at: .ms(0))
        #expect(!failures.isItsOwn(1))
        failures.otherPassed()
        #expect(failures.isItsOwn(1))
    }

    @Test func `where several fail and none is read, another kind of call blames none of them`() {
        var failures = ReadFailures(most: 4)
        failures.failed([1], at: .ms(0))
        failures.failed([2], at: .ms(0))
        failures.otherPassed()
        #expect(!failures.isItsOwn(1))
        failures.passed([3])
        #expect(failures.isItsOwn(1))
    }
}
