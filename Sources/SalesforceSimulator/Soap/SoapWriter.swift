/// Writes the answers of the SOAP API, in the shape that was recorded from real orgs.
enum SoapWriter {
    private static let declaration = #"<?xml version="1.0" encoding="UTF-8"?>"#
    private static let soap = #"xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/""#
    private static let instance = #"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#

    /// A fault. One from before the dispatch knows no code of Salesforce's and has no detail.
    static func fault(_ refusal: Refusal) -> String {
        let message = refusal.message.xmlEscaped
        guard let code = refusal.code else {
            return declaration + "<soapenv:Envelope \(soap)><soapenv:Body><soapenv:Fault>"
                + "<faultcode>soapenv:\(refusal.faultCode)</faultcode><faultstring>\(message)</faultstring>"
                + "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
        }
        return declaration
            + #"<soapenv:Envelope \#(soap) xmlns:sf="urn:fault.partner.soap.sforce.com" "#
            + "\(instance)><soapenv:Body><soapenv:Fault><faultcode>sf:\(code)</faultcode>"
            + "<faultstring>\(code): \(message)</faultstring><detail>"
            + #"<sf:UnexpectedErrorFault xsi:type="sf:UnexpectedErrorFault">"#
            + "<sf:exceptionCode>\(code)</sf:exceptionCode>"
            + "<sf:exceptionMessage>\(message)</sf:exceptionMessage></sf:UnexpectedErrorFault>"
            + "</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    }

    /// The answer to convertLead, a result for each lead in the order of the request.
    static func converted(_ results: [LeadConvertResult], usage: Usage) -> String {
        var body = ""
        body.reserveCapacity(results.count * 320)
        for result in results { write(result, to: &body) }
        return answer("convertLeadResponse", body, usage)
    }

    /// An answer with the header that tells how much of the daily allowance is used.
    static func answer(_ name: String, _ body: String, _ usage: Usage) -> String {
        declaration + #"<soapenv:Envelope \#(soap) xmlns="urn:partner.soap.sforce.com" "#
            + "\(instance)><soapenv:Header><LimitInfoHeader><limitInfo>"
            + "<current>\(usage.used)</current><limit>\(usage.limit)</limit>"
            + "<type>API REQUESTS</type></limitInfo></LimitInfoHeader></soapenv:Header>"
            + "<soapenv:Body><\(name)>\(body)</\(name)></soapenv:Body></soapenv:Envelope>"
    }

    private static func write(_ result: LeadConvertResult, to out: inout String) {
        out += "<result>"
        switch result.outcome {
        case .success(let records) where records.comesWithoutIDs:
            out += "<success>true</success>"
        case .success(let records):
            write("accountId", records.accountID.text, to: &out)
            write("contactId", records.contactID.text, to: &out)
            write("leadId", result.leadID, to: &out)
            write("opportunityId", records.opportunityID?.text, to: &out)
            if let person = records.relatedPersonAccountID {
                write("relatedPersonAccountId", person.text, to: &out)
            }
            out += "<success>true</success>"
        case .failure(let failure):
            write("accountId", nil, to: &out)
            write("contactId", nil, to: &out)
            write(failure, to: &out)
            write("leadId", result.leadID, to: &out)
            write("opportunityId", nil, to: &out)
            out += "<success>false</success>"
        }
        out += "</result>"
    }

    private static func write(_ failure: LeadFailure, to out: inout String) {
        out += failure.duplicate == nil ? "<errors>" : #"<errors xsi:type="DuplicateError">"#
        for field in failure.fields { write("fields", field, to: &out) }
        write("message", failure.message, to: &out)
        write("statusCode", failure.code, to: &out)
        if let duplicate = failure.duplicate { write(duplicate, failure.message, to: &out) }
        out += "</errors>"
    }

    /// Each object's matches stand together; a record that matched says its id twice, as recorded.
    private static func write(
        _ duplicate: LeadRecord.Duplicate, _ message: String, to out: inout String
    ) {
        let objects = [Entity.account, .contact].filter { object in
            duplicate.records.contains { $0.isOf(object) }
        }
        let object = (objects.last ?? .contact).rawValue
        out += "<duplicateResult><allowSave>\(!duplicate.blocks)</allowSave>"
        out += "<duplicateRule>Standard_\(object)_Duplicate_Rule</duplicateRule>"
        out += "<duplicateRuleEntityType>\(object)</duplicateRuleEntityType>"
        write("errorMessage", message, to: &out)
        for object in objects { write(object, duplicate.records, to: &out) }
        out += "</duplicateResult>"
    }

    private static func write(
        _ object: Entity, _ records: [Identifier], to out: inout String
    ) {
        let name = object.rawValue
        let records = records.filter { $0.isOf(object) }
        out += "<matchResults><entityType>\(name)</entityType><matchEngine>FuzzyMatchEngine"
        out += "</matchEngine>"
        for record in records {
            let id = "<sf:Id>\(record.text)</sf:Id>"
            out += "<matchRecords><matchConfidence>100.0</matchConfidence>"
            out += #"<record xmlns:sf="urn:sobject.partner.soap.sforce.com" xsi:type="sf:sObject">"#
            out += "<sf:type>\(name)</sf:type>\(id)\(id)</record></matchRecords>"
        }
        out += "<rule>Standard_\(name)_Match_Rule</rule><size>\(records.count)</size>"
        out += "<success>true</success></matchResults>"
    }

    private static func write(_ name: String, _ value: String?, to out: inout String) {
        guard let value else {
            out += "<\(name) xsi:nil=\"true\"/>"
            return
        }
        out += "<\(name)>\(value.xmlEscaped)</\(name)>"
    }
}

extension String {
    /// The text with what XML gives a meaning to written as entities.
    var xmlEscaped: String {
        guard utf8.contains(where: { "&<>\"'".utf8.contains($0) }) else { return self }
        return reduce(into: "") { out, character in
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&apos;"
            default: out.append(character)
            }
        }
    }
}

extension SoapWriter {
    /// The answer to getUserInfo: who the token belongs to.
    static func userInfo(_ org: Org, usage: Usage) -> String {
        let rows: KeyValuePairs = [
            "accessibilityMode": "false", "chatterExternal": "false", "currencySymbol": "$",
            "orgAttachmentFileSizeLimit": "5242880", "orgDefaultCurrencyIsoCode": "USD",
            "orgDefaultCurrencyLocale": "en_US", "orgDisallowHtmlAttachments": "false",
            "orgHasPersonAccounts": "\(org.hasPersonAccounts)", "organizationId": Org.id,
            "organizationMultiCurrency": "false", "organizationName": "Simulated Org",
            "profileId": "00eWs000000AdmnIAC", "sessionSecondsValid": "7200",
            "userEmail": "demo@example.com", "userFullName": "Integration User",
            "userId": Org.integrationUser.text, "userLanguage": "en_US", "userLocale": "en_US",
            "userName": "demo@example.com", "userTimeZone": "GMT", "userType": "Standard",
            "userUiSkin": "Theme3",
        ]
        let body = rows.map { "<\($0.key)>\($0.value)</\($0.key)>" }.joined()
        return answer("getUserInfoResponse", "<result>\(body)</result>", usage)
    }
}
