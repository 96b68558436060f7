import Conversion
import TestSupport
import Testing

@testable import Drain

@Suite struct FailureRunTests {
    private var run = FailureRun()

    private mutating func failed(
        _ jobs: ClosedRange<Int64>, _ code: String = "CODE", each: Bool = false,
        probe: Bool = false, at now: Int64 = 0
    ) -> Bool {
        let failed = FailureRun.Failed(jobs.map { ($0, code) }) { $1 }
        return run.failed(failed, each: each, isProbe: probe, at: .ms(now))
    }

    /// Others passed lately.
    private mutating func passed(_ jobs: Int64..., beside failed: FailureRun.Failed = [:]) {
        run.passed(Set(jobs), beside: failed, at: .ms(0))
    }

    @Test mutating func `takes halves within halves for the fault of one lead`() {
        for jobs: ClosedRange<Int64> in [1...100, 1...50, 26...50, 26...26] {
            #expect(!failed(jobs))
        }
        #expect(run.suspects == [26])
        #expect(Set(run.failedJobs.keys) == Set(1...100))
    }

    @Test mutating func `takes both halves of a call for the fault of the org`() {
        #expect(!failed(1...100))
        #expect(!failed(1...50))
        #expect(failed(51...100))
        #expect(failed(1...25), "until something gets through it is nobody else's")
    }

    @Test mutating func `takes two calls for the fault of the org, unless one passed between`() {
        #expect(!failed(1...100))
        run.passed(Set(201...300), at: .ms(0))
        #expect(!failed(101...200))
        #expect(failed(301...400))
    }

    @Test mutating func `knows that one lead does not explain what each was told`() {
        passed(101)
        #expect(failed(1...2, each: true))
        passed(101)
        #expect(!failed(1...1, each: true))
    }

    @Test mutating func `concludes nothing from leads that failed while others passed`() {
        passed(3, beside: [1: "CODE", 2: "CODE"])
        #expect(!failed(1...1, each: true))
        #expect(!failed(2...2, each: true))
        #expect(!failed(4...4), "alone, and the first")
        passed(5)
        #expect(!failed(4...4))
        #expect(!failed(1...2, each: true))
        #expect(run.failedJobs.isEmpty)
    }

    @Test mutating func `takes a lead that failed otherwise while others passed for a new failure`()
    {
        passed(2, beside: [1: "CODE"])
        #expect(!failed(1...1, "CODE"))
        #expect(!failed(1...1, "CODE"), "that is known")
        #expect(!failed(1...1, "OTHER"))
        #expect(failed(1...1, "OTHER"))
        #expect(run.excused == [1])
    }

    @Test mutating func `charges no lead that is alone with its failures`() {
        passed(2)
        #expect(!failed(1...1))
        #expect(failed(1...1))
        #expect(run.excused == [1])
        run = FailureRun()
        #expect(failed(1...1))
    }

    @Test mutating func `knows the lead that is left when all others of its call have passed`() {
        passed(101)
        #expect(!failed(1...2))
        passed(1)
        #expect(!failed(2...2))
        #expect(!failed(2...2), "alone again, and its own fault all the same")
    }

    @Test mutating func `counts a lost answer once against a lead, until others pass again`() {
        for (code, isOrgs) in [("NO_ANSWER", true), ("CODE", false)] {
            run = FailureRun()
            passed(101)
            #expect(!failed(1...1, code))
            passed(101)
            for _ in 1...2 { #expect(!failed(1...1, code)) }
            #expect(failed(1...1, code) == isOrgs)
        }
    }

    @Test mutating func `charges no lead when nothing has passed for half an hour`() {
        passed(2)
        #expect(failed(1...1, at: 30 * 60_000))
    }

    @Test mutating func `takes readings that fail for a failure beside`() {
        passed(2)
        run.readFailed()
        #expect(failed(1...1))
        passed(2)
        run.readFailed()
        run.readPassed()
        #expect(!failed(3...3))
    }

    @Test mutating func `charges a probe that was probed before, after half an hour`() {
        passed(4)
        #expect(!failed(1...1))
        #expect(failed(2...2))
        #expect(failed(1...1, probe: true, at: 30 * 60_000 - 1))
        #expect(!failed(1...1, probe: true, at: 30 * 60_000))
        // Half an hour from its own first failure: what was before is no evidence against it.
        #expect(failed(3...3, probe: true, at: 30 * 60_000))
        #expect(failed(3...3, probe: true, at: 60 * 60_000 - 1))
        #expect(!failed(3...3, probe: true, at: 60 * 60_000))
    }

    @Test mutating func `charges no probe for the time in which nothing was asked`() {
        let night: Int64 = 14 * 3_600_000
        for now in [0, 1000, night, night + 20 * 60_000] {
            #expect(failed(1...1, probe: true, at: now))
        }
        #expect(!failed(1...1, probe: true, at: night + 30 * 60_000))
    }

    @Test mutating func `charges no probe for an outage before it`() {
        run.turnedAway([1: "CODE"], at: .ms(0))
        for minute in Int64(0)...4 { run.turnedAway(at: .ms(minute * 15 * 60_000)) }
        #expect(failed(1...1, probe: true, at: 3_600_000))
        run.turnedAway(at: .ms(2 * 3_600_000))
        #expect(failed(1...1, probe: true, at: 2 * 3_600_000))
    }

    private mutating func threw(_ jobs: ClosedRange<Int64>, at minute: Int64) -> Bool {
        run.threw(FailureRun.Failed(jobs.map { ($0, "THROWN") }) { $1 }, at: .ms(minute * 60_000))
    }

    @Test
    mutating func `counts the half hour of a trigger from the lead that makes it an incident`() {
        #expect(!threw(1...1, at: 0))
        #expect(threw(2...101, at: 300))
        for minute: Int64 in [301, 315, 329] { #expect(threw(2...2, at: minute)) }
        for minute: Int64 in [330, 340, 365] { #expect(!threw(3...3, at: minute), "permanent") }
        #expect(threw(102...201, at: 700), "another day")
    }

    @Test mutating func `forgets a lead for which a trigger threw half an hour ago`() {
        #expect(!threw(1...19, at: 0))
        #expect(!threw(20...38, at: 30))
        #expect(threw(39...39, at: 59))
    }

    @Test mutating func `an old failure of another lead makes no trigger's incident older`() {
        passed(300)
        #expect(!failed(1...1))
        #expect(threw(2...101, at: 300))
        #expect(threw(2...2, at: 301))
    }

    @Test mutating func `needs more failures after a false incident, two again after a true one`() {
        passed(9)
        #expect(!failed(1...1))
        #expect(failed(2...2))
        passed()
        run.closed(afterProbes: 0)
        for job in Int64(1)...3 { #expect(!failed(job...job)) }
        #expect(failed(4...4))
        passed()
        run.closed(afterProbes: 3)
        #expect(!failed(1...1))
        #expect(failed(2...2))
    }
}
