import Conversion
import NIOCore
import Testing

@testable import Salesforce

@Suite struct ConvertLeadRequestTests {
    private func body(_ leads: LeadConversion..., allowDuplicates: Bool = false) -> String {
        let request = ConvertLeadRequest(
            token: Secret("00D!secret"), client: "leadconvertd/1.0", leads: leads,
            options: ConvertOptions(allowsDuplicates: allowDuplicates))
        return String(buffer: request.body)
    }

    private func envelope(header: String = "", _ leads: String) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope \
        xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
        xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header><urn:SessionHeader>\
        <urn:sessionId>00D!secret</urn:sessionId></urn:SessionHeader><urn:CallOptions>\
        <urn:client>leadconvertd/1.0</urn:client></urn:CallOptions>\(header)</soapenv:Header>\
        <soapenv:Body><urn:convertLead>\(leads)</urn:convertLead></soapenv:Body>\
        </soapenv:Envelope>
        """
    }

    @Test func `writes only what is required for a plain lead`() {
        let lead = """
            <urn:leadConverts><urn:convertedStatus>Closed - Converted</urn:convertedStatus>\
            <urn:doNotCreateOpportunity>false</urn:doNotCreateOpportunity>\
            <urn:leadId>00QWs000001AbcDMAS</urn:leadId>\
            <urn:overwriteLeadSource>false</urn:overwriteLeadSource>\
            <urn:sendNotificationEmail>false</urn:sendNotificationEmail></urn:leadConverts>
            """
        #expect(body(Samples.first) == envelope(lead))
        #expect(body(Samples.first, Samples.first) == envelope(lead + lead))
    }

    @Test func `writes every field in the order of the schema`() throws {
        var lead = Samples.first
        lead.accountID = try RecordID("001Ws000002XyZa", of: .account)
        lead.contactID = try RecordID("003Ws000003PqRs", of: .contact)
        lead.opportunityName = "Q3"
        lead.ownerID = try RecordID("00526000004wk0w", of: .user)
        lead.overwriteLeadSource = true
        lead.sendNotificationEmail = true
        #expect(
            body(lead)
                == envelope(
                    """
                    <urn:leadConverts><urn:accountId>001Ws000002XyZaIAK</urn:accountId>\
                    <urn:contactId>003Ws000003PqRsIAK</urn:contactId>\
                    <urn:convertedStatus>Closed - Converted</urn:convertedStatus>\
                    <urn:doNotCreateOpportunity>false</urn:doNotCreateOpportunity>\
                    <urn:leadId>00QWs000001AbcDMAS</urn:leadId>\
                    <urn:opportunityName>Q3</urn:opportunityName>\
                    <urn:overwriteLeadSource>true</urn:overwriteLeadSource>\
                    <urn:ownerId>00526000004wk0wAAA</urn:ownerId>\
                    <urn:sendNotificationEmail>true</urn:sendNotificationEmail></urn:leadConverts>
                    """))
    }

    @Test func `writes an existing opportunity`() throws {
        var lead = Samples.first
        lead.opportunityID = try RecordID("0062z000001uX5c", of: .opportunity)
        #expect(
            body(lead).contains(
                "</urn:leadId><urn:opportunityId>0062z000001uX5cAAE</urn:opportunityId><urn:over"))
    }

    @Test func `keeps the name to itself when no opportunity is wanted`() {
        var lead = Samples.first
        lead.opportunityName = "Q3"
        lead.doNotCreateOpportunity = true
        #expect(!body(lead).contains("opportunityName"))
        #expect(body(lead).contains("<urn:doNotCreateOpportunity>true<"))
    }

    @Test func `overrides duplicate rules only when asked`() {
        let header = """
            <urn:DuplicateRuleHeader><urn:allowSave>true</urn:allowSave>\
            <urn:includeRecordDetails>false</urn:includeRecordDetails>\
            <urn:runAsCurrentUser>true</urn:runAsCurrentUser></urn:DuplicateRuleHeader>
            """
        #expect(body(Samples.first, allowDuplicates: true).contains(header))
        #expect(!body(Samples.first).contains("DuplicateRuleHeader"))
    }

    @Test(arguments: [
        ("a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&apos;"),
        ("]]><urn:leadId>", "]]&gt;&lt;urn:leadId&gt;"),
        ("tab\tline\ncr\r", "tab\tline\ncr&#13;"),
        ("nul\u{0}bell\u{7}esc\u{1B}\u{FFFE}\u{FFFF}", "nulbellesc"),
        ("Ünïcödé 株式会社 👍🏽 \u{FEFF}\u{FFFD}", "Ünïcödé 株式会社 👍🏽 \u{FEFF}\u{FFFD}"),
    ])
    func `writes text that stays text`(text: String, written: String) {
        var lead = Samples.first
        lead.opportunityName = text
        #expect(body(lead).contains("<urn:opportunityName>\(written)</urn:opportunityName>"))
    }
}
