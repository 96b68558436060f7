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
        var body = ByteBuffer()
        body.reserveCapacity(minimumWritableBytes: 1024 + 512 * leads.count)
        body.writeEnvelopeStart(token: token, client: client)
        if options.truncatesFields {
            body.writeHeader("AllowFieldTruncationHeader", "allowFieldTruncation")
        }
        if options.suppressesFeed {
            body.writeHeader("DisableFeedTrackingHeader", "disableFeedTracking")
        }
        if options.allowsDuplicates { body.writeDuplicateRuleHeader() }
        body.writeStaticString("</soapenv:Header><soapenv:Body><urn:convertLead>")
        for lead in leads { body.writeLead(lead) }
        body.writeStaticString("</urn:convertLead></soapenv:Body></soapenv:Envelope>")
        return body
    }
}

extension ByteBuffer {
    /// An envelope up to the headers that say whose session it is and which client calls.
    mutating func writeEnvelopeStart(token: Secret, client: String) {
        writeStaticString(
            """
            <?xml version="1.0" encoding="UTF-8"?>\
            <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
            xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header><urn:SessionHeader>
            """)
        writeElement("sessionId", token.text)
        writeStaticString("</urn:SessionHeader><urn:CallOptions>")
        writeElement("client", client)
        writeStaticString("</urn:CallOptions>")
    }

    fileprivate mutating func writeLead(_ lead: LeadConversion) {
        writeStaticString("<urn:leadConverts>")
        writeElement("accountId", lead.accountID?.description)
        writeElement("contactId", lead.contactID?.description)
        writeElement("convertedStatus", lead.convertedStatus)
        writeElement("doNotCreateOpportunity", lead.doNotCreateOpportunity)
        writeElement("leadId", lead.leadID.description)
        writeElement("opportunityId", lead.opportunityID?.description)
        // "The name, if one is made": beside doNotCreateOpportunity Salesforce refuses it.
        if !lead.doNotCreateOpportunity { writeElement("opportunityName", lead.opportunityName) }
        writeElement("overwriteLeadSource", lead.overwriteLeadSource)
        writeElement("ownerId", lead.ownerID?.description)
        writeElement("relatedPersonAccountId", lead.relatedPersonAccountID?.description)
        writeElement("sendNotificationEmail", lead.sendNotificationEmail)
        writeStaticString("</urn:leadConverts>")
    }

    /// A header that switches one thing on.
    fileprivate mutating func writeHeader(_ name: StaticString, _ flag: StaticString) {
        writeTag("<urn:", name)
        writeElement(flag, true)
        writeTag("</urn:", name)
    }

    /// Lets pass what a duplicate rule only warns of; one that blocks still blocks.
    fileprivate mutating func writeDuplicateRuleHeader() {
        writeStaticString("<urn:DuplicateRuleHeader>")
        writeElement("allowSave", true)
        writeElement("includeRecordDetails", false)
        writeElement("runAsCurrentUser", true)
        writeStaticString("</urn:DuplicateRuleHeader>")
    }

    fileprivate mutating func writeElement(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        writeTag("<urn:", name)
        writeXMLText(text)
        writeTag("</urn:", name)
    }

    fileprivate mutating func writeElement(_ name: StaticString, _ flag: Bool) {
        writeElement(name, flag ? "true" : "false")
    }

    private mutating func writeTag(_ opening: StaticString, _ name: StaticString) {
        writeStaticString(opening)
        writeStaticString(name)
        writeStaticString(">")
    }
}

extension ByteBuffer {
    /// Writes text so that it is text and nothing else, wherever it stands in XML.
    ///
    /// What XML 1.0 cannot hold at all (control characters, two noncharacters) is left out: one
    /// such character would make the whole call unreadable, a hundred leads with it.
    mutating func writeXMLText(_ text: String) {
        guard text.utf8.contains(where: \.needsCare) else {
            writeString(text)
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": writeStaticString("&amp;")
            case "<": writeStaticString("&lt;")
            case ">": writeStaticString("&gt;")
            case "\"": writeStaticString("&quot;")
            case "'": writeStaticString("&apos;")
            case "\r": writeStaticString("&#13;")  // as it is, it would arrive as a line feed
            case "\t", "\n": writeInteger(UInt8(scalar.value))
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": break
            default: writeBytes(UTF8.encode(scalar).map { Array($0) } ?? [])
            }
        }
    }
}

extension UInt8 {
    /// `0xEF` begins the noncharacters, and others that are fine.
    fileprivate var needsCare: Bool {
        switch self {
        case 0..<0x20, UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"),
            UInt8(ascii: "\""), UInt8(ascii: "'"), 0xEF:
            true
        default:
            false
        }
    }
}
