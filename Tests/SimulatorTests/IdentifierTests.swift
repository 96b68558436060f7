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
