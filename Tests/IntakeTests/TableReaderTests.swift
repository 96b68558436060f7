import Conversion
import Testing

@testable import Intake

@Suite struct TableReaderTests {
    private let id = "00QWs000001AbcDMAS"

    @Test func `reads rows by their columns' names`() throws {
        var table = try TableReader(
            "crm.db", columns: ["Id", "converted_status", "Company"],
            mapping: Mapping("leadId={{row.Id}}", "opportunityName={{Company}}")
        )
        let row = table.read([id, "Done", nil])
        #expect(row.lead?.leadID.description == id)
        #expect(row.lead?.convertedStatus == "Done")
        #expect(row.lead?.opportunityName == nil)
    }

    @Test func `numbers rows and refuses them alone`() throws {
        let mapping = try Mapping("opportunityName={{Company}} - Q3")
        var table = try TableReader(
            "crm.db", columns: ["leadId", "convertedStatus", "company"], mapping: mapping
        )
        let all = [
            table.read([id, "Done", nil]), table.read([id, "Done", "Acme"]),
            table.read(["7", "Done", "Acme"]),
        ]
        #expect(all.map(\.line) == [1, 2, 3])
        #expect(
            all.map(\.reason) == [
                "opportunityName: Company, which {{Company}} asks for, is empty in this row", nil,
                "leadId: an id has 15 or 18 characters, this one has 1",
            ]
        )
    }

    @Test func `a query's Id is not taken for a lead's by itself`() throws {
        let error = #expect(throws: OperatorError.self) {
            try TableReader("crm.db", columns: ["Id", "convertedStatus"], mapping: Mapping())
        }
        #expect(
            error?.remedy == "If its column Id holds the leads' ids, type --map 'leadId={{Id}}'.")
    }

    @Test func `takes nothing of a query without a required column`() throws {
        let error = #expect(throws: OperatorError.self) {
            try TableReader("crm.db", columns: ["leadId"], mapping: Mapping())
        }
        #expect(error?.sentence == "crm.db: the query has no column convertedStatus.")
    }
}
