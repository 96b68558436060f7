/// A SOAP call, read strictly: what the schema does not allow here is refused.
struct SoapRequest {
    enum Call {
        case convertLead([LeadConvert])
        case getUserInfo
    }

    static let soap = "http://schemas.xmlsoap.org/soap/envelope/"
    static let partner = "urn:partner.soap.sforce.com"

    var sessionID = ""
    var options = ConvertOptions()
    var call: Call

    init(_ body: [UInt8]) throws(Refusal) {
        let envelope = try ElementReader.read(body)
        guard envelope.name == "Envelope", envelope.namespace == Self.soap else {
            throw .beforeDispatch("The root is not a SOAP 1.1 Envelope.")
        }
        for child in envelope.children where child.namespace != Self.soap {
            throw .misplaced(child)
        }
        guard
            envelope.children.map(\.name).elementsEqual(["Header", "Body"])
                || envelope.children.map(\.name).elementsEqual(["Body"]),
            let operation = envelope.first("Body")?.children, operation.count == 1
        else {
            throw .beforeDispatch("An Envelope holds at most one Header and one Body of one call.")
        }
        call = try Self.call(operation[0])
        for header in envelope.first("Header")?.children ?? [] { try read(header) }
    }

    private static func call(_ element: Element) throws(Refusal) -> Call {
        switch (element.namespace, element.name) {
        case (partner, "convertLead"):
            var converts: [LeadConvert] = []
            for child in element.children { converts.append(try LeadConvert(child)) }
            return .convertLead(converts)
        case (partner, "getUserInfo"):
            return .getUserInfo
        case (partner, "login"):
            throw Refusal(
                code: "UNSUPPORTED_API_VERSION", message: "login() is not available here; use OAuth"
            )
        default:
            throw .beforeDispatch(
                "No operation available for request {\(element.namespace)}\(element.name), "
                    + "please check the WSDL for the service.")
        }
    }

    /// The headers that the WSDL binds to convertLead; AllOrNoneHeader is not one of them.
    private mutating func read(_ header: Element) throws(Refusal) {
        guard header.namespace == Self.partner else { return }
        switch header.name {
        case "SessionHeader":
            let values = try header.read(["sessionId"], required: ["sessionId"])
            sessionID = values["sessionId"] ?? ""
        case "AllowFieldTruncationHeader":
            let name = "allowFieldTruncation"
            options.truncatesText = try header.flag(name, in: header.read([name], required: [name]))
        case "DuplicateRuleHeader":
            let names = ["allowSave", "includeRecordDetails", "runAsCurrentUser"]
            let values = try header.read(names, required: Set(names))
            for name in names { _ = try header.flag(name, in: values) }
            options.savesDuplicates = try header.flag("allowSave", in: values)
        case "DisableFeedTrackingHeader":
            let name = "disableFeedTracking"
            _ = try header.flag(name, in: header.read([name], required: [name]))
        case "CallOptions", "StreamingEnabledHeader", "LocaleOptions",
            "DebuggingHeader", "PackageVersionHeader":
            return
        default:
            throw Refusal(
                code: "INVALID_SOAP_HEADER",
                message: "\(header.name) is not a header of this operation")
        }
    }
}

extension LeadConvert {
    /// The schema's sequence, API 51 and later.
    private static let sequence = [
        "accountId", "accountRecord", "bypassAccountDedupeCheck", "bypassContactDedupeCheck",
        "contactId", "contactRecord", "convertedStatus", "doNotCreateOpportunity", "leadId",
        "opportunityId", "opportunityName", "opportunityRecord", "overwriteLeadSource", "ownerId",
        "relatedPersonAccountId", "relatedPersonAccountRecord", "sendNotificationEmail",
    ]
    private static let required: Set = [
        "convertedStatus", "doNotCreateOpportunity", "leadId", "overwriteLeadSource",
        "sendNotificationEmail",
    ]

    init(_ element: Element) throws(Refusal) {
        guard element.name == "leadConverts", element.namespace == SoapRequest.partner else {
            throw .misplaced(element)
        }
        let values = try element.read(Self.sequence, required: Self.required)
        leadID = values["leadId"] ?? ""
        convertedStatus = values["convertedStatus"] ?? ""
        accountID = values["accountId"]
        contactID = values["contactId"]
        opportunityID = values["opportunityId"]
        opportunityName = values["opportunityName"]
        ownerID = values["ownerId"]
        doNotCreateOpportunity = try element.flag("doNotCreateOpportunity", in: values)
        overwriteLeadSource = try element.flag("overwriteLeadSource", in: values)
        _ = try element.flag("sendNotificationEmail", in: values)
        relatedPersonAccountID = values["relatedPersonAccountId"]
    }
}
