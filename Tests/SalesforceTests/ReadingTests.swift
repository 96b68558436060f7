import Conversion
import NIOCore
import Testing

@testable import Salesforce

@Suite struct ReadingTests {
    private let ids = [Samples.first.leadID, Samples.second.leadID]

    private func verify(_ status: Int, _ body: String) -> Reply<[LeadReading]>.Outcome {
        LeadRetrieval.outcome(of: APIResponse(status, body), for: ids)
    }

    private func code<Value>(_ outcome: Reply<Value>.Outcome) -> String? {
        if case .unclear(let reason) = outcome { reason.code } else { nil }
    }

    @Test func `asks for the leads by their IDs`() {
        #expect(
            String(buffer: LeadRetrieval.body(ids)) == """
                {"ids":["00QWs000001AbcDMAS","00QWs000001AbcEMAS"],"fields":["Id","IsConverted",\
                "ConvertedAccountId","ConvertedContactId","ConvertedOpportunityId",\
                "OwnerId"]}
                """)
    }

    @Test func `reads each lead at its place`() {
        let body = """
            [{"attributes":{"type":"Lead"},"Id":"00QWs000001AbcDMAS","IsConverted":true,
              "ConvertedAccountId":"001Ws000002XyZaIAK","ConvertedContactId":null},
             {"Id":"00QWs000001AbcEMAS","IsConverted":false}]
            """
        let records = ConvertedRecords(
            accountID: "001Ws000002XyZaIAK", contactID: nil, opportunityID: nil)
        #expect(verify(200, body) == .value([.converted(records), .notConverted]))
        #expect(verify(200, "[null,null]") == .value([.notVisible, .notVisible]))
    }

    @Test func `doubts readings that do not fit the question`() {
        let lead = #"{"Id":"00QWs000001AbcDMAS","IsConverted":true}"#
        #expect(code(verify(200, "[\(lead)]")) == "SHORT_ANSWER")
        #expect(code(verify(200, "[null,\(lead)]")) == "WRONG_LEAD")
        #expect(code(verify(200, #"[{"Id":"00QWs000001AbcDMAS"},null]"#)) == "UNREADABLE_ANSWER")
        #expect(code(verify(200, #"[{"IsConverted":true},null]"#)) == "UNREADABLE_ANSWER")
        #expect(code(verify(200, "[null,nul")) == "UNREADABLE_ANSWER")
        #expect(code(verify(502, "<html/>")) == "BAD_GATEWAY")
    }

    @Test(arguments: [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", Blocker.session),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", .allowance),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", .concurrency),
        (400, "INVALID_FIELD", "No such column 'ConvertedAccountId'", .permission),
        (400, "QUERY_TIMEOUT", "", .callTooLarge),
        (410, "GONE", "", .configuration),
    ])
    func `knows a plain refusal`(status: Int, code: String, message: String, blocker: Blocker) {
        let body = #"[{"message":"\#(message)","errorCode":"\#(code)"}]"#
        #expect(verify(status, body).gist == "refused \(blocker) \(code)")
    }

    @Test func `asks again after a refusal it does not know`() {
        let body = #"[{"message":"ErrorId 1","errorCode":"UNKNOWN_EXCEPTION"}]"#
        #expect(code(verify(500, body)) == "UNKNOWN_EXCEPTION")
    }

    // MARK: - Limits

    @Test func `reads the daily allowance`() {
        let body = """
            {"DailyApiRequests":{"Max":15000,"Remaining":14980,"Workbench":{"Max":0,"Remaining":0}},
             "SingleEmail":{"Max":15,"Remaining":15}}
            """
        let reply = LimitsResponse.reply(from: APIResponse(200, body))
        #expect(reply.reason == nil)
        #expect(reply.usage == OrgUsage(current: 20, limit: 15_000))
    }

    @Test func `goes on without limits that it may not read`() {
        let body = #"[{"message":"no","errorCode":"FUNCTIONALITY_NOT_ENABLED"}]"#
        let reply = LimitsResponse.reply(from: APIResponse(403, body, usage: "api-usage=3/15000"))
        #expect(code(reply.outcome) == "LIMITS_NOT_VISIBLE")
        #expect(reply.usage == OrgUsage(current: 3, limit: 15_000))
    }

    @Test(arguments: [
        "{}", #"{"DailyApiRequests":{"Max":9223372036854775807,"Remaining":-1}}"#,
        #"{"DailyApiRequests":{"Max":1e30,"Remaining":1}}"#,
        #"{"DailyApiRequests":{"Max":0,"Remaining":0}}"#,
        #"{"DailyApiRequests":{"Max":2000000000,"Remaining":1}}"#,
        #"{"DailyApiRequests":{"Max":10,"Remaining":11}}"#,
    ])
    func `limits without a daily one in proportion are unclear`(body: String) {
        #expect(
            code(LimitsResponse.reply(from: APIResponse(200, body)).outcome) == "UNREADABLE_ANSWER")
    }
}
