import Conversion
import NIOCore
import Testing

@testable import Salesforce

@Suite struct ActionReplyTests {
    private let two = [Samples.first, Samples.second]
    private let records = LeadOutcome.converted(
        ConvertedRecords(
            accountID: "001Ws000002XyZaIAK", contactID: "003Ws000003PqRsIAK", opportunityID: nil))

    private func outcome(
        _ body: String, status: Int = 200, of leads: [LeadConversion] = [Samples.first]
    ) -> Reply<[LeadOutcome]>.Outcome {
        ActionReply.reply(to: leads, from: APIResponse(status, body)).outcome
    }

    private func isOver(
        _ body: String, status: Int = 200, of leads: [LeadConversion] = [Samples.first]
    ) -> Bool {
        ActionReply.reply(to: leads, from: APIResponse(status, body)).isOver
    }

    private func answered(_ outputs: String) -> String {
        #"{"actionName":"C","errors":null,"isSuccess":true,"outputValues":{\#(outputs)},"version":1}"#
    }

    private func success(_ id: String = "00QWs000001AbcDMAS") -> String {
        answered(
            #""leadId":"\#(id)","accountId":"001Ws000002XyZaIAK","#
                + #""contactId":"003Ws000003PqRsIAK","opportunityId":null"#)
    }

    private func refusal(_ code: String, id: String = "00QWs000001AbcEMAS") -> String {
        answered(#""leadId":"\#(id)","statusCode":"\#(code)","message":"no""#)
    }

    private func thrown(_ code: String = "UNKNOWN_EXCEPTION") -> String {
        #"{"actionName":"C","errors":[{"statusCode":"\#(code)","message":"An Apex error occurred: "#
            + #"System.LimitException","fields":["Status"]}],"isSuccess":false,"outputValues":null}"#
    }

    // MARK: - Results

    @Test(arguments: [200, 201, 400])
    func `reads each lead for itself whatever the status`(status: Int) {
        let body = "[\(success()),\(refusal("INVALID_STATUS"))]"
        #expect(
            outcome(body, status: status, of: two)
                == .value([records, .permanent(Reason("INVALID_STATUS", "no"))]))
    }

    @Test(arguments: [
        ("UNABLE_TO_LOCK_ROW", LeadOutcome.transient(Reason("UNABLE_TO_LOCK_ROW", "no"))),
        ("A_CODE_OF_NEXT_YEAR", .unlisted(Reason("A_CODE_OF_NEXT_YEAR", "no"))),
        ("DUPLICATES_DETECTED", .permanent(Reason("DUPLICATES_DETECTED", "no"))),
        (
            "CANNOT_UPDATE_CONVERTED_LEAD",
            .refusedAsConverted(Reason("CANNOT_UPDATE_CONVERTED_LEAD", "no"))
        ),
        (
            "STORAGE_LIMIT_EXCEEDED",
            .blocked(
                .permission,
                StatusCodes.explained(Reason("STORAGE_LIMIT_EXCEEDED", "no"), .permission))
        ),
    ])
    func `judges a lead by its code as SOAP does`(code: String, expected: LeadOutcome) {
        let body = "[\(refusal(code, id: "00QWs000001AbcDMAS"))]"
        #expect(outcome(body) == .value([expected]))
    }

    @Test func `reads errors of a lead that the result names`() {
        let failure =
            #"{"isSuccess":false,"errors":[{"statusCode":"INVALID_STATUS","message":"no","#
            + #""fields":["Status"]}],"outputValues":{"leadId":"00QWs000001AbcE"}}"#
        #expect(
            outcome("[\(success()),\(failure)]", of: two)
                == .value([records, .permanent(Reason("INVALID_STATUS", "no (Status)"))]))
    }

    @Test func `reads the org's count from the header`() {
        let answer = APIResponse(200, "[\(success())]", usage: "api-usage=5/10; api-bursts=1/750")
        let reply = ActionReply.reply(to: [Samples.first], from: answer)
        #expect(reply.usage == OrgUsage(current: 5, limit: 10))
        #expect(reply.httpStatus == 200)
    }

    // MARK: - Calls that failed as a whole

    @Test func `looks for the culprit when the action threw`() {
        let reason = Reason(
            "UNKNOWN_EXCEPTION", "An Apex error occurred: System.LimitException (Status)")
        #expect(
            outcome("[\(thrown()),\(thrown())]", status: 400, of: two)
                == .refused(.callTooLarge, reason))
        #expect(outcome("[\(thrown())]", status: 400) == .value([.transient(reason)]))
    }

    @Test func `stops for what a thrown action tells of the org`() {
        #expect(
            outcome("[\(thrown("ORG_IN_MAINTENANCE")),\(thrown())]", of: two).gist
                == "refused outage ORG_IN_MAINTENANCE")
        #expect(
            outcome("[\(thrown("QUERY_TIMEOUT"))]").gist == "unclear QUERY_TIMEOUT")
    }

    @Test(arguments: [
        (401, "INVALID_SESSION_ID", "refused session INVALID_SESSION_ID"),
        (403, "REQUEST_LIMIT_EXCEEDED", "refused allowance REQUEST_LIMIT_EXCEEDED"),
        (403, "API_DISABLED_FOR_ORG", "refused permission API_DISABLED_FOR_ORG"),
        (404, "NOT_FOUND", "refused configuration NOT_FOUND"),
        (410, "UNSUPPORTED_API_VERSION", "refused configuration UNSUPPORTED_API_VERSION"),
        (405, "METHOD_NOT_ALLOWED", "refused configuration METHOD_NOT_ALLOWED"),
        (503, "SERVER_UNAVAILABLE", "refused outage SERVER_UNAVAILABLE"),
        (400, "APEX_ERROR", "refused callTooLarge APEX_ERROR"),
        (500, "APEX_ERROR", "unclear APEX_ERROR"),
        (500, "UNKNOWN_EXCEPTION", "unclear UNKNOWN_EXCEPTION"),
        (500, "SERVER_UNAVAILABLE", "unclear SERVER_UNAVAILABLE"),
        (502, "INVALID_SESSION_ID", "unclear INVALID_SESSION_ID"),
        (200, "REQUEST_LIMIT_EXCEEDED", "unclear REQUEST_LIMIT_EXCEEDED"),
        (400, "EXCEEDED_LEAD_CONVERT_LIMIT", "refused callTooLarge EXCEEDED_LEAD_CONVERT_LIMIT"),
        (400, "A_CODE_OF_NEXT_YEAR", "refused callTooLarge A_CODE_OF_NEXT_YEAR"),
        (500, "REQUEST_RUNNING_TOO_LONG", "unclear REQUEST_RUNNING_TOO_LONG"),
        (400, "QUERY_TIMEOUT", "unclear QUERY_TIMEOUT"),
    ])
    func `goes by the code of a refusal`(status: Int, code: String, expected: String) {
        let body = #"[{"message":"why","errorCode":"\#(code)"}]"#
        #expect(outcome(body, status: status).gist == expected)
        #expect(!isOver(body, status: status))
    }

    @Test func `says what to do when there is no such action`() {
        let body = #"[{"message":"Invalid Action Type: C","errorCode":"NOT_FOUND"}]"#
        guard case .refused(.configuration, let reason) = outcome(body, status: 404) else {
            Issue.record("not a wrong setting")
            return
        }
        #expect(reason.text.hasPrefix("Invalid Action Type: C: There is no such Apex action"))
        #expect(reason.text.contains("SALESFORCE_TRANSPORT"))
    }

    @Test(arguments: [
        (503, "refused outage HTTP_503"), (429, "refused outage HTTP_429"),
        (302, "refused configuration HTTP_302"), (401, "refused session HTTP_401"),
        (200, "unclear UNREADABLE_ANSWER"), (500, "unclear SERVER_ERROR"),
        (502, "unclear BAD_GATEWAY"), (504, "unclear BAD_GATEWAY"), (408, "unclear TIMEOUT"),
    ])
    func `goes by the status of a page`(status: Int, expected: String) {
        #expect(outcome("<html/>", status: status).gist == expected)
    }

    // MARK: - Answers that don't fit the question

    @Test func `doubts an answer that does not fit`() {
        let other = success("00QWs000001AbcEMAS")
        #expect(outcome("[\(success())]", of: two).gist == "unclear SHORT_ANSWER")
        #expect(outcome("[]").gist == "unclear SHORT_ANSWER")
        #expect(outcome("[\(other),\(success())]", of: two).gist == "unclear WRONG_LEAD")
        #expect(outcome("[\(refusal("INVALID_STATUS"))]").gist == "unclear WRONG_LEAD")
        let nameless = answered(#""accountId":"001Ws000002XyZaIAK""#)
        #expect(outcome("[\(nameless)]").gist == "unclear UNREADABLE_ANSWER")
        let empty = answered(#""leadId":"00QWs000001AbcDMAS""#)
        #expect(outcome("[\(empty)]").gist == "unclear UNREADABLE_ANSWER")
    }

    @Test func `successes beside an exception are unclear, and the call is over`() {
        let mixed = "[\(success()),\(thrown())]"
        #expect(outcome(mixed, of: two).gist == "unclear MIXED_ANSWER")
        #expect(isOver(mixed, of: two))
        #expect(!isOver(mixed, status: 500, of: two))
        #expect(!isOver("[\(thrown()),\(success())]", of: two), "it names another lead")
    }

    @Test func `exceptions for all prove nothing under a server's failure`() {
        let thrown = "[\(thrown()),\(thrown())]"
        #expect(outcome(thrown, status: 500, of: two).gist == "unclear UNKNOWN_EXCEPTION")
        #expect(!isOver(thrown, status: 500, of: two))
    }

    @Test(arguments: [500, 502, 503, 504])
    func `under a server's failure nothing is believed but that all leads are converted`(
        status: Int
    ) {
        let lone = "[\(success())]"
        #expect(outcome(lone, status: status) == .value([records]))
        #expect(!isOver(lone, status: status))
        let refused = refusal("INVALID_STATUS", id: "00QWs000001AbcDMAS")
        #expect(outcome("[\(refused)]", status: status).gist == "unclear SERVER_ERROR")
        #expect(outcome("[\(thrown())]", status: status).gist == "unclear SERVER_ERROR")
        let blocked = thrown("ORG_IN_MAINTENANCE")
        #expect(outcome("[\(blocked)]", status: status).gist == "unclear ORG_IN_MAINTENANCE")
        let mixed = "[\(success()),\(refusal("INVALID_STATUS"))]"
        #expect(outcome(mixed, status: status, of: two).gist == "unclear SERVER_ERROR")
        #expect(!isOver(mixed, status: status, of: two))
    }

    @Test(arguments: [#""""#, #""  ""#, "null"])
    func `an account beside an empty status code is a conversion`(empty: String) {
        let body = answered(
            #""leadId":"00QWs000001AbcDMAS","accountId":"001Ws000002XyZaIAK","#
                + #""contactId":"003Ws000003PqRsIAK","opportunityId":\#(empty),"#
                + #""statusCode":\#(empty),"message":\#(empty)"#)
        #expect(outcome("[\(body)]") == .value([records]))
    }

    @Test func `a success is unclear when what it names are no records`() {
        for ids in [
            #""accountId":"003Ws000003PqRsIAK""#, #""accountId":"x""#, #""accountId":"""#,
            #""accountId":"001Ws000002XyZaIAK","contactId":"Ada""#,
        ] {
            let body = "[" + answered(#""leadId":"00QWs000001AbcDMAS",\#(ids)"#) + "]"
            #expect(outcome(body).gist == "unclear UNREADABLE_ANSWER")
            #expect(isOver(body))
        }
    }

    @Test func `believes no answer that was cut anywhere`() {
        let whole = Array("[\(success()),\(refusal("INVALID_STATUS"))]".utf8)
        for length in 0..<whole.count {
            let cut = String(decoding: whole.prefix(length), as: UTF8.self)
            #expect(outcome(cut, of: two).gist == "unclear UNREADABLE_ANSWER", "cut at \(length)")
        }
    }
}
