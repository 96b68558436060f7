import Conversion
import Intake
import Testing

@Suite struct CSVTests {
    private let id = "00QWs000001AbcDMAS"

    @Test func `takes a row by its header`() throws {
        let text = """
            leadId,convertedStatus,doNotCreateOpportunity,opportunityName,accountId,contactId,\
            ownerId,overwriteLeadSource,sendNotificationEmail
            00QWs000001AbcDMAS,Closed - Converted,no,Acme - Q3,001Ws0000000001,003Ws0000000001,\
            005Ws0000000001,1,TRUE
            """
        var lead = LeadConversion(
            leadID: try RecordID(id, of: .lead), convertedStatus: "Closed - Converted"
        )
        lead.opportunityName = "Acme - Q3"
        lead.accountID = try RecordID("001Ws0000000001", of: .account)
        lead.contactID = try RecordID("003Ws0000000001", of: .contact)
        lead.ownerID = try RecordID("005Ws0000000001", of: .user)
        lead.overwriteLeadSource = true
        lead.sendNotificationEmail = true
        #expect(try rows(text) == [.lead(lead, line: 2)])
    }

    @Test(arguments: [
        "leadId,convertedStatus", "LEADID,ConvertedStatus", " leadId , convertedStatus ",
        "lead_id,converted_status", "\"leadId\",\"convertedStatus\"",
        "\u{FEFF}leadId,convertedStatus",
    ])
    func `reads header names in any case and style`(header: String) throws {
        #expect(try row("\(header)\n\(id),Done\n").lead?.convertedStatus == "Done")
    }

    @Test func `takes columns in any order and ignores others`() throws {
        let lead = try row("Email,convertedStatus,,leadId\nx@y.z,Done,,\(id)\n").lead
        #expect(lead?.leadID.description == id)
        #expect(lead?.convertedStatus == "Done")
    }

    @Test(arguments: [",", ";", "\t"])
    func `finds the separator in the header`(separator: String) throws {
        let text = "leadId,opportunityName,convertedStatus\n\(id),Acme,Done\n"
            .replacing(",", with: separator)
        #expect(try row(text).lead?.opportunityName == "Acme")
    }

    @Test func `looks for the separator outside quotes`() throws {
        let text = "leadId;\"Amount, EUR\";convertedStatus\n\(id);1,5;Done\n"
        #expect(try row(text).lead?.convertedStatus == "Done")
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `counts lines whatever ends them`(ending: String) throws {
        let lines = ["leadId,convertedStatus", "\(id),A", "", "nope,B", "00QWs000001AbcE,C"]
        let all = try rows(lines.joined(separator: ending))
        #expect(all.map(\.line) == [2, 4, 5])
        #expect(all.compactMap(\.lead?.convertedStatus) == ["A", "C"])
        #expect(all[1].reason == "leadId: an id has 15 or 18 characters, this one has 4")
    }

    @Test func `keeps line breaks quotes and separators within quotes`() throws {
        let text =
            "leadId,convertedStatus,opportunityName\r\n"
            + "\(id),Done,\"The \"\"big\"\" one,\r\nsecond line\"\r\n\(id),Next,\r\n"
        let all = try rows(text)
        #expect(all[0].lead?.opportunityName == "The \"big\" one,\r\nsecond line")
        #expect(all.map(\.line) == [2, 4])
    }

    @Test func `takes a quote in the plain part of a cell as it is`() throws {
        let lead = try row("leadId,convertedStatus,opportunityName\n\(id),Done,15\" screens\n").lead
        #expect(lead?.opportunityName == "15\" screens")
    }

    @Test func `trims cells and takes empty ones as absent`() throws {
        let text =
            "leadId,convertedStatus,opportunityName,accountId,doNotCreateOpportunity\n"
            + " \(id) , Done ,  ,,\n"
        let lead = try row(text).lead
        #expect(
            lead == LeadConversion(leadID: try RecordID(id, of: .lead), convertedStatus: "Done"))
    }

    @Test(arguments: [
        ("true", true), ("Yes", true), ("1", true), ("FALSE", false), ("no", false), ("0", false),
        ("", false),
    ])
    func `reads booleans as people write them`(cell: String, expected: Bool) throws {
        let lead = try row("leadId,convertedStatus,doNotCreateOpportunity\n\(id),Done,\(cell)\n")
            .lead
        #expect(lead?.doNotCreateOpportunity == expected)
    }

    @Test func `refuses a row that is short or long and takes the others`() throws {
        let all = try rows("leadId,convertedStatus\n\(id)\n\(id),Done\n\(id),Done,more\n")
        #expect(all.map { $0.lead != nil } == [false, true, false])
        #expect(all[0].reason?.hasPrefix("the header names 2 columns, this row has 1") == true)
        #expect(all[2].reason?.hasPrefix("the header names 2 columns, this row has 3") == true)
    }

    @Test(arguments: [",", ";", "\t", "|"], ["", "\"\"", " "])
    func `a row of separators alone is as blank as an empty line`(
        separator: String, cell: String
    ) throws {
        let empty = Array(repeating: cell, count: 3).joined(separator: separator) + "\r\n"
        let text = "leadId,convertedStatus,Company\r\n".replacing(",", with: separator)
        let row = "\(id),Done,A\r\n".replacing(",", with: separator)
        let all = try rows(empty + text + empty + empty + row + row + empty)
        #expect(all.map(\.line) == [5, 6])
        #expect(all.map { $0.lead != nil } == [true, true])
        // With any text in it, it is a row.
        let named = try rows(text + empty.replacing("\r\n", with: "x\r\n") + row)
        #expect(named.map { $0.lead != nil } == [false, true])
    }

    @Test func `refuses what goes on behind a closing quote`() throws {
        let all = try rows("leadId,convertedStatus\n\(id),\"Do\"ne\n\(id),Done\n")
        #expect(all[0].reason?.hasPrefix("cell 2 goes on behind its closing quote") == true)
        #expect(all[1].lead != nil)
    }

    @Test func `names the line where an unclosed quote opens`() throws {
        let all = try rows(
            "leadId,convertedStatus,opportunityName\n\(id),\"A\nB\",\"C\n\(id),D,E\n")
        #expect(all.map(\.line) == [2])
        #expect(all[0].reason?.hasPrefix("the quote that opens in line 3 never closes") == true)
    }

    @Test(arguments: [
        (
            "leadId,convertedStatus\n001Ws0000000001,Done",
            "leadId: the id of a lead begins with 00Q"
        ),
        ("leadId,convertedStatus\n00QWs000001AbcDMAX,Done", "leadId: its last three characters"),
        ("leadId,convertedStatus\n,Done", "leadId: empty or missing"),
        ("leadId,convertedStatus\n00QWs000001AbcD,", "convertedStatus: empty or missing"),
        (
            "leadId,convertedStatus,contactId\n00QWs000001AbcD,Done,003Ws0000000001",
            "contactId stands without accountId"
        ),
        (
            "leadId,convertedStatus,doNotCreateOpportunity\n00QWs000001AbcD,Done,maybe",
            "doNotCreateOpportunity: it is neither true nor false"
        ),
        (
            "leadId,convertedStatus,opportunityName\n00QWs000001AbcD,Done,a\u{7}b",
            "opportunityName: it holds a control character"
        ),
    ])
    func `names the field of a refused row`(text: String, reason: String) throws {
        #expect(try row(text).reason?.hasPrefix(reason) == true)
    }

    @Test(arguments: [
        ("", "leads.csv: empty, not even a header line."),
        ("\n \r\n", "leads.csv: empty, not even a header line."),
        ("Ids,convertedStatus\n", "leads.csv:1: the header has no column leadId."),
        ("Id,Name,id,convertedStatus\n", "leads.csv:1: two columns are called Id."),
        ("\nleadId,Status\n", "leads.csv:2: the header has no column convertedStatus."),
        ("leadId,convertedStatus,lead_id\n", "leads.csv:1: two columns name leadId."),
        ("leadId,\"convertedStatus\n", "leads.csv:1: the quote that opens in line 1 never closes"),
    ])
    func `takes nothing of a file whose header is wrong`(text: String, sentence: String) throws {
        let error = #expect(throws: OperatorError.self) { try rows(text, format: .csv) }
        #expect(error?.status == .dataRefused)
        #expect(error?.sentence.hasPrefix(sentence) == true)
    }
}
