import Conversion
import NIOCore
import Testing

@testable import Salesforce

@Suite struct ActionRequestTests {
    private func body(_ leads: LeadConversion..., allowDuplicates: Bool = false) -> String {
        String(
            buffer: ActionRequest(
                leads: leads, options: ConvertOptions(allowsDuplicates: allowDuplicates)
            ).body)
    }

    @Test func `writes only what is asked for`() {
        let lead = #"{"convertedStatus":"Closed - Converted","leadId":"00QWs000001AbcDMAS"}"#
        #expect(body(Samples.first) == #"{"inputs":[\#(lead)]}"#)
        #expect(body(Samples.first, Samples.first) == #"{"inputs":[\#(lead),\#(lead)]}"#)
    }

    @Test func `writes every field under its name`() throws {
        var lead = Samples.first
        lead.accountID = try RecordID("001Ws000002XyZa", of: .account)
        lead.contactID = try RecordID("003Ws000003PqRs", of: .contact)
        lead.opportunityName = "Q3 \"€\" \\ </a>\n"
        lead.ownerID = try RecordID("00526000004wk0w", of: .user)
        lead.overwriteLeadSource = true
        lead.sendNotificationEmail = true
        #expect(
            body(lead, allowDuplicates: true)
                == #"""
                {"inputs":[{"accountId":"001Ws000002XyZaIAK","allowDuplicates":true,\#
                "contactId":"003Ws000003PqRsIAK","convertedStatus":"Closed - Converted",\#
                "leadId":"00QWs000001AbcDMAS","opportunityName":"Q3 \"€\" \\ </a>\n",\#
                "overwriteLeadSource":true,"ownerId":"00526000004wk0wAAA",\#
                "sendNotificationEmail":true}]}
                """#)
    }

    @Test func `names an opportunity only if one is made`() throws {
        var lead = Samples.first
        lead.opportunityName = "Q3"
        lead.doNotCreateOpportunity = true
        #expect(
            body(lead)
                == #"""
                {"inputs":[{"convertedStatus":"Closed - Converted","doNotCreateOpportunity":true,\#
                "leadId":"00QWs000001AbcDMAS"}]}
                """#)
        var other = Samples.first
        other.opportunityID = try RecordID("006Ws000004LmNo", of: .opportunity)
        #expect(body(other).contains(#""opportunityId":"006Ws000004LmNoIAK""#))
    }
}
