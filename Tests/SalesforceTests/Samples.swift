import Conversion
import NIOCore
import NIOHTTP1

@testable import Salesforce

/// Leads, and answers as Salesforce writes them.
enum Samples {
    static let first = lead("00QWs000001AbcD")
    static let second = lead("00QWs000001AbcE")

    static func lead(_ id: String) -> LeadConversion {
        do {
            let leadID = try RecordID(id, of: .lead)
            return LeadConversion(leadID: leadID, convertedStatus: "Closed - Converted")
        } catch {
            preconditionFailure("\(id) is not the id of a lead: \(error)")
        }
    }

    static func envelope(_ body: String, header: String = "") -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope \
        xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
        xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:sobject.partner.soap.sforce.com" \
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Header>\(header)\
        </soapenv:Header><soapenv:Body>\(body)</soapenv:Body></soapenv:Envelope>
        """
    }

    static let limitInfo = """
        <LimitInfoHeader><limitInfo><current>4893</current><limit>351000</limit>\
        <type>API REQUESTS</type></limitInfo></LimitInfoHeader>
        """

    static func response(_ results: String...) -> String {
        envelope(
            "<convertLeadResponse>\(results.joined())</convertLeadResponse>", header: limitInfo)
    }

    static func success(_ id: String = "00QWs000001AbcDMAS") -> String {
        """
        <result><accountId>001Ws000002XyZaIAK</accountId><contactId>003Ws000003PqRsIAK</contactId>\
        <leadId>\(id)</leadId><opportunityId xsi:nil="true"/><success>true</success></result>
        """
    }

    static func failure(_ errors: String, id: String = "00QWs000001AbcDMAS") -> String {
        """
        <result><accountId xsi:nil="true"/><contactId xsi:nil="true"/>\(errors)\
        <leadId>\(id)</leadId><opportunityId xsi:nil="true"/><success>false</success></result>
        """
    }

    static func error(_ code: String, _ message: String, fields: String = "") -> String {
        """
        <errors>\(fields)<message>\(message)</message><statusCode>\(code)</statusCode></errors>
        """
    }

    /// As recorded: the match repeats the record's id, under a namespace of its own.
    static let duplicate = """
        <errors xsi:type="DuplicateError"><message>Use one of these records?</message>\
        <statusCode>DUPLICATES_DETECTED</statusCode><duplicateResult><allowSave>false</allowSave>\
        <matchResults><entityType>Contact</entityType><matchRecords>\
        <matchConfidence>100.0</matchConfidence><record xsi:type="sf:sObject"><sf:type>Contact\
        </sf:type><sf:Id>003Ws000003PqRsIAK</sf:Id><sf:Id>003Ws000003PqRsIAK</sf:Id></record>\
        </matchRecords><success>true</success></matchResults></duplicateResult></errors>
        """

    static func fault(_ code: String, _ message: String) -> String {
        """
        <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
        xmlns:sf="urn:fault.partner.soap.sforce.com" \
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>\
        <faultcode>sf:\(code)</faultcode><faultstring>\(code): \(message)</faultstring><detail>\
        <sf:UnexpectedErrorFault xsi:type="sf:UnexpectedErrorFault"><sf:exceptionCode>\(code)\
        </sf:exceptionCode><sf:exceptionMessage>\(message)</sf:exceptionMessage>\
        </sf:UnexpectedErrorFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>
        """
    }

    static func bareFault(_ code: String, _ text: String) -> String {
        envelope(
            """
            <soapenv:Fault><faultcode>\(code)</faultcode><faultstring>\(text)</faultstring>\
            </soapenv:Fault>
            """)
    }

    static let expired = fault(
        "INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
}

extension APIResponse {
    init(_ status: Int, _ body: String, usage: String? = nil) {
        self.init(status: status, body: ByteBuffer(string: body))
        if let usage { headers.add(name: "Sforce-Limit-Info", value: usage) }
    }
}
