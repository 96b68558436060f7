import Conversion
import NIOCore

/// SOAP's `getUserInfo`, which takes no arguments and says whose token it is.
/// Source: SOAP API Developer Guide, `getUserInfo()`.
enum UserInfo {
    /// The envelope, in UTF-8.
    static func request(token: Secret, client: String) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeStaticString(
            """
            <?xml version="1.0" encoding="UTF-8"?>\
            <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
            xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header><urn:SessionHeader>\
            <urn:sessionId>
            """)
        body.writeXMLText(token.text)
        body.writeStaticString("</urn:sessionId></urn:SessionHeader><urn:CallOptions><urn:client>")
        body.writeXMLText(client)
        body.writeStaticString(
            """
            </urn:client></urn:CallOptions></soapenv:Header><soapenv:Body><urn:getUserInfo/>\
            </soapenv:Body></soapenv:Envelope>
            """)
        return body
    }

    /// What the answer says.
    static func outcome(of response: APIResponse) -> CheckReply<OrgUser>.Outcome {
        switch SOAPResponse(response.body)?.body {
        case .fault(let reason): return .init(CallOutcome(refusalOfReading: reason), response)
        case .foreignFault(let reason): return .unclear(reason)
        case .results, nil: break
        }
        guard let envelope = XMLReader.read(response.body),
            let result = envelope.child("Body")?.child("getUserInfoResponse")?.child("result"),
            let id = result.text(of: "userId"), let username = result.text(of: "userName"),
            let organizationID = result.text(of: "organizationId")
        else { return .init(response.outcomeByStatus, response) }
        return .read(OrgUser(id: id, username: username, organizationID: organizationID))
    }
}
