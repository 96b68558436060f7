import Conversion
import TestSupport
import Testing

@testable import Drain

@Suite struct CircuitBreakerTests {
    private let reason = Reason("UNREACHABLE", "no route")
    private var breaker = CircuitBreaker(probeIntervalMS: 30_000)

    @discardableResult
    private mutating func fail(
        _ kind: CircuitBreaker.Kind = .outage, _ tier: CallTier = .conversion, from start: Int64,
        at now: Int64
    ) -> Bool {
        breaker.fail(kind, reason, tier: tier, startedAt: .ms(start), at: .ms(now))
    }

    /// When probes leave that all fail, in seconds.
    private mutating func pauses(_ kind: CircuitBreaker.Kind, count: Int) -> [Int64] {
        fail(kind, from: 0, at: 0)
        return (0..<count).map { _ in
            let probe = breaker.openState?.probeAt.since(.ms(0)) ?? -1
            fail(kind, from: probe, at: probe)
            return probe / 1000
        }
    }

    @Test mutating func `probes an outage with pauses that grow to a quarter of an hour`() {
        #expect(pauses(.outage, count: 8) == [30, 90, 210, 450, 930, 1830, 2730, 3630])
    }

    @Test mutating func `asks after a second whether what looks like an incident is one`() {
        #expect(pauses(.incident, count: 7) == [1, 31, 91, 211, 451, 931, 1831])
    }

    @Test mutating func `takes calls that were in flight together for one failure`() {
        #expect(fail(from: 0, at: 10))
        let opensAgain = fail(from: 5, at: 20)
        #expect(!opensAgain)
        #expect(breaker.openState?.probeAt == .ms(30_020))
        #expect(breaker.openState?.failedProbes == 0)
    }

    @Test mutating func `closes when a call of the tier that failed gets through, or of a higher`()
    {
        fail(.outage, .login, from: 0, at: 0)
        #expect(breaker.pass(.login) != nil)
        fail(.outage, .login, from: 0, at: 0)
        #expect(breaker.pass(.conversion) != nil)
        fail(.outage, .conversion, from: 0, at: 0)
        // The login that fails meanwhile does not make it the login's affair.
        fail(.outage, .login, from: 30_000, at: 30_000)
        #expect(breaker.pass(.login) == nil)
        #expect(breaker.pass(.read) == nil)
        #expect(breaker.pass(.conversion) != nil)
        #expect(breaker.openState == nil)
    }

    @Test mutating func `lets through what is known to get through, until that fails too`() {
        fail(.outage, .conversion, from: 0, at: 0)
        #expect(breaker.openState?.stops(.limits) == true)
        _ = breaker.pass(.read)
        #expect(breaker.openState?.stops(.read) == false)
        #expect(breaker.openState?.stops(.conversion) == true)
        fail(.outage, .read, from: 1, at: 1)
        #expect(breaker.openState?.stops(.read) == true)
        #expect(breaker.openState?.stops(.limits) == false)
    }

    @Test mutating func `stops of an incident only what fails in it`() {
        fail(.incident, .read, from: 0, at: 0)
        #expect(CallTier.allCases.filter { breaker.openState?.stops($0) == true } == [.read])
    }
}
