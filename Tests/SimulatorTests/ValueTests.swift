import Testing

@testable import SalesforceSimulator

/// The suffix of an id, by ids that real orgs have shown.
@Suite struct IdentifierTests {
    @Test(arguments: [
        "00QD000000FP14JMAT", "001D000000HRzTRIA1", "0034C00000UQ6jIQAT", "00QEm00000gYGzpMAG",
        "003Em00001Sl2nJIAR", "001Em00001iG9ezIAC", "006Qg00000qyMZDIA2", "00526000004wk0wAAA",
    ])
    func `fifteen characters get the right suffix`(_ id: String) {
        #expect(Identifier(String(id.prefix(15)))?.text == id)
        #expect(Identifier(id)?.text == id)
    }

    @Test(arguments: [
        "", "00Q", "00QD000000FP14JMAA", "00QD000000FP14-", "00QD000000FP14JM",
        "00qd000000fp14jMAT",
    ])
    func `a malformed id is recognised`(_ id: String) {
        #expect(Identifier(id) == nil)
    }

    @Test func `numbered records get valid ids`() {
        for number in [1, 61, 62, 1_000_000] {
            let id = Identifier(.lead, number: number)
            #expect(Identifier(id.text) == id && id.isOf(.lead))
        }
        #expect(Identifier(.lead, number: 1) != Identifier(.lead, number: 2))
    }
}

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
