import SalesforceSimulator
import TestSupport
import Testing

/// What the SOAP door refuses as a whole.
@Suite(.timeLimit(.minutes(20))) struct StrictnessTests {
    @Test func `elements out of their order are refused`() async throws {
        try await withOrg { wire in
            let id = try #require(await wire.simulator.leads(limit: 1).first?.id)
            let swapped = """
                <urn:leadConverts><urn:leadId>\(id)</urn:leadId>\
                <urn:convertedStatus>Qualified</urn:convertedStatus></urn:leadConverts>
                """
            let answer = try await wire.convert([swapped], token: try await wire.login())
            #expect(answer.status == 500)
            #expect(
                answer.body == """
                    <?xml version="1.0" encoding="UTF-8"?>\
                    <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">\
                    <soapenv:Body><soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>\
                    Element {urn:partner.soap.sforce.com}convertedStatus invalid at this location\
                    </faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>
                    """)
        }
    }

    @Test(arguments: [
        ("<urn:sendNotificationEmail>false</urn:sendNotificationEmail>", ""),
        ("<urn:overwriteLeadSource>false<", "<urn:overwriteLeadSource>no<"),
        ("<urn:overwriteLeadSource>", "<urn:surprise/><urn:overwriteLeadSource>"),
        ("urn:partner.soap.sforce.com", "urn:enterprise.soap.sforce.com"),
        ("<soapenv:Envelope", "<!DOCTYPE x><soapenv:Envelope"),
        ("</soapenv:Body>", ""),
        ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"),
        ("<urn:convertLead>", "<urn:convertLeads>"),
    ])
    func `what the schema does not allow is refused`(_ change: (String, String)) async throws {
        try await withOrg { wire in
            let id = try #require(await wire.simulator.leads(limit: 1).first?.id)
            let good = Envelope.text(token: try await wire.login(), leads: [Envelope.lead(id)])
            let answer = try await wire.soap(good.replacing(change.0, with: change.1))
            #expect(answer.status == 500)
            #expect(answer.body.contains("<faultcode>soapenv:Client</faultcode>"))
            #expect(await wire.simulator.audit().conversions.isEmpty)
        }
    }

    @Test func `a header that the operation does not take is refused`() async throws {
        try await withOrg { wire in
            let header = """
                <urn:AllOrNoneHeader><urn:allOrNone>true</urn:allOrNone></urn:AllOrNoneHeader>
                """
            let token = try await wire.login()
            let answer = try await wire.convert([], token: token, header: header)
            #expect(answer.body.contains("<faultcode>sf:INVALID_SOAP_HEADER</faultcode>"))
        }
    }

    @Test func `SOAP tells whose token it is and never logs in`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let who = try await wire.soap(Envelope.message(token: token, "<urn:getUserInfo/>"))
            #expect(who.body.all("userId") == [wire.simulator.integrationUserID()])
            let login = try await wire.soap(Envelope.message(token: token, "<urn:login/>"))
            #expect(login.body.contains("<faultcode>sf:UNSUPPORTED_API_VERSION</faultcode>"))
        }
    }

    @Test func `another content type is refused`() async throws {
        try await withOrg { wire in
            let good = Envelope.text(token: try await wire.login(), leads: [])
            #expect(try await wire.soap(good).status == 200)
            #expect(try await wire.soap(good, contentType: "application/json").status == 500)
        }
    }

    @Test func `more than a hundred leads are refused as a whole`() async throws {
        try await withOrg { wire in
            let asks = await wire.simulator.leads(limit: 101).map { Envelope.lead($0.id) }
            let token = try await wire.login()
            let answer = try await wire.convert(asks, token: token)
            #expect(answer.body.contains("<faultcode>sf:EXCEEDED_LEAD_CONVERT_LIMIT</faultcode>"))
            #expect(await wire.simulator.audit().conversions.isEmpty)
            let full = try await wire.convert(Array(asks.dropLast()), token: token)
            #expect(full.body.all("success") == Array(repeating: "true", count: 100))
        }
    }

    @Test func `a dead session gets the recorded fault`() async throws {
        try await withOrg { wire in
            let answer = try await wire.convert([], token: "00Dxx!dead")
            let text = "Invalid Session ID found in SessionHeader: Illegal Session"
            #expect(answer.status == 500)
            #expect(
                answer.body == """
                    <?xml version="1.0" encoding="UTF-8"?>\
                    <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
                    xmlns:sf="urn:fault.partner.soap.sforce.com" \
                    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>\
                    <soapenv:Fault><faultcode>sf:INVALID_SESSION_ID</faultcode>\
                    <faultstring>INVALID_SESSION_ID: \(text)</faultstring><detail>\
                    <sf:UnexpectedErrorFault xsi:type="sf:UnexpectedErrorFault">\
                    <sf:exceptionCode>INVALID_SESSION_ID</sf:exceptionCode>\
                    <sf:exceptionMessage>\(text)</sf:exceptionMessage></sf:UnexpectedErrorFault>\
                    </detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>
                    """)
        }
    }

    @Test func `retired versions and the enterprise endpoint are refused`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let retired = try await wire.convert([], token: token, version: "20.0")
            #expect(retired.body.contains("<faultcode>sf:UNSUPPORTED_API_VERSION</faultcode>"))
            let gone = try await wire.send(
                "GET", "/services/data/v20.0/limits", headers: ["Authorization": "Bearer \(token)"])
            #expect(gone.status == 410)
            let enterprise = try await wire.send(
                "POST", "/services/Soap/c/67.0", headers: ["Content-Type": "text/xml"],
                body: Envelope.text(token: token, leads: []))
            #expect(enterprise.body.contains("No operation available for request"))
        }
    }
}
