import Conversion
import Testing

@testable import Intake

@Suite struct MappingTests {
    private let id = "00QWs000001AbcDMAS"
    private let sample = """
        {"leadId": "{{trigger.leadId}}", "convertedStatus": "{{trigger.convertedStatus}}", \
        "doNotCreateOpportunity": "{{trigger.doNotCreateOpportunity}}", \
        "opportunityName": "{{trigger.opportunityName}}"}
        """

    @Test func `renders the sample request for a row`() throws {
        let text = """
            [{"leadId": "\(id)", "convertedStatus": "Done", "doNotCreateOpportunity": true, \
            "opportunityName": null, "accountId": "not asked for"}]
            """
        var lead = LeadConversion(leadID: try RecordID(id, of: .lead), convertedStatus: "Done")
        lead.doNotCreateOpportunity = true
        #expect(try row(text, mapping: Mapping(json: sample)).lead == lead)
    }

    @Test func `renders the sample request for a CSV row`() throws {
        let text = "leadId,convertedStatus,doNotCreateOpportunity,opportunityName\n\(id),Done,,X\n"
        let lead = try row(text, mapping: Mapping(json: sample)).lead
        #expect(lead?.opportunityName == "X")
        #expect(lead?.doNotCreateOpportunity == false)
    }

    @Test func `sets fields from columns literals and both`() throws {
        let mapping = try Mapping(
            "leadId={{Id}}", "convertedStatus=Qualified", "opportunityName={{Company}} - {{ Q }}=1"
        )
        let text = "Id,Company,Q,sendNotificationEmail\n\(id),Acme,Q3,yes\n"
        let lead = try row(text, mapping: mapping).lead
        #expect(lead?.leadID.description == id)
        #expect(lead?.convertedStatus == "Qualified")
        #expect(lead?.opportunityName == "Acme - Q3=1")
        #expect(lead?.sendNotificationEmail == true)
    }

    @Test(arguments: [
        "{{steps.ai.status}}", "{{row.steps.ai.status}}", "{{trigger.steps.ai.status}}",
        "{{items[1].name}}", "{{items.1.name}}", "{{ items [ 1 ] . name }}", "{{Account.Name}}",
        "{{row.Account.Name}}", "{{grid[0][1]}}",
    ])
    func `follows paths into nested values`(path: String) throws {
        let text = """
            [{"leadId": "\(id)", "steps": {"ai": {"status": "Hot"}}, "Account.Name": "Hot",
              "items": [{"name": "no"}, {"name": "Hot"}], "grid": [["no", "Hot"]]}]
            """
        let lead = try row(text, mapping: Mapping("convertedStatus=\(path)")).lead
        #expect(lead?.convertedStatus == "Hot")
    }

    @Test func `gives a row's own trigger precedence`() throws {
        let text = "[{\"leadId\": \"\(id)\", \"s\": \"outer\", \"trigger\": {\"s\": \"inner\"}}]"
        let lead = try row(text, mapping: Mapping("convertedStatus={{trigger.s}}")).lead
        #expect(lead?.convertedStatus == "inner")
    }

    @Test(arguments: [
        ("{{Nope}}", "opportunityName: this row has no Nope"),
        ("{{items[2].name}}", "opportunityName: this row has no items[2].name"),
        ("{{none}} - Q3", "opportunityName: none, which {{none}} asks for, is empty"),
        ("{{blank}} - Q3", "opportunityName: blank, which {{blank}} asks for, is empty"),
        ("{{items}}", "opportunityName: it is a list or an object"),
        ("{{items}} - Q3", "opportunityName: it is a list or an object"),
    ])
    func `refuses a row that lacks what a template asks for`(template: String, reason: String)
        throws
    {
        let text = """
            [{"leadId": "\(id)", "convertedStatus": "A", "none": null, "blank": " ", "items": [1]},
             {"leadId": "\(id)", "convertedStatus": "A", "none": "n", "blank": "b", "Nope": "N",
              "items": [{}, {}, {"name": "n"}]}]
            """
        let all = try rows(text, mapping: Mapping("opportunityName=\(template)"))
        #expect(all[0].reason?.hasPrefix(reason) == true, "\(all[0])")
    }

    private static let oddNames = [
        "Customer No.", "Revenue [EUR]", ".NET skills", "a..b", "a[x]", "a]", "row.", "[0]",
    ]

    @Test(arguments: oddNames, ["", "row.", "trigger."])
    func `a column or key can be called anything`(name: String, prefix: String) throws {
        let mapping = try Mapping("opportunityName={{\(prefix)\(name)}}", "groupKey={{ \(name) }}")
        for text in [
            "leadId,convertedStatus,\(name)\n\(id),A,x\n",
            #"{"leadId": "\#(id)", "convertedStatus": "A", "\#(name)": "x"}"#,
        ] {
            let lead = try #require(try row(text, mapping: mapping).lead)
            #expect(lead.opportunityName == "x" && lead.groupKey == "x")
        }
        var grouping = Mapping()
        try grouping.group(by: name)
        let text = "leadId,convertedStatus,\(name)\n\(id),A,x\n"
        #expect(try row(text, mapping: grouping).lead?.groupKey == "x")
        let error = #expect(throws: OperatorError.self) { try grouping.group(by: " ") }
        #expect(error?.sentence == "--group-by  : {{}} lacks a name: write {{row.COLUMN}}.")
    }

    @Test(arguments: [
        ("a..b", ", and that is no path: it lacks a name"),
        ("a.", ", and that is no path: it lacks a name"),
        ("a[x]", ", and that is no path: brackets hold a number, counted from 0"),
        ("a[-1]", ", and that is no path: brackets hold a number, counted from 0"),
        ("a[0].b", ""),
    ])
    func `what is neither a name nor a path refuses its row, and says why`(
        path: String, hint: String
    ) throws {
        let mapping = try Mapping("opportunityName={{\(path)}}")
        let text = #"{"leadId": "\#(id)", "convertedStatus": "A", "a": [1]}"#
        #expect(
            try row(text, mapping: mapping).reason
                == "opportunityName: this row has no \(path), which {{\(path)}} asks for\(hint)")
    }

    @Test func `takes null as absent where no text is needed`() throws {
        let text = "[{\"leadId\": \"\(id)\", \"convertedStatus\": \"A\", \"x\": null}]"
        #expect(
            try row(text, mapping: Mapping("opportunityName={{x}}")).lead?.opportunityName == nil)
        let needed = try row(text, mapping: Mapping("convertedStatus={{x}}"))
        #expect(needed.reason?.hasPrefix("convertedStatus: empty or missing") == true)
    }

    @Test func `refuses each row of a CSV that lacks a mapped column`() throws {
        let mapping = try Mapping("opportunityName={{Nope}}")
        let all = try rows("leadId,convertedStatus\n\(id),A\n\(id),B\n", mapping: mapping)
        let reason = "opportunityName: this row has no Nope, which {{Nope}} asks for"
        #expect(all.map(\.reason) == [reason, reason])
    }

    @Test func `takes nothing of a CSV with two columns of a mapped name`() throws {
        let text = "leadId,convertedStatus,Name,name\n\(id),A,B,C\n"
        #expect(try rows(text).count == 1)
        let error = #expect(throws: OperatorError.self) {
            try rows(text, mapping: Mapping("opportunityName={{Name}}"))
        }
        #expect(error?.sentence.contains("two columns are called Name") == true)
    }

    @Test func `maps a field that two columns name`() throws {
        let text = "leadId,lead_id,convertedStatus\nx,\(id),A\n"
        #expect(try row(text, mapping: Mapping("leadId={{lead_id}}")).lead != nil)
    }

    @Test(arguments: [
        ("leadId", "--map leadId: no = in it."),
        ("leadNo={{Id}}", "--map: no field is called leadNo."),
        ("leadId={{Id", "--map leadId: a {{ never ends: close it with }}."),
        ("leadId={{}}", "--map leadId: {{}} lacks a name: write {{row.COLUMN}}."),
        ("leadId={{ }}", "--map leadId: {{}} lacks a name: write {{row.COLUMN}}."),
    ])
    func `refuses a wrong assignment as wrong usage`(assignment: String, sentence: String) throws {
        let error = #expect(throws: OperatorError.self) { try Mapping(assignment) }
        #expect(error?.status == .usage)
        #expect(error?.sentence == sentence)
    }

    @Test(arguments: [
        ("[]", "template.json: it must be one JSON object."),
        ("{", "template.json: not valid JSON: at its byte 2 a key in quotes is missing."),
        (#"{"leadId": "{{Id"}"#, "template.json: leadId: a {{ never ends: close it with }}."),
        (#"{"leadId": []}"#, "template.json: leadId: it must be a text such as {{row.COLUMN}}."),
        (#"{"leadId": "a", "lead_id": "b"}"#, "template.json: leadId: it stands there twice."),
    ])
    func `refuses a wrong template file`(json: String, sentence: String) throws {
        let error = #expect(throws: OperatorError.self) { try Mapping(json: json) }
        #expect(error?.status == .dataRefused)
        #expect(error?.sentence == sentence)
    }

    @Test func `a template file is UTF-8, with a byte order mark or without`() throws {
        let json = #"{"leadId": "{{Id}}", "convertedStatus": "Verlängert"}"#
        let mapping = try Mapping(template: ByteSource([0xEF, 0xBB, 0xBF] + json.utf8))
        #expect(
            try row(#"{"Id": "\#(id)"}"#, mapping: mapping).lead?.convertedStatus == "Verlängert")
        // As a Windows editor saves it: no name is to be sent with U+FFFD in it.
        let ansi = json.unicodeScalars.map { UInt8($0.value) }
        let error = #expect(throws: OperatorError.self) {
            try Mapping(template: ByteSource(ansi, named: "template.json"))
        }
        #expect(error?.status == .dataRefused)
        #expect(error?.sentence == "template.json is not UTF-8 text.")
    }

    @Test func `refuses a template without a required field unless it is mapped`() throws {
        var mapping = try Mapping(json: "{\"leadId\": \"{{leadId}}\"}")
        let text = "leadId,convertedStatus\n\(id),A\n"
        let error = #expect(throws: OperatorError.self) { try rows(text, mapping: mapping) }
        #expect(error?.sentence == "The template has no convertedStatus.")
        try mapping.set("convertedStatus=B")
        #expect(try row(text, mapping: mapping).lead?.convertedStatus == "B")
    }
}
