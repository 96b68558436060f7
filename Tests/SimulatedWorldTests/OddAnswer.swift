import Conversion
import NIOCore

@testable import Salesforce

/// An odd answer, in the bytes that Salesforce or a proxy before it would send.
///
/// The world does not decide what such an answer means: the daemon's own readers read it.
enum OddAnswer {
    /// Salesforce's own refusal of a whole call, by its code.
    case refusal(String)
    /// A SOAP fault without Salesforce's detail, by its `faultcode`; for REST an error like others.
    case bareFault(String)
    /// An edge's page, by its status.
    case page(Int)
    /// An error in XML, as REST answers whoever is not known to ask for JSON, or what stands before it.
    case xmlError(String)
    /// The call is carried out, and each lead is refused with this code.
    case eachLead(String)
    /// As before, but some leads are refused for what is their own.
    case eachGoodLead(String)

    /// What those are refused with.
    static let ownCode = "FIELD_CUSTOM_VALIDATION_EXCEPTION"

    /// Whether a lead is one of them.
    static func isUnfit(_ lead: RecordID) -> Bool {
        lead.description.utf8.prefix(15).reduce(0) { $0 + Int($1) } % 5 == 0
    }

    private func code(for lead: RecordID) -> String {
        switch self {
        case .eachGoodLead where Self.isUnfit(lead): Self.ownCode
        case .eachLead(let code), .eachGoodLead(let code), .refusal(let code), .bareFault(let code),
            .xmlError(let code):
            code
        case .page(let status): "HTTP_\(status)"
        }
    }

    /// What it means for a call that converts.
    func reply(for leads: [LeadConversion], byAction: Bool) -> Reply<[LeadOutcome]> {
        byAction
            ? ActionReply.reply(to: leads, from: restResponse(leads))
            : ConvertLeadReply.reply(to: leads, from: soapResponse(leads))
    }

    /// What it means for a reading of leads.
    func outcome(forReading ids: [RecordID]) -> Reply<[LeadReading]>.Outcome {
        LeadRetrieval.outcome(of: restResponse([]), for: ids)
    }

    /// What it means for a search for contacts.
    func outcome(forSearch addresses: [String]) -> Reply<[[FoundContact]]>.Outcome {
        ContactQuery.outcome(
            of: restResponse([]), for: addresses.map { .email($0) }, tellingPersonAccounts: false)
    }

    /// What it means for a search for accounts.
    func outcome(forAccounts values: [String]) -> Reply<[[RecordID]]>.Outcome {
        AccountQuery(field: "Name", values: values)
            .outcome(of: restResponse([]), tellingPersonAccounts: false)
    }

    /// What it means for a search for notes or tasks.
    func outcome(forMarksOf records: [MarkedRecord]) -> Reply<[[String]]>.Outcome {
        MarkQuery.outcome(of: restResponse([]), for: records)
    }

    /// What it means for a call that writes records.
    func outcome(forWriting ids: [String?]) -> Reply<[RecordOutcome]>.Outcome {
        RecordWrites.outcome(of: restResponse([]), for: ids)
    }

    /// What a code means for the lead that is refused with it.
    static func outcome(ofLead code: String) -> LeadOutcome {
        LeadErrors([Reason(code, message(code))]).outcome
    }

    /// What a code means for the record that is refused with it.
    static func outcome(ofRecord code: String) -> RecordOutcome? {
        let error = #"{"statusCode":"\#(code)","message":"\#(message(code))","fields":[]}"#
        let body = answer(200, #"[{"success":false,"errors":[\#(error)]}]"#)
        guard case .value(let outcomes) = RecordWrites.outcome(of: body, for: [nil]) else {
            return nil
        }
        return outcomes.first
    }

    /// What it means when an action threw for some of its leads and answered for the others.
    static func mixed(
        _ leads: [LeadConversion], _ outcomes: [LeadOutcome], threwFor: Set<RecordID>
    ) -> Reply<[LeadOutcome]> {
        let results = zip(leads, outcomes).map { lead, outcome in
            threwFor.contains(lead.leadID) ? thrown : result(lead.leadID, outcome)
        }
        let answer = answer(400, "[\(results.joined(separator: ","))]")
        return ActionReply.reply(to: leads, from: answer)
    }

    // MARK: Bytes

    private func soapResponse(_ leads: [LeadConversion]) -> APIResponse {
        switch self {
        case .page(let status): Self.page(status)
        case .refusal(let code), .xmlError(let code):
            Self.fault(
                "sf:\(code)",
                """
                <detail><UnexpectedErrorFault><exceptionCode>\(code)</exceptionCode>\
                <exceptionMessage>\(Self.message(code))</exceptionMessage>\
                </UnexpectedErrorFault></detail>
                """)
        case .bareFault(let code): Self.fault("soapenv:\(code)", "")
        case .eachLead, .eachGoodLead:
            Self.envelope(
                200,
                "<convertLeadResponse>"
                    + leads.map { lead in
                        "<result><errors><message>no</message><statusCode>"
                            + "\(code(for: lead.leadID))</statusCode></errors><leadId>\(lead.leadID)</leadId>"
                            + "<success>false</success></result>"
                    }.joined() + "</convertLeadResponse>")
        }
    }

    private func restResponse(_ leads: [LeadConversion]) -> APIResponse {
        switch self {
        case .page(let status):
            return Self.page(status)
        case .xmlError(let code):
            return Self.answer(
                Self.status(code),
                "<Errors><Error><errorCode>\(code)</errorCode><message>no</message></Error></Errors>"
            )
        case .refusal(let code), .bareFault(let code):
            return Self.answer(
                Self.status(code), #"[{"message":"\#(Self.message(code))","errorCode":"\#(code)"}]"#
            )
        case .eachLead, .eachGoodLead:
            let results = leads.map { lead in
                Self.result(lead.leadID, .transient(Reason(code(for: lead.leadID), "no")))
            }
            return Self.answer(200, "[\(results.joined(separator: ","))]")
        }
    }

    /// How the class answers for one lead.
    private static func result(_ id: RecordID, _ outcome: LeadOutcome) -> String {
        let outputs =
            switch outcome {
            case .converted(let records):
                #""accountId":"\#(records.accountID ?? "")","contactId":"\#(records.contactID ?? "")""#
            case .refusedAsConverted(let reason), .transient(let reason), .unlisted(let reason),
                .permanent(let reason), .limited(let reason), .blocked(_, let reason),
                .duplicate(let reason, _):
                #""statusCode":"\#(reason.code)","message":"\#(reason.message)""#
            }
        return #"{"isSuccess":true,"errors":null,"outputValues":{"leadId":"\#(id)",\#(outputs)}}"#
    }

    private static let thrown = """
        {"isSuccess":false,"outputValues":null,"errors":[{"statusCode":"UNKNOWN_EXCEPTION",\
        "message":"An Apex error occurred","fields":[]}]}
        """

    private static func fault(_ code: String, _ detail: String) -> APIResponse {
        envelope(
            500,
            "<Fault><faultcode>\(code)</faultcode><faultstring>no</faultstring>\(detail)</Fault>")
    }

    private static func envelope(_ status: Int, _ body: String) -> APIResponse {
        answer(status, "<Envelope><Body>\(body)</Body></Envelope>")
    }

    private static func page(_ status: Int) -> APIResponse {
        answer(status, "<!DOCTYPE html><html><body>not Salesforce</body></html>")
    }

    private static func answer(_ status: Int, _ body: String) -> APIResponse {
        APIResponse(status: status, body: ByteBuffer(string: body))
    }

    /// The status that REST gives a refusal.
    private static func status(_ code: String) -> Int {
        switch code {
        case "REQUEST_LIMIT_EXCEEDED": 403
        case "SERVER_UNAVAILABLE": 503
        case "MALFORMED_QUERY", "INVALID_FIELD", "INVALID_TYPE": 400
        case "INSUFFICIENT_ACCESS": 403
        default: 500
        }
    }

    private static func message(_ code: String) -> String {
        code == "REQUEST_LIMIT_EXCEEDED" ? "TotalRequests Limit exceeded." : "no"
    }
}
