import Foundation
import Storage
import TestSupport
import Testing

@Suite(.serialized) struct GroupTests {
    @Test func `makes one account for all leads of a company`() async throws {
        try await withFixture { fixture in
            let leads = await fixture.simulator.addLeads(6)
            let companies = ["Acme", " ACME ", "acme", "Globex", "", ""]
            let rows = zip(leads, companies).map { "\($0),Qualified,\($1)\n" }.joined()
            let end = try await fixture.run(
                "enqueue", "-", "--group-by", "Company",
                input: "leadId,convertedStatus,Company\n" + rows)
            #expect(end.errors.hasPrefix("6 added"))
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            let accounts = try fixture.queue.jobs().map { $0.text("result_account_id") ?? "" }
            #expect(Set(accounts[0..<3]).count == 1)
            // Another company, and two leads without any: an account each.
            #expect(Set(accounts).count == 4)
        }
    }

    @Test func `refuses a row without the column to group by`() async throws {
        try await withFixture { fixture in
            let rows = """
                {"leadId": "00QWs0000000001", "convertedStatus": "A", "Company": "Acme"}
                {"leadId": "00QWs0000000002", "convertedStatus": "A"}
                """
            let end = try await fixture.run("enqueue", "-", "--group-by", "Company", input: rows)
            #expect(end.code == 65)
            #expect(end.errors.contains("standard input:2: groupKey: this row has no Company"))
        }
    }
}
