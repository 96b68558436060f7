import Conversion
import TestSupport
import Testing

@testable import Drain

@Suite struct FailureRunTests {
    private var run = FailureRun()

    private mutating func failed(
        _ jobs: ClosedRange<Int64>, each: Bool = false, probe: Bool = false, at now: Int64 = 0
    ) -> Bool {
        run.failed(Set(jobs), each: each, isProbe: probe, at: .ms(now))
    }

    @Test mutating func `takes halves within halves for the fault of one lead`() {
        for jobs: ClosedRange<Int64> in [1...100, 1...50, 26...50, 26...26, 26...26] {
            #expect(!failed(jobs))
        }
        #expect(run.suspects == [26])
        #expect(run.tried == Set(1...100))
    }

    @Test mutating func `takes both halves of a call for the fault of the org`() {
        #expect(!failed(1...100))
        #expect(!failed(1...50))
        #expect(failed(51...100))
        #expect(failed(1...25), "until something gets through it is nobody else's")
    }

    @Test mutating func `takes two calls for the fault of the org, unless one passed between`() {
        #expect(!failed(1...100))
        run.passed(Set(201...300))
        #expect(!failed(101...200))
        #expect(failed(301...400))
    }

    @Test mutating func `knows that one lead does not explain what each was told`() {
        #expect(!failed(1...100, each: true))
        #expect(failed(1...100, each: true))
    }

    @Test mutating func `concludes nothing from leads that failed while others passed`() {
        run.passed([3], beside: [1, 2])
        #expect(!failed(1...1, each: true))
        #expect(!failed(2...2, each: true))
        #expect(!failed(4...4), "alone, and the first")
        run.passed([5])
        #expect(!failed(4...4))
        #expect(!failed(1...2, each: true))
        #expect(run.tried.isEmpty)
    }

    @Test mutating func `charges a probe that was probed before, after half an hour`() {
        #expect(!failed(1...1))
        #expect(failed(2...2))
        #expect(failed(1...1, probe: true, at: 30 * 60_000 - 1))
        #expect(failed(3...3, probe: true, at: 30 * 60_000))
        #expect(!failed(3...3, probe: true, at: 30 * 60_000))
    }

    @Test mutating func `needs more failures after a false alarm, and two again after a true one`()
    {
        #expect(!failed(1...1))
        #expect(failed(2...2))
        run.passed()
        run.closed(afterProbes: 0)
        for job in Int64(1)...3 { #expect(!failed(job...job)) }
        #expect(failed(4...4))
        run.passed()
        run.closed(afterProbes: 3)
        #expect(!failed(1...1))
        #expect(failed(2...2))
    }
}
