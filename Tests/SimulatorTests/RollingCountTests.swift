import Testing

@testable import SalesforceSimulator

/// The rolling window, with times written by hand.
@Suite struct RollingCountTests {
    @Test func `a call is free again a day after it was made`() {
        let hour = 3600.0
        var use = RollingCount(minutes: 24 * 60)
        use.add(14_500, at: 5 * hour)
        use.add(499, at: 23 * hour)
        #expect(use.count(at: 28 * hour) == 14_999)
        #expect(use.count(at: 29 * hour + 60) == 499)
        #expect(use.count(at: 47 * hour + 60) == 0)
    }

    @Test func `what happens in one minute is counted together`() {
        var use = RollingCount(minutes: 60)
        use.add(at: 61)
        use.add(at: 119)
        #expect(use.count(at: 120) == 2)
    }
}
