import Conversion
import NIOCore
import Testing

@testable import Salesforce

@Suite struct ConvertLeadReplyTests {
    private let converted = LeadOutcome.converted(
        ConvertedRecords(
            accountID: "001Ws000002XyZaIAK", contactID: "003Ws000003PqRsIAK", opportunityID: nil))

    private func outcome(
        _ body: String, status: Int = 200, of leads: [LeadConversion] = [Samples.first]
    ) -> Reply<[LeadOutcome]>.Outcome {
        ConvertLeadReply.reply(to: leads, from: APIResponse(status, body)).outcome
    }

    private func outcome(ofErrors errors: String) -> Reply<[LeadOutcome]>.Outcome {
        outcome(Samples.response(Samples.failure(errors)))
    }

    private func isUnclear(_ outcome: Reply<[LeadOutcome]>.Outcome, _ code: String) -> Bool {
        if case .unclear(let reason) = outcome { reason.code == code } else { false }
    }

    // MARK: - Results

    @Test func `reads each lead for itself`() {
        let errors = Samples.error(
            "INVALID_STATUS", "invalid convertedStatus: Nope", fields: "<fields>Status</fields>")
        let body = Samples.response(
            Samples.success(), Samples.failure(errors, id: "00QWs000001AbcEMAS"))
        let reason = Reason("INVALID_STATUS", "invalid convertedStatus: Nope (Status)")
        #expect(
            outcome(body, of: [Samples.first, Samples.second])
                == .value([converted, .permanent(reason)]))
    }

    @Test func `a limit that the leads of a call share is no lead's own fault`() {
        let code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
        let text = "T: System.LimitException: Too many SOQL queries: 101"
        let error = Samples.error(code, text)
        let reason = Reason(code, text)
        let second = "00QWs000001AbcEMAS"
        #expect(
            outcome(
                Samples.response(Samples.success(), Samples.failure(error, id: second)),
                of: [Samples.first, Samples.second]) == .value([converted, .limited(reason)]))
        #expect(
            outcome(
                Samples.response(Samples.failure(error), Samples.failure(error, id: second)),
                of: [Samples.first, Samples.second]) == .refused(.callTooLarge, reason))
        #expect(outcome(ofErrors: error) == .value([.permanent(reason)]))
    }

    @Test func `reads the org's count from the envelope`() {
        let answer = APIResponse(200, Samples.response(Samples.success()), usage: "api-usage=1/2")
        let reply = ConvertLeadReply.reply(to: [Samples.first], from: answer)
        #expect(reply.usage == OrgUsage(current: 4893, limit: 351_000))
        #expect(reply.httpStatus == 200)
    }

    @Test func `reads prefixed elements too`() {
        let body = """
            <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="urn:partner">\
            <s:Body><p:convertLeadResponse><p:result><p:accountId>001Ws000002XyZa</p:accountId>\
            <p:contactId/><p:leadId>00QWs000001AbcD</p:leadId><p:success>1</p:success></p:result>\
            </p:convertLeadResponse></s:Body></s:Envelope>
            """
        let records = ConvertedRecords(
            accountID: "001Ws000002XyZa", contactID: nil, opportunityID: nil)
        #expect(outcome(body) == .value([.converted(records)]))
    }

    @Test func `a duplicate's message names the records that were found, each once`() throws {
        let contact = try RecordID("003Ws000003PqRs", of: .contact)
        let message = "Use one of these records? (found: Contact 003Ws000003PqRsIAK)"
        #expect(
            outcome(ofErrors: Samples.duplicate)
                == .value([
                    .duplicate(
                        Reason("DUPLICATES_DETECTED", message),
                        DuplicateRecords(contacts: [contact]))
                ]))
    }

    @Test func `a duplicate's message names ten records at most`() {
        let records = (10..<35).map { number in
            "<matchRecords><record><Id>001Ws00000000\(number)AAA</Id></record></matchRecords>"
        }
        let errors = """
            <errors><message>Many.</message><statusCode>DUPLICATES_DETECTED</statusCode>\
            <duplicateResult><matchResults><entityType>Account</entityType>\(records.joined())\
            </matchResults><matchResults/></duplicateResult></errors>
            """
        guard case .value(let leads) = outcome(ofErrors: errors),
            case .duplicate(let reason, let named)? = leads.first
        else {
            Issue.record("not a duplicate")
            return
        }
        #expect(named.accounts.count == 25)
        #expect(reason.message.hasPrefix("Many. (found: Account 001Ws0000000010AAA, Account 001"))
        #expect(reason.message.hasSuffix("Account 001Ws0000000019AAA and 15 more)"))
    }

    @Test func `a lead's code that the table lacks is told apart`() {
        #expect(
            outcome(ofErrors: Samples.error("A_CODE_OF_NEXT_YEAR", "who knows"))
                == .value([.unlisted(Reason("A_CODE_OF_NEXT_YEAR", "who knows"))]))
        let both =
            Samples.error("INVALID_STATUS", "no") + Samples.error("A_CODE_OF_NEXT_YEAR", "hm")
        #expect(
            outcome(ofErrors: both)
                == .value([.unlisted(Reason("A_CODE_OF_NEXT_YEAR", "no; hm"))]))
    }

    @Test func `reads entities and character data`() {
        let errors = Samples.error(
            "FIELD_CUSTOM_VALIDATION_EXCEPTION", "A &amp; B &lt;&#233;&gt; <![CDATA[<raw>]]>")
        let reason = Reason("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A & B <é> <raw>")
        #expect(outcome(ofErrors: errors) == .value([.permanent(reason)]))
    }

    @Test func `keeps all messages and lets the weightiest error decide`() {
        let lock = Samples.error("UNABLE_TO_LOCK_ROW", "locked")
        let rule = Samples.error("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no")
        let full = Samples.error("STORAGE_LIMIT_EXCEEDED", "full")
        let done = Samples.error("CANNOT_UPDATE_CONVERTED_LEAD", "converted")
        func one(_ outcome: LeadOutcome) -> Reply<[LeadOutcome]>.Outcome { .value([outcome]) }

        #expect(
            outcome(ofErrors: lock + rule)
                == one(.permanent(Reason("FIELD_CUSTOM_VALIDATION_EXCEPTION", "locked; no"))))
        #expect(
            outcome(ofErrors: rule + full)
                == one(
                    .blocked(
                        .permission,
                        StatusCodes.explained(
                            Reason("STORAGE_LIMIT_EXCEEDED", "no; full"), .permission))))
        #expect(
            outcome(ofErrors: full + done)
                == one(
                    .refusedAsConverted(Reason("CANNOT_UPDATE_CONVERTED_LEAD", "full; converted"))))
        #expect(
            outcome(ofErrors: lock) == one(.transient(Reason("UNABLE_TO_LOCK_ROW", "locked"))))
    }

    @Test func `tries again when a failure has no reason`() {
        let reason = Reason("UNKNOWN_ERROR", "Salesforce refused this lead and gave no reason.")
        #expect(outcome(ofErrors: "") == .value([.unlisted(reason)]))
    }

    // MARK: - Answers that don't fit the question

    @Test func `doubts an answer with results missing or too many`() {
        let two = [Samples.first, Samples.second]
        #expect(isUnclear(outcome(Samples.response(Samples.success()), of: two), "SHORT_ANSWER"))
        #expect(isUnclear(outcome(Samples.response(), of: two), "SHORT_ANSWER"))
        let both = Samples.response(Samples.success(), Samples.success())
        #expect(isUnclear(outcome(both), "SHORT_ANSWER"))
    }

    @Test func `doubts an answer with results swapped`() {
        let body = Samples.response(
            Samples.success("00QWs000001AbcEMAS"), Samples.success("00QWs000001AbcDMAS"))
        #expect(isUnclear(outcome(body, of: [Samples.first, Samples.second]), "WRONG_LEAD"))
    }

    @Test func `doubts a failure of another lead`() {
        let errors = Samples.error("INVALID_STATUS", "no")
        let body = Samples.response(Samples.failure(errors, id: "00QWs000001AbcEMAS"))
        #expect(isUnclear(outcome(body), "WRONG_LEAD"))
    }

    @Test(arguments: ["", "<success/>", "<success>maybe</success>"])
    func `doubts a result that does not say whether it is a success`(success: String) {
        let body = Samples.response(
            "<result><leadId>00QWs000001AbcDMAS</leadId>\(success)</result>")
        #expect(isUnclear(outcome(body), "UNREADABLE_ANSWER"))
    }

    @Test(arguments: [
        "", "<accountId>001Ws000002XyZaIAK</accountId>",
        #"<accountId xsi:nil="true"/><contactId>003Ws000003PqRsIAK</contactId>"#,
        #"<accountId></accountId><contactId xsi:nil="true"/>"#,
        "<accountId>Acme</accountId><contactId/>",
        "<accountId>001Ws000002XyZaIAK</accountId><contactId>Ada</contactId>",
    ])
    func `a success without its records is unclear, and the call is over`(ids: String) {
        let named = "<leadId>00QWs000001AbcDMAS</leadId><success>true</success>"
        let body = Samples.response("<result>\(ids)\(named)</result>")
        let reply = ConvertLeadReply.reply(to: [Samples.first], from: APIResponse(200, body))
        #expect(isUnclear(reply.outcome, "UNREADABLE_ANSWER"))
        #expect(reply.isOver)
        let nameless = Samples.response("<result>\(ids)<success>true</success></result>")
        let other = ConvertLeadReply.reply(to: [Samples.first], from: APIResponse(200, nameless))
        #expect(isUnclear(other.outcome, "UNREADABLE_ANSWER"))
        #expect(!other.isOver, "nothing shows that it is the answer to this call")
    }

    @Test func `a person account is a success without a contact`() {
        let body = Samples.response(
            """
            <result><accountId>001Ws000002XyZaIAK</accountId><contactId xsi:nil="true"/>\
            <leadId>00QWs000001AbcDMAS</leadId><opportunityId xsi:nil="true"/>\
            <success>true</success></result>
            """)
        let records = ConvertedRecords(
            accountID: "001Ws000002XyZaIAK", contactID: nil, opportunityID: nil)
        #expect(outcome(body) == .value([.converted(records)]))
    }

    @Test func `believes no answer that was cut anywhere`() {
        let whole = Array(
            Samples.response(
                Samples.success(), Samples.failure(Samples.duplicate, id: "00QWs000001AbcEMAS")
            ).utf8)
        let leads = [Samples.first, Samples.second]
        for length in 0..<whole.count {
            let cut = String(decoding: whole.prefix(length), as: UTF8.self)
            #expect(isUnclear(outcome(cut, of: leads), "UNREADABLE_ANSWER"), "cut at \(length)")
        }
    }

    @Test func `survives any byte being wrong`() {
        let whole = Array(Samples.response(Samples.failure(Samples.duplicate)).utf8)
        for place in whole.indices {
            for byte in [UInt8(ascii: "<"), UInt8(ascii: "&"), 0xFF] {
                var bytes = whole
                bytes[place] = byte
                let answer = APIResponse(status: 200, body: ByteBuffer(bytes: bytes))
                let reply = ConvertLeadReply.reply(to: [Samples.first], from: answer)
                #expect(reply.outcome != .value([converted]))
            }
        }
    }

    @Test(arguments: [
        "<html><body>Down for maintenance</body></html>", "{}", "", "\u{0}", "<a>",
        "<!DOCTYPE x [<!ENTITY e \"true\">]>" + Samples.response(Samples.success()),
        String(repeating: " ", count: 9000) + "<!DOCTYPE x []>"
            + Samples.response(Samples.success()),
        String(repeating: "<a>", count: 10_000), Samples.envelope("<loginResponse/>"),
    ])
    func `doubts what is no envelope`(body: String) {
        #expect(isUnclear(outcome(body), "UNREADABLE_ANSWER"))
    }

    // MARK: - Faults

    @Test func `goes by the code of a fault and not by its status`() {
        let text = "Invalid Session ID found in SessionHeader: Illegal Session"
        let reason = Reason("INVALID_SESSION_ID", text)
        #expect(outcome(Samples.expired, status: 500) == .refused(.session, reason))
        #expect(outcome(Samples.expired, status: 200) == .refused(.session, reason))
        #expect(
            outcome(Samples.bareFault("INVALID_SESSION_ID", text), status: 500)
                == .refused(.session, reason))
        #expect(
            outcome(
                Samples.bareFault("sf:INVALID_SESSION_ID", "INVALID_SESSION_ID: \(text)"),
                status: 500) == .refused(.session, reason))
    }

    @Test(arguments: ["soapenv:Client", "SOAP-ENV:Client", "Client"])
    func `takes a fault before dispatch for a wrong setting`(code: String) {
        let fault = Samples.bareFault(code, "No operation available for request {x}y")
        #expect(outcome(fault, status: 500).gist == "refused configuration soapenv:Client")
    }

    @Test(arguments: [
        ("soapenv:Server.userException", "org.apache.axis.AxisFault"), ("env:Receiver", "late"),
        ("soapenv:Server", "oops"), ("env:Client", "Internal Error (from client)"),
        ("sf:UNKNOWN_EXCEPTION", "UNKNOWN_EXCEPTION: ErrorId"), ("sf:SERVER_UNAVAILABLE", "busy"),
        ("A_CODE_OF_NEXT_YEAR", "who knows"),
    ])
    func `a fault without Salesforce's own detail is unclear`(code: String, text: String) {
        let local = code.split(separator: ":").last.map(String.init) ?? code
        #expect(isUnclear(outcome(Samples.bareFault(code, text), status: 500), "soapenv:\(local)"))
    }

    @Test func `a query timeout is unclear`() {
        let body = Samples.fault("QUERY_TIMEOUT", "Your query request was running for too long.")
        let reply = ConvertLeadReply.reply(to: [Samples.first], from: APIResponse(500, body))
        #expect(isUnclear(reply.outcome, "QUERY_TIMEOUT"))
        #expect(!reply.isOver)
    }

    @Test func `looks for the culprit behind a fault it does not know`() {
        var reason = Reason("A_CODE_OF_NEXT_YEAR", "who knows")
        reason.isListed = false
        #expect(
            outcome(Samples.fault("A_CODE_OF_NEXT_YEAR", "who knows"), status: 500)
                == .refused(.callTooLarge, reason))
    }

    @Test func `doubts a call that ran too long`() {
        let body = Samples.fault("REQUEST_RUNNING_TOO_LONG", "stopped")
        #expect(isUnclear(outcome(body, status: 500), "REQUEST_RUNNING_TOO_LONG"))
    }

    // MARK: - Answers of others than Salesforce's API

    @Test(arguments: [
        (301, Blocker.configuration), (307, .configuration), (404, .configuration),
        (403, .configuration), (421, .configuration),
        (401, .session), (413, .callTooLarge), (414, .callTooLarge), (431, .callTooLarge),
        (420, .outage), (429, .outage), (503, .outage),
    ])
    func `knows a refusal by its status`(status: Int, blocker: Blocker) {
        guard case .refused(blocker, let reason) = outcome("<html/>", status: status) else {
            Issue.record("HTTP \(status) is not \(blocker)")
            return
        }
        #expect(reason.code == "HTTP_\(status)")
        let isOfTheRequest = blocker == .callTooLarge
        #expect(reason.mayPass != isOfTheRequest, "a page may be another's a minute later")
        #expect(reason.remedy == reason.message, "it is our own sentence")
    }

    @Test(arguments: [
        (200, "UNREADABLE_ANSWER"), (204, "UNREADABLE_ANSWER"), (408, "TIMEOUT"),
        (409, "UNREADABLE_ANSWER"), (499, "UNREADABLE_ANSWER"),
        (500, "SERVER_ERROR"), (502, "BAD_GATEWAY"), (504, "BAD_GATEWAY"), (599, "SERVER_ERROR"),
    ])
    func `doubts a status that may hide a success`(status: Int, code: String) {
        #expect(isUnclear(outcome("<html/>", status: status), code))
    }
}
