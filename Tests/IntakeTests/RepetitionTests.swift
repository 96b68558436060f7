import Testing

@testable import Intake

@Suite struct RepetitionTests {
    private let id = "00QWs000001AbcDMAS"

    @Test func `refuses a lead that stands in the file already`() throws {
        let text = "leadId,convertedStatus\n\n\(id),A\n00QWs000001AbcE,A\n00QWs000001AbcD,B\n"
        let all = try rows(text)
        #expect(all.map(\.line) == [3, 4, 5])
        #expect(all.map(\.reason) == [nil, nil, "leadId: this lead stands on line 3 already"])
    }

    @Test func `tells leads apart that differ in case alone`() throws {
        let text = "leadId,convertedStatus\n00QWs000001AbcD,A\n00QWs000001AbCD,A\n"
        #expect(try rows(text).allSatisfy { $0.lead != nil })
    }

    @Test func `takes a lead whose first row was refused`() throws {
        let text = "leadId,convertedStatus\n\(id),\n\(id),A\n"
        #expect(try rows(text).map { $0.lead != nil } == [false, true])
    }
}
