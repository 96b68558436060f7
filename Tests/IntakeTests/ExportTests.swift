import Conversion
import Testing

@testable import Intake

/// Files as Salesforce and spreadsheets export them.
@Suite struct ExportTests {
    private let id = "00QWs000001AbcDMAS"

    @Test(arguments: ["Id", "ID", "Lead ID", "lead id"])
    func `a column of Salesforce's name for the lead is taken for it`(name: String) throws {
        #expect(try row("\(name),convertedStatus\n\(id),Done\n").lead?.leadID.description == id)
    }

    @Test func `the columns of a report are taken for what they are`() throws {
        let text = """
            "Lead ID","Account ID","Contact ID","Owner ID","Id","convertedStatus"
            "00QWs000001AbcD","001Ws0000000001","003Ws0000000001","005Ws0000000001","x","Done"

            """
        var reader = try RowReader(ByteSource(text.utf8))
        let lead = try #require(try reader.next()?.lead)
        #expect(lead.leadID.description == id)
        #expect(lead.accountID?.description.hasPrefix("001Ws0000000001") == true)
        #expect(lead.contactID?.description.hasPrefix("003Ws0000000001") == true)
        #expect(lead.ownerID?.description.hasPrefix("005Ws0000000001") == true)
        #expect(
            reader.notes == [
                "columns: leadId from Lead ID, convertedStatus from convertedStatus, accountId from "
                    + "Account ID, contactId from Contact ID, ownerId from Owner ID; 1 other not "
                    + "named a field"
            ])
    }

    @Test func `our own name for a column comes before Salesforce's`() throws {
        let text = "Id,Lead ID,leadId,ownerId,Owner ID,convertedStatus\nx,y,\(id),,z,Done\n"
        var reader = try RowReader(ByteSource(text.utf8))
        #expect(try reader.next()?.lead?.leadID.description == id)
        #expect(reader.notes == [])
    }

    @Test func `a mapped field leaves Salesforce's column alone`() throws {
        let mapping = try Mapping("leadId={{Key}}", "ownerId=")
        let lead = try row(
            "Id,Owner ID,Key,convertedStatus\nx,00GWs0000000001,\(id),Done\n", mapping: mapping
        ).lead
        #expect(lead?.leadID.description == id)
        #expect(lead?.ownerID == nil)
    }

    @Test(arguments: ["|", ";", "\t", ","])
    func `a first line that names the separator is no row`(separator: String) throws {
        let cells = ["Id", "convertedStatus"].joined(separator: separator)
        let text = "sep=\(separator)\r\n\(cells)\r\n\(id)\(separator)Closed, Won|Lost;\r\n"
        let row = try rows(text).first
        #expect(row?.line == 3)
        // Only the separator that is named separates.
        #expect((row?.lead != nil) == (separator == "\t"))
        #expect(try rows("Id|convertedStatus\n\(id)|Closed, Won\n").first?.lead != nil)
    }

    @Test func `a queue that owns a lead is left out, and counted`() throws {
        let queue = "00GWs0000000001MAA"
        let lead = "00QWs0000000001"
        for text in [
            "Id,OwnerId,convertedStatus\n\(id),\(queue),Done\n\(lead),005Ws0000000001,Done\n",
            """
            {"Id": "\(id)", "Owner ID": "\(queue)", "convertedStatus": "Done"}
            {"Id": "\(lead)", "Owner ID": "005Ws0000000001", "convertedStatus": "Done"}
            """,
        ] {
            var reader = try RowReader(ByteSource(text.utf8))
            let leads = [try reader.next()?.lead, try reader.next()?.lead]
            #expect(leads.map { $0?.ownerID?.description.prefix(3) } == [nil, "005"])
            #expect(
                reader.notes.last?.hasPrefix("ownerId left out of 1 row whose owner is a queue")
                    == true)
        }
        let mapped = try row(
            "Id,OwnerId,convertedStatus\n\(id),\(queue),Done\n",
            mapping: Mapping("ownerId={{OwnerId}}"))
        #expect(mapped.reason?.hasPrefix("ownerId: the id of a user") == true)
    }

    @Test(arguments: [
        #"{"Id": "00QWs000001AbcD", "Contact ID": "003Ws0000000001", "accountid": "001Ws0000000001"}"#,
        #"[{"Id": "x", "lead id": "00QWs000001AbcD", "Contact ID": "003Ws0000000001", "#
            + #""Account ID": "001Ws0000000001"}]"#,
    ])
    func `keys of Salesforce's names are taken as a header's are`(text: String) throws {
        let mapping = try Mapping("convertedStatus=Done")
        var reader = try RowReader(ByteSource(text.utf8), mapping: mapping)
        let lead = try #require(try reader.next()?.lead)
        #expect(lead.leadID.description == id)
        #expect(lead.accountID != nil && lead.contactID != nil)
        #expect(reader.notes.first?.hasPrefix("keys: leadId from ") == true)
    }

    @Test func `our own name for a key comes before Salesforce's, and two keys are one too many`()
        throws
    {
        let mapping = try Mapping("convertedStatus=Done")
        #expect(
            try row(#"{"Id": "x", "leadId": "\#(id)"}"#, mapping: mapping).lead?.leadID.description
                == id)
        #expect(
            try row(#"{"Id": "\#(id)", "ID": "\#(id)"}"#, mapping: mapping).reason
                == "leadId: two keys name it: leave one")
    }

    @Test(arguments: [1, 7, 65_536])
    func `what the Salesforce CLI prints of a query is taken`(piece: Int) throws {
        let text = """
            {
              "status": 0,
              "result": {
                "records": [
                  {
                    "attributes": { "type": "Lead", "url": "/services/data/v67.0/sobjects/Lead/x" },
                    "Id": "\(id)",
                    "OwnerId": "00GWs0000000001MAA"
                  },
                  { "attributes": { "type": "Lead" }, "Id": "00QWs0000000001MAA" }
                ],
                "totalSize": 2,
                "done": true
              },
              "warnings": []
            }

            """
        let mapping = try Mapping("convertedStatus=Done")
        for format in [nil, IntakeFormat.json] {
            let leads = try rows(text, format: format, mapping: mapping, piece: piece)
            #expect(leads.map(\.line) == [5, 10])
            #expect(leads.compactMap(\.lead?.leadID.description) == [id, "00QWs0000000001MAA"])
        }
        #expect(throws: OperatorError.self) { try rows(text.prefix(200).utf8, mapping: mapping) }
    }

    private static let record = #"{"attributes": {"type": "Lead"}, "Id": "00QWs000001AbcDMAS"}"#

    @Test(arguments: [
        // sf, at its limit; the REST API, a page of it; a bulk query that still runs.
        (
            #"{"status":0,"result":{"records":[ROW,ROW],"totalSize":3,"done":true},"warnings":["x"]}"#,
            "it holds 2 of the 3 records that the query gave, not all of them",
            "SF_ORG_MAX_QUERY_LIMIT=3"
        ),
        (
            #"{"totalSize":4,"done":false,"nextRecordsUrl":"/services/x-2","records":[ROW, ROW]}"#,
            "it holds 2 of the 4 records that the query gave, not all of them", "--from-soql"
        ),
        (
            #"{"status":0,"result":{"done":false,"records":[],"totalSize":0,"id":"750"}}"#,
            "it holds 0 of the query's records, not all of them", "--from-soql"
        ),
        (
            #"{"a":{"records":[ROW],"done":true},"b":{"records":[ROW]}}"#,
            "it holds several lists of records", "a file of its own"
        ),
        (
            #"{"records":[ROW],"totalSize":1,"done":true}{"records":[ROW],"totalSize":1,"done":true}"#,
            "something stands behind the end of the query's answer", "enqueue takes several"
        ),
        (
            #"{"status":1}{"records":[ROW],"totalSize":1,"done":true}"#,
            "what stands around its records is not valid JSON", "Fetch it again"
        ),
        (
            #"{"records":[ROW],"totalSize":1,"done":tru}"#,
            "what stands around its records is not valid JSON", "the array of the records alone"
        ),
        (#"{"records":[ROW],"totalSize":1"#, "the input ends before its array does", "cut off"),
        (#"{"records":[ROW,]"#, "the input ends before its array does", "cut off"),
    ])
    func `nothing is taken of an answer that is not whole`(
        text: String, sentence: String, remedy: String
    ) throws {
        let mapping = try Mapping("convertedStatus=Done")
        let text = text.replacing("ROW", with: Self.record)
        for piece in [1, 7, 65_536] {
            let error = #expect(throws: OperatorError.self) {
                try rows(text, format: .json, mapping: mapping, piece: piece)
            }
            #expect(error?.status == .dataRefused)
            #expect(error?.sentence == "leads.csv:1: \(sentence).")
            #expect(error?.remedy?.contains(remedy) == true)
        }
    }

    @Test(arguments: [
        #"{"records":[ROW]}"#,
        #"{"rows": 7, "by": "a \"]}{[", "records" : [ ROW ] , "x": [{}, "}"]} "#,
        #"{"records":[ROW],"totalSize":null,"done":null}"#, #"{"records":[ROW],"totalSize":0}"#,
        #"{"records":[ROW],"totalSize":1,"done":true,"next":{"records":[],"done":true}}"#,
        #"{"result":[{"records":[ROW],"totalSize":1}]}"#,
    ])
    func `an object around the rows may say what it likes`(text: String) throws {
        let mapping = try Mapping("convertedStatus=Done")
        let text = text.replacing("ROW", with: Self.record)
        for piece in [1, 65_536] {
            let all = try rows(text, format: .json, mapping: mapping, piece: piece)
            #expect(all.map { $0.lead != nil } == [true])
        }
    }

    @Test func `of the objects of a long file, none is an array`() throws {
        let text = String(repeating: "\(Self.record)\n", count: 20_000)
        let error = #expect(throws: OperatorError.self) { try rows(text, format: .json) }
        #expect(error?.sentence.contains("a JSON input is one array of objects") == true)
        let long = #"{"records":[],"x":""# + String(repeating: "x", count: 1 << 20) + #""}"#
        let other = #expect(throws: OperatorError.self) { try rows(long, format: .json) }
        #expect(other?.sentence.contains("more than 1048576 bytes stand around") == true)
    }

    private static let footer = """


        "Leads of the Week"
        "Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
        "Confidential Information - Do Not Distribute"
        "Generated By:  Ada Lovelace  22.11.2026 07:31"
        "Acme, Inc."
        """

    @Test(arguments: ["Lead ID,convertedStatus\n00QWs000001AbcD,Done", "Lead ID\n00QWs000001AbcD"])
    func `a report's footer is no row`(text: String) throws {
        var mapping = Mapping()
        mapping.defaultStatus = "Done"
        var reader = try RowReader(ByteSource((text + Self.footer).utf8), mapping: mapping)
        #expect(try reader.next()?.lead != nil)
        #expect(try reader.next() == nil)
        #expect(reader.notes.last == "left out: 5 lines of a report's footer")
    }

    @Test(arguments: [",", ";"])
    func `a report's footer that went through a spreadsheet is no row`(separator: String) throws {
        let header = ["Company", "Lead ID", "Owner"].joined(separator: separator)
        let row = ["Acme", "00QWs000001AbcD", ""].joined(separator: separator)
        // Behind each line the cells that it lacks.
        let footer = Self.footer.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0 + separator + separator }
        var mapping = Mapping()
        mapping.defaultStatus = "Done"
        let text = "\(header)\r\n\(row)\r\n" + footer.joined(separator: "\r\n")
        var reader = try RowReader(ByteSource(text.utf8), mapping: mapping)
        #expect(try reader.next()?.lead != nil)
        #expect(try reader.next() == nil)
        #expect(reader.notes.last == "left out: 5 lines of a report's footer")
    }

    private static let marks = """
        "Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
        "Generated By: x"

        """

    @Test(arguments: [
        // A mistyped id, with and without the report's name, and a row that was cut off.
        ("Lead ID\n00QWs000001AbcD\n00QWs000001AbcEBAD\n" + marks, [2, 3], 2),
        ("Lead ID\n00QWs000001AbcD\n\n00qWs000001AbcEBAD\n" + marks, [2, 4], 2),
        ("Lead ID\n00QWs000001AbcD\nbad\n" + marks, [2, 3], 2),
        ("Lead ID\n00QWs000001AbcD\nbad\n\nWeek\n" + marks, [2, 3], 3),
        ("Lead ID\n00QWs000001AbcD\n\nbad\nWeek\n" + marks, [2, 4, 5], 2),
        ("Lead ID\n00QWs000001AbcD\n\nbad\n\n" + marks, [2, 4], 2),
        ("Lead ID,Company\n00QWs000001AbcD,A\n00QWs000001AbcE\n" + marks, [2, 3], 2),
        ("Company,Lead ID\nA,00QWs000001AbcD\nB\n\nWeek\n" + marks, [2, 3], 3),
        ("Lead ID,Company\n00QWs000001AbcD,A\n,\n00QWs000001AbcEBAD,\n" + marks, [2, 4], 2),
        ("Lead ID,Company\n00QWs000001AbcD,A\nbad,\n,\nWeek,\n" + marks, [2, 3], 3),
        ("Company,Lead ID\nA,00QWs000001AbcD\n,\nB,00qWs000001AbcE\n" + marks, [2, 4], 2),
    ])
    func `a row that is wrong is named, footer or not`(
        text: String, lines: [Int], left: Int
    ) throws {
        var mapping = Mapping()
        mapping.defaultStatus = "Done"
        var reader = try RowReader(ByteSource(text.utf8), mapping: mapping)
        var all: [IntakeRow] = []
        while let row = try reader.next() { all.append(row) }
        #expect(all.map(\.line) == lines)
        #expect(all.map { $0.lead != nil } == [true] + lines.dropFirst().map { _ in false })
        let note = "left out: \(left) lines of a report's footer"
        #expect(reader.notes.contains(note))
    }

    @Test func `short rows before others, or at the end of no report, are refused`() throws {
        let text = "leadId,convertedStatus\nGenerated By: me\n\(id),Done\nCopyright\n"
        let all = try rows(text)
        #expect(all.map(\.line) == [2, 3, 4])
        #expect(all.map { $0.lead != nil } == [false, true, false])
    }

    @Test func `rows that name no status get the one that is set`() throws {
        var mapping = Mapping()
        mapping.defaultStatus = "Qualified"
        #expect(try row("leadId\n\(id)\n", mapping: mapping).lead?.convertedStatus == "Qualified")
        let text = "leadId,convertedStatus\n\(id),\n00QWs000001AbcE,Done\n"
        let all = try rows(text, mapping: mapping)
        #expect(all.map { $0.lead?.convertedStatus } == ["Qualified", "Done"])
        let lead = try row("[{\"leadId\": \"\(id)\"}]", mapping: mapping).lead
        #expect(lead?.convertedStatus == "Qualified")
    }

    // MARK: Encodings

    private static let text =
        "Lead ID;convertedStatus;opportunityName\r\n"
        + "00QWs000001AbcDMAS;Qualifié;\"Größe; 5 € – „neu“\"\r\n00QWs000001AbcE;Done;x\r\n"

    @Test(arguments: [1, 2, 3, 7, 1 << 16], [true, false])
    func `UTF-16 with its mark is read as it is`(piece: Int, bigEndian: Bool) throws {
        let units = "\u{FEFF}\(Self.text)😀".utf16
        let bytes = units.flatMap { unit in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
            return bigEndian ? [high, low] : [low, high]
        }
        var reader = try RowReader(ByteSource(bytes, piece: piece))
        #expect(try reader.next()?.lead?.opportunityName == "Größe; 5 € – „neu“")
        #expect(try reader.next()?.lead != nil)
        #expect(reader.notes.first == "encoding: utf-16")
    }

    @Test(arguments: [TextEncoding.windows1252, .latin1], [1, 1 << 16])
    func `an encoding that is named is read`(encoding: TextEncoding, piece: Int) throws {
        let special: [Character: UInt8] = ["€": 0x80, "–": 0x96, "„": 0x84, "“": 0x93]
        let bytes = Self.text.flatMap { character in
            special[character].map { [$0] }
                ?? character.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        }
        var reader = try RowReader(ByteSource(bytes, piece: piece), encoding: encoding)
        let lead = try #require(try reader.next()?.lead)
        #expect(lead.convertedStatus == "Qualifié")
        #expect(lead.opportunityName == "Größe; 5 € – „neu“")
        let error = #expect(throws: OperatorError.self) { try rows(bytes) }
        #expect(error?.remedy?.contains("--encoding windows-1252") == true)
    }

    @Test func `a byte order mark alone is an empty file`() throws {
        let error = #expect(throws: OperatorError.self) { try rows([0xEF, 0xBB, 0xBF]) }
        #expect(error?.sentence == "leads.csv: empty, not even a header line.")
    }
}
