/// What an org says that converts whatever it is asked to.
enum InstantAnswer {
    /// The answer to a login or to a question for the limits.
    static func body(to target: Substring, at url: String) -> [UInt8] {
        let text =
            target.hasSuffix("/limits")
            ? #"{"DailyApiRequests":{"Max":1000000000,"Remaining":999999999}}"#
            : #"{"access_token":"00DWs!bench","instance_url":"\#(url)"}"#
        return Array(text.utf8)
    }

    /// A success for each lead of a call, and how many they are.
    static func conversions(of request: ArraySlice<UInt8>) -> (body: [UInt8], leads: Int) {
        var answer = opening
        answer.reserveCapacity(32 << 10)
        var leads = 0
        var position = request.startIndex
        // The ids are found by their tag, whatever its prefix is.
        while let found = request.range(of: tag, from: position),
            found.lowerBound + idEnd <= request.endIndex
        {
            answer += beforeLead
            answer += request[found.lowerBound + tagLength..<found.lowerBound + idEnd]
            answer += afterLead
            leads += 1
            position = found.lowerBound + idEnd
        }
        answer += closing
        return (answer, leads)
    }

    private static let tag = Array("leadId>00Q".utf8)
    private static let tagLength = 7
    private static let idEnd = tagLength + 18

    private static let opening = Array(
        """
        <?xml version="1.0" encoding="UTF-8"?>\
        <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
        xmlns="urn:partner.soap.sforce.com"><soapenv:Header><LimitInfoHeader><limitInfo>\
        <current>1</current><limit>1000000000</limit><type>API REQUESTS</type>\
        </limitInfo></LimitInfoHeader></soapenv:Header><soapenv:Body><convertLeadResponse>
        """.utf8)
    private static let beforeLead = Array(
        """
        <result><accountId>001Ws000002XyZaIAK</accountId>\
        <contactId>003Ws000003PqRsIAK</contactId><leadId>
        """.utf8)
    private static let afterLead = Array(
        """
        </leadId><opportunityId>006Ws000004LmNoIAK</opportunityId>\
        <success>true</success></result>
        """.utf8)
    private static let closing = Array(
        "</convertLeadResponse></soapenv:Body></soapenv:Envelope>".utf8)
}
