/// SOAP messages as a careful client writes them.
enum Envelope {
    /// One lead, with the elements in the order of the schema.
    static func lead(
        _ id: String, status: String = "Closed - Converted", accountID: String? = nil,
        contactID: String? = nil, noOpportunity: Bool = false, opportunityID: String? = nil,
        opportunityName: String? = nil, ownerID: String? = nil
    ) -> String {
        func row(_ name: String, _ value: String?) -> String {
            value.map { "<urn:\(name)>\($0)</urn:\(name)>" } ?? ""
        }
        return "<urn:leadConverts>" + row("accountId", accountID) + row("contactId", contactID)
            + row("convertedStatus", status) + row("doNotCreateOpportunity", "\(noOpportunity)")
            + row("leadId", id) + row("opportunityId", opportunityID)
            + row("opportunityName", opportunityName) + row("overwriteLeadSource", "false")
            + row("ownerId", ownerID) + row("sendNotificationEmail", "false")
            + "</urn:leadConverts>"
    }

    /// A whole message.
    static func text(token: String, header: String = "", leads: [String]) -> String {
        message(
            token: token, header: header, "<urn:convertLead>\(leads.joined())</urn:convertLead>")
    }

    /// A whole message around any call.
    static func message(token: String, header: String = "", _ call: String) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
        xmlns:urn="urn:partner.soap.sforce.com">
          <soapenv:Header>
            <urn:SessionHeader><urn:sessionId>\(token)</urn:sessionId></urn:SessionHeader>\(header)
          </soapenv:Header>
          <soapenv:Body>\(call)</soapenv:Body>
        </soapenv:Envelope>
        """
    }
}

extension String {
    /// What stands between two marks, the first time they come.
    func between(_ start: String, _ end: String) -> String? {
        guard let from = firstRange(of: start)?.upperBound,
            let to = self[from...].firstRange(of: end)?.lowerBound
        else { return nil }
        return String(self[from..<to])
    }

    /// Everything that stands in elements of this name.
    func all(_ element: String) -> [String] {
        split(separator: "<\(element)>").dropFirst().compactMap { part in
            part.firstRange(of: "</\(element)>").map { String(part[..<$0.lowerBound]) }
        }
    }
}
