import Conversion
import Intake
import Testing

@Suite struct JSONTests {
    private let id = "00QWs000001AbcDMAS"

    @Test func `takes the elements of an array`() throws {
        let text = """
            [
              {"leadId": "\(id)", "convertedStatus": "A"},
              {"leadId": "00QWs000001AbcE", "convertedStatus": "B",
               "opportunityName": "x, ] } \\" y"}, {"convertedStatus": "C", "leadId": "00QWs000001AbcF"}
            ]
            """
        let all = try rows(text)
        #expect(all.map(\.line) == [2, 3, 4])
        #expect(all.compactMap(\.lead?.convertedStatus) == ["A", "B", "C"])
        #expect(all[1].lead?.opportunityName == "x, ] } \" y")
    }

    @Test func `takes an object a line`() throws {
        let text =
            "{\"leadId\":\"\(id)\",\"convertedStatus\":\"A\"}\r\n\r\n"
            + "  {\"leadId\":\"00QWs000001AbcE\",\"convertedStatus\":\"B\"}"
        let all = try rows(text)
        #expect(all.map(\.line) == [1, 3])
        #expect(all.compactMap(\.lead?.convertedStatus) == ["A", "B"])
    }

    @Test func `reads types where they make sense`() throws {
        let lead = try row(
            """
            [{"leadId": "\(id)", "convertedStatus": 5, "doNotCreateOpportunity": true,
              "overwriteLeadSource": 1, "sendNotificationEmail": "yes", "opportunityName": null,
              "accountId": "", "extra": {"deep": [1, 2.5e3, -0.1, null]}}]
            """
        ).lead
        #expect(lead?.convertedStatus == "5")
        #expect(lead?.doNotCreateOpportunity == true)
        #expect(lead?.overwriteLeadSource == true)
        #expect(lead?.sendNotificationEmail == true)
        #expect(lead?.opportunityName == nil)
        #expect(lead?.accountID == nil)
    }

    @Test func `reads escapes`() throws {
        let lead = try row(
            #"[{"leadId":"00QWs000001AbcD","convertedStatus":"\u00e9\ud83d\ude00\/\n\t\"\\"}]"#
        ).lead
        #expect(lead?.convertedStatus == "é😀/\n\t\"\\")
    }

    @Test func `takes keys in any case and style`() throws {
        let text = "{\"lead_id\":\"\(id)\",\"CONVERTEDSTATUS\":\"A\"}"
        #expect(try row(text).lead?.convertedStatus == "A")
    }

    @Test(arguments: [
        (#"{"leadId":"00QWs000001AbcD"}"#, "convertedStatus: empty or missing"),
        (#"{"leadId":true,"convertedStatus":"A"}"#, "leadId: it is true or false"),
        (
            #"{"leadId":"00QWs000001AbcD","lead_id":"","convertedStatus":"A"}"#,
            "leadId: two keys name it"
        ),
        (
            #"{"leadId":["00QWs000001AbcD"],"convertedStatus":"A"}"#,
            "leadId: it is a list or an object"
        ),
        (
            #"{"leadId":"00QWs000001AbcD","convertedStatus":"A\u0000"}"#,
            "convertedStatus: it holds a control character"
        ),
        (
            #"{"leadId":"00QWs000001AbcD" "convertedStatus":"A"}"#,
            "not valid JSON: at its byte 29 a comma or } is missing"
        ),
        (#"{"leadId":"#, "not valid JSON: at its byte 11 it ends too early"),
        (#"{"leadId":"\ud800"}"#, "not valid JSON: at its byte 18 half of a \\u pair"),
        (#"{"leadId":01}"#, "not valid JSON: at its byte 12 a comma or } is missing"),
        (#"{} {}"#, "not valid JSON: at its byte 4 something stands behind it"),
        (#"{"a":"# + String(repeating: "[", count: 70) + "}", "not valid JSON: at its byte 69 br"),
    ])
    func `refuses a bad line and says why`(line: String, reason: String) throws {
        let good = #"{"leadId":"00QWs000001AbcD","convertedStatus":"A"}"#
        let all = try rows("\(line)\n\(good)\n", format: .ndjson)
        #expect(all.count == 2)
        #expect(all[0].reason?.hasPrefix(reason) == true, "\(all[0])")
        #expect(all[1].lead != nil)
    }

    @Test func `refuses a bad element and takes its neighbours`() throws {
        let good = "{\"leadId\":\"\(id)\",\"convertedStatus\":\"A\"}"
        let other = good.replacing(id, with: "00QWs000001AbcE")
        let all = try rows("[\(good), 7, {\"a\" 1}, \(good) \(good), \(other)]")
        #expect(all.map { $0.lead != nil } == [true, false, false, false, true])
        #expect(all[1].reason?.hasPrefix("not an object") == true)
    }

    @Test(arguments: ["[]", " [ ] \n", "[\n]"])
    func `takes an empty array as no rows`(text: String) throws {
        #expect(try rows(text).isEmpty)
    }

    @Test(arguments: [
        ("{}", "leads.csv:1: a JSON input is one array of objects and begins with [."),
        ("", "leads.csv:1: a JSON input is one array of objects and begins with [."),
        ("[{}\n", "leads.csv:2: the input ends before its array does."),
        ("[{\"a\":\"]", "leads.csv:1: the input ends before its array does."),
        ("[]\n[]", "leads.csv:2: something stands behind the end of the array."),
    ])
    func `takes nothing of an input that is no array`(text: String, sentence: String) throws {
        let error = #expect(throws: OperatorError.self) { try rows(text, format: .json) }
        #expect(error?.status == .dataRefused)
        #expect(error?.sentence == sentence)
    }

    @Test(arguments: [
        ("[A,\nB,\n]", [1, 2, 3], 2), ("[A,\n\n,\nB]", [1, 3, 4], 1), ("[,A,B]", [1, 1, 1], 0),
        ("[A,B,,]", [1, 1, 1, 1], 2), ("[A , , B]", [1, 1, 1], 1),
    ])
    func `a comma too many is refused, and the rows around it are taken`(
        text: String, lines: [Int], missing: Int
    ) throws {
        let good = "{\"leadId\":\"\(id)\",\"convertedStatus\":\"D\"}"
        let text = text.replacing("A", with: good).replacing(
            "B", with: good.replacing(id, with: "00QWs000001AbcE"))
        for piece in [1, 7, 4096] {
            let all = try rows(text, piece: piece)
            #expect(all.map(\.line) == lines)
            #expect(all.count { $0.lead != nil } == 2)
            #expect(
                all[missing].reason
                    == "not valid JSON: no row stands before this comma or bracket: take one comma out"
            )
        }
    }
}
