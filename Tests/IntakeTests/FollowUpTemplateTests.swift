import Conversion
import Foundation
import Testing

@testable import Intake

/// What a row asks for after its conversion.
@Suite struct FollowUpTemplateTests {
    @Test(arguments: ["\\u000b", "\"", "\\", "\n", "\t", "/", "é", "😀"])
    func `whatever a cell holds, the fields to set are JSON`(odd: String) throws {
        var mapping = Mapping()
        mapping.defaultStatus = "Qualified"
        try mapping.followUps.set("Account.Website={{Site}}")
        try mapping.followUps.set("Opportunity.Amount={{Budget}}")
        try mapping.followUps.input("summary={{Site}}")
        let cells = try JSONSerialization.data(
            withJSONObject: ["leadId": "00QWs0000000001MAA", "Site": "a\(odd)b", "Budget": 7])
        let text = String(decoding: cells, as: UTF8.self)
        let lead = try #require(try row(text, mapping: mapping).lead)

        let set = try object(lead.followUps?.afterSet)
        #expect((set["Account"] as? [String: String]) == ["Website": "a\(odd)b"])
        #expect((set["Opportunity"] as? [String: Int]) == ["Amount": 7])
        #expect(try object(lead.extra)["summary"] as? String == "a\(odd)b")
    }

    private func object(_ text: String?) throws -> [String: Any] {
        let data = Data(try #require(text).utf8)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}
