import Conversion
import NIOCore

/// The SOAP envelope of one `convertLead` call.
///
/// Elements stand in the order of the WSDL, which is the alphabet's. The four that it does not
/// let be nil are always there, the others only when they say something.
/// Source: Partner WSDL 58.0, `LeadConvert`; SOAP API Developer Guide, `convertLead()`.
struct ConvertLeadRequest {
    var token: Secret
    var client: String
    var leads: [LeadConversion]
    var options: ConvertOptions

    /// The envelope, in UTF-8.
    var body: ByteBuffer {
        // A lead with an account and a name takes about 500 bytes.
        var xml = XMLWriter(capacity: 1024 + 512 * leads.count)
        xml.writeEnvelopeStart(token: token, client: client)
        if options.truncatesFields {
            xml.writeHeader("AllowFieldTruncationHeader", "allowFieldTruncation")
        }
        if options.suppressesFeed {
            xml.writeHeader("DisableFeedTrackingHeader", "disableFeedTracking")
        }
        if options.allowsDuplicates { xml.writeDuplicateRuleHeader() }
        xml.write("</soapenv:Header><soapenv:Body><urn:convertLead>")
        for lead in leads { xml.writeLead(lead) }
        xml.write("</urn:convertLead></soapenv:Body></soapenv:Envelope>")
        return xml.body
    }
}

extension XMLWriter {
    fileprivate mutating func writeLead(_ lead: LeadConversion) {
        write("<urn:leadConverts>")
        writeElement("accountId", lead.accountID)
        writeElement("contactId", lead.contactID)
        writeElement("convertedStatus", lead.convertedStatus)
        writeElement("doNotCreateOpportunity", lead.doNotCreateOpportunity)
        writeElement("leadId", lead.leadID)
        writeElement("opportunityId", lead.opportunityID)
        // "The name, if one is made": beside doNotCreateOpportunity Salesforce refuses it.
        if !lead.doNotCreateOpportunity { writeElement("opportunityName", lead.opportunityName) }
        writeElement("overwriteLeadSource", lead.overwriteLeadSource)
        writeElement("ownerId", lead.ownerID)
        writeElement("relatedPersonAccountId", lead.relatedPersonAccountID)
        writeElement("sendNotificationEmail", lead.sendNotificationEmail)
        write("</urn:leadConverts>")
    }

    /// A header that switches one thing on.
    fileprivate mutating func writeHeader(_ name: StaticString, _ flag: StaticString) {
        writeStartTag(name)
        writeElement(flag, true)
        writeEndTag(name)
    }

    /// Lets pass what a duplicate rule only warns of; one that blocks still blocks.
    fileprivate mutating func writeDuplicateRuleHeader() {
        writeStartTag("DuplicateRuleHeader")
        writeElement("allowSave", true)
        writeElement("includeRecordDetails", false)
        writeElement("runAsCurrentUser", true)
        writeEndTag("DuplicateRuleHeader")
    }
}
