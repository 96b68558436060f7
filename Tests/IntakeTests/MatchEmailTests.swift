import Conversion
import Testing

@testable import Intake

/// Where the address comes from by which a contact is searched for.
@Suite struct MatchEmailTests {
    private let lead = "00QWs0000000001,Qualified"

    private func matching(_ assignments: String...) throws -> Mapping {
        var mapping = Mapping()
        for assignment in assignments { try mapping.set(assignment) }
        mapping.matchesContacts = true
        return mapping
    }

    @Test(arguments: ["Email", "email", "EMAIL"])
    func `takes the column email`(name: String) throws {
        let text = "leadId,convertedStatus,\(name)\n\(lead), ada@example.org \n"
        #expect(try row(text, mapping: matching()).lead?.matchEmail == "ada@example.org")
        #expect(try row(text).lead?.matchEmail == nil)
    }

    @Test func `takes the key email`() throws {
        for name in ["Email", "email"] {
            let text = """
                {"leadId": "00QWs0000000001", "convertedStatus": "x", "\(name)": "ada@example.org"}
                """
            #expect(try row(text, mapping: matching()).lead?.matchEmail == "ada@example.org")
        }
    }

    @Test func `goes by a mapping where there is one`() throws {
        let text = "leadId,convertedStatus,Mail\n\(lead),ada@example.org\n"
        let mapping = try matching("matchEmail={{Mail}}")
        #expect(try row(text, mapping: mapping).lead?.matchEmail == "ada@example.org")
        let named = "leadId,convertedStatus,match_email\n\(lead),ada@example.org\n"
        #expect(try row(named).lead?.matchEmail == "ada@example.org")
    }

    @Test func `converts as new where the cell is empty`() throws {
        let row = try row("leadId,convertedStatus,Email\n\(lead),\n", mapping: matching())
        #expect(row.lead != nil && row.lead?.matchEmail == nil)
    }

    @Test func `leaves the contact alone that a row gives`() throws {
        let text =
            "leadId,convertedStatus,accountId,contactId,Email\n"
            + "\(lead),001Ws0000000001,003Ws0000000001,ada@example.org\n"
        #expect(try row(text, mapping: matching()).lead?.matchEmail == nil)
        let both = try row(text, mapping: Mapping("matchEmail={{Email}}"))
        #expect(
            both.reason == "matchEmail and contactId stand together: give one of them")
    }

    @Test func `says so when there is no email`() throws {
        let error = #expect(throws: OperatorError.self) {
            try rows("leadId,convertedStatus\n\(lead)\n", mapping: matching())
        }
        #expect(error?.status == .dataRefused)
        #expect(error?.description.contains("--map 'matchEmail={{COLUMN}}'") == true)
        let row = try row(
            #"{"leadId": "00QWs0000000001", "convertedStatus": "x"}"#, mapping: matching())
        #expect(row.reason == "matchEmail: this row has no Email, which --match-contact asks for")
    }

    @Test(arguments: ["ada", "@example.org", "ada@", "a da@example.org"])
    func `refuses what is no address`(text: String) throws {
        let row = try row(
            "leadId,convertedStatus,Email\n\(lead),\(text)\n", mapping: matching())
        #expect(row.reason?.hasPrefix("matchEmail is no e-mail address") == true)
    }
}
