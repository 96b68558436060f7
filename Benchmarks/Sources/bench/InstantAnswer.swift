import NIOCore
import NIOHTTP1

/// What an org says that converts whatever it is asked to.
enum InstantAnswer {
    /// The body of the answer to a request.
    static func body(to head: HTTPRequestHead, _ body: ByteBuffer) -> ByteBuffer {
        if head.uri.contains("/services/Soap/") { return conversions(of: body) }
        if head.uri.hasSuffix("/limits") {
            return ByteBuffer(string: #"{"DailyApiRequests":{"Max":1000000,"Remaining":999999}}"#)
        }
        let host = head.headers.first(name: "Host") ?? ""
        return ByteBuffer(
            string: #"{"access_token":"00DWs!bench","instance_url":"http://\#(host)"}"#)
    }

    private static func conversions(of request: ByteBuffer) -> ByteBuffer {
        var answer = ByteBuffer()
        answer.reserveCapacity(32 << 10)
        answer.writeStaticString(opening)
        request.withUnsafeReadableBytes { bytes in
            forEachLead(in: bytes) { lead in
                answer.writeStaticString(
                    """
                    <result><accountId>001Ws000002XyZaIAK</accountId>\
                    <contactId>003Ws000003PqRsIAK</contactId><leadId>
                    """)
                answer.writeBytes(lead)
                answer.writeStaticString(
                    """
                    </leadId><opportunityId>006Ws000004LmNoIAK</opportunityId>\
                    <success>true</success></result>
                    """)
            }
        }
        answer.writeStaticString("</convertLeadResponse></soapenv:Body></soapenv:Envelope>")
        return answer
    }

    private static let opening: StaticString = """
        <?xml version="1.0" encoding="UTF-8"?>\
        <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
        xmlns="urn:partner.soap.sforce.com"><soapenv:Header><LimitInfoHeader><limitInfo>\
        <current>1</current><limit>1000000</limit><type>API REQUESTS</type>\
        </limitInfo></LimitInfoHeader></soapenv:Header><soapenv:Body><convertLeadResponse>
        """

    /// Finds the ids by their tag: an id is 18 characters, whatever stands around it.
    private static func forEachLead(
        in request: UnsafeRawBufferPointer, _ body: (Slice<UnsafeRawBufferPointer>) -> Void
    ) {
        var position = 0
        while position + tag.count + 18 <= request.count {
            if request[position] == tag[0], request[position...].starts(with: tag) {
                position += tag.count
                body(request[position..<position + 18])
                position += 18
            } else {
                position += 1
            }
        }
    }

    private static let tag = Array("<urn:leadId>".utf8)
}
