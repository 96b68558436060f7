import Conversion
import Testing

@testable import Intake

/// Rows as a query of Salesforce gives them, and groups by the domain of an address.
@Suite struct QueryRowTests {
    private func records(_ assignments: String...) throws -> Mapping {
        var mapping = Mapping()
        mapping.readsRecords = true
        mapping.defaultStatus = "Qualified"
        for assignment in assignments { try mapping.set(assignment) }
        return mapping
    }

    @Test func `a lead's record calls its id Id, and a queue owns nothing else`() throws {
        let text = #"""
            {"attributes":{"type":"Lead"},"Id":"00QWs0000000001MAA","OwnerId":"00GWs0000000001MAA"}
            """#
        let lead = try #require(try row(text, mapping: records()).lead)
        #expect(lead.leadID.description == "00QWs0000000001MAA" && lead.ownerID == nil)
        let mapped = try row(text, mapping: records("ownerId={{OwnerId}}"))
        guard case .refused(_, let reason) = mapped else {
            Issue.record("\(mapped)")
            return
        }
        #expect(reason.hasPrefix("ownerId: the id of a"))
    }

    @Test func `a lead may be in a query's answer twice`() throws {
        let line = #"{"Id":"x","LeadId":"00QWs0000000001MAA"}"#
        let mapping = try records("leadId={{LeadId}}")
        #expect(try rows("\(line)\n\(line)\n", mapping: mapping).compactMap(\.lead).count == 2)
    }

    @Test(arguments: [
        ("ada@acme.example", "acme.example"), ("Ada <ada@Mail.ACME.example>", "mail.acme.example"),
        ("ada@gmail.com", nil), ("ada@GMail.com", nil), ("ada@yahoo.co.uk", nil),
        ("ada@hotmail.fr", nil), ("ada@outlook.example.org", "outlook.example.org"),
        ("x7k2@privaterelay.appleid.com", nil), ("ada@appleid.com", "appleid.com"),
        ("ada@mozmail.com", nil), ("x@ada.mozmail.com", nil), ("ada@passmail.net", nil),
        ("ada@tampabay.rr.com", nil), ("ada@rr.com", nil), ("ada@rr.com.example", "rr.com.example"),
        ("ada@centurylink.net", nil), ("ada@iinet.net.au", nil), ("ada@corr.com", "corr.com"),
        ("no address", nil), ("ada@localhost", nil), ("", nil),
    ])
    func `leads of one company's domain are a group`(_ address: String, domain: String?) throws {
        var mapping = try records()
        try mapping.group(byDomainOf: "Email")
        mapping.matchesAccounts = true
        let text = #"{"Id":"00QWs0000000001MAA","Email":"\#(address)"}"#
        let lead = try #require(try row(text, mapping: mapping).lead)
        #expect(lead.groupKey == domain && lead.matchesAccount == (domain != nil))
    }

    @Test func `a spool gives back what was written`() throws {
        let spool = try SpoolFile(name: "records")
        for number in 1...3 {
            try spool.append(Array("{\"leadId\":\"00QWs000000000\(number)\"}\n".utf8))
        }
        var reader = try RowReader(spool.source(), format: .ndjson, mapping: records())
        var count = 0
        while try reader.next() != nil { count += 1 }
        #expect(count == 3)
    }
}
