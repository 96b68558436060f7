import Conversion
import NIOCore
import TestSupport
import Testing

@testable import Salesforce

/// Answers that were damaged at random are told from clear ones, and never fatal.
@Suite struct ResponseMutationTests {
    private static let leads = [Samples.first, Samples.second]
    private static let answers = [
        Samples.response(
            Samples.success(), Samples.failure(Samples.duplicate, id: "00QWs000001AbcEMAS")),
        Samples.envelope(
            "<soapenv:Fault><faultcode>sf:INVALID_SESSION_ID</faultcode>"
                + "<faultstring>INVALID_SESSION_ID: x</faultstring></soapenv:Fault>"),
        """
        [{"attributes":{"type":"Lead"},"Id":"00QWs000001AbcDMAS","IsConverted":true,\
        "ConvertedAccountId":"001Ws000002XyZaIAK","ConvertedContactId":null},null]
        """,
        #"[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#,
        #"{"DailyApiRequests":{"Max":15000,"Remaining":14980,"Ant":{"Max":0,"Remaining":0}}}"#,
        """
        [{"actionName":"A","errors":null,"isSuccess":true,"outputValues":{"leadId":\
        "00QWs000001AbcDMAS","accountId":"001Ws000002XyZaIAK"}},{"actionName":"A","errors":\
        [{"statusCode":"INVALID_STATUS","message":"no"}],"isSuccess":false,"outputValues":null}]
        """,
        """
        {"totalSize":1,"done":true,"records":[{"Id":"003Ws000003PqRsIAK","AccountId":null,\
        "Email":"a@example.org"}]}
        """,
        """
        {"access_token":"00D!AQ","instance_url":"https://a.my.salesforce.com","token_type":"Bearer"}
        """,
    ]

    @Test(arguments: answers)
    func `survives damage`(text: String) {
        var mutator = Mutator(seed: UInt64(text.utf8.count), spice: "<>&;/\"'{}[]:,\\u0é-!")
        for _ in 0..<Mutator.cases(500, sharedBy: Self.answers.count) {
            let body = ByteBuffer(bytes: mutator.damage(Array(text.utf8)))
            for status in [200, 500] {
                let answer = APIResponse(status: status, body: body)
                if case .value(let outcomes) =
                    ConvertLeadReply.reply(to: Self.leads, from: answer).outcome
                {
                    #expect(outcomes.count == Self.leads.count)
                }
                if case .value(let readings) =
                    LeadRetrieval.outcome(of: answer, for: Self.leads.map(\.leadID))
                {
                    #expect(readings.count == Self.leads.count)
                }
                if case .value(let outcomes) =
                    ActionReply.reply(to: Self.leads, from: answer).outcome
                {
                    #expect(outcomes.count == Self.leads.count)
                }
                _ = ContactQuery.outcome(
                    of: answer, for: [.email("a@example.org"), .email("b@example.org")],
                    tellingPersonAccounts: true)
                _ = AccountQuery(field: "Name", values: ["a", "b"])
                    .outcome(of: answer, tellingPersonAccounts: true)
                _ = QueryAnswer.outcome(of: answer)
                _ = LimitsResponse.reply(from: answer)
                _ = TokenResponse(answer)
            }
        }
    }
}
