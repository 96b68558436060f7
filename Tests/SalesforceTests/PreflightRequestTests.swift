import Conversion
import Testing

@testable import Salesforce

/// Questions that only look: what the answers mean, and what goes wrong with them.
@Suite struct PreflightRequestTests {
    @Test func `reads the clock of an answer`() {
        #expect(
            Timestamp(httpDate: "Sun, 22 Nov 2026 07:31:48 GMT")
                == Timestamp("2026-11-22T07:31:48.000Z"))
        for wrong in [
            "", "Sun, 22 Nov 2026 07:31:48", "Sunday, 22-Nov-26 07:31:48 GMT", "a b c d e GMT",
        ] {
            #expect(Timestamp(httpDate: wrong) == nil)
        }
    }

    @Test(arguments: Unreachable.allCases)
    func `knows each reason why a host is not reached`(unreachable: Unreachable) {
        #expect(Unreachable(unreachable.reason) == unreachable)
        #expect(Unreachable(Reason("TIMEOUT", "No whole answer came.")) == nil)
    }

    @Test func `asks who we are through SOAP`() async throws {
        let answer = """
            <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
            xmlns="urn:partner.soap.sforce.com"><soapenv:Body><getUserInfoResponse><result>\
            <organizationId>00D1</organizationId><userId>0051</userId>\
            <userName>a@b.c</userName></result></getUserInfoResponse></soapenv:Body>\
            </soapenv:Envelope>
            """
        try await withTransport(script: { _ in .say(ScriptedServer.http(200, answer)) }) {
            transport, server in
            let reply = await transport.readUser()
            #expect(reply.value == OrgUser(username: "a@b.c", organizationID: "00D1"))
            let request = try #require(server.requests.first)
            #expect(request.line == "POST /services/Soap/u/67.0 HTTP/1.1")
            #expect(request.body.contains("<urn:sessionId>00D!token</urn:sessionId>"))
            #expect(request.body.hasSuffix("<urn:getUserInfo/></soapenv:Body></soapenv:Envelope>"))
        }
    }

    @Test func `reads versions without a token`() async throws {
        let answer = #"[{"label":"Spring '26","url":"/services/data/v66.0","version":"66.0"}]"#
        let date = "Date: Sun, 22 Nov 2026 07:31:48 GMT"
        try await withTransport(
            script: { _ in .say(ScriptedServer.http(200, answer, headers: date)) }
        ) { transport, server in
            let reply = await transport.readVersions(of: server.url)
            #expect(reply.value == ["66.0"])
            #expect(reply.serverTime == Timestamp("2026-11-22T07:31:48.000Z"))
            #expect(server.requests.first?.line == "GET /services/data/ HTTP/1.1")
            #expect(server.requests.first?.header("Authorization") == nil)
        }
    }

    @Test func `tells a refusal from an answer that makes no sense`() async throws {
        let refusal = #"[{"message":"sObject type is not supported.","errorCode":"INVALID_TYPE"}]"#
        try await withTransport(script: { _ in .say(ScriptedServer.http(400, refusal)) }) {
            transport, server in
            let reply = await transport.readConvertLeadsPermission()
            #expect(reply.reason?.code == "INVALID_TYPE")
            #expect(
                server.requests.first?.line
                    == "GET /services/data/v67.0/query?q=SELECT%20PermissionsConvertLeads"
                    + "%20FROM%20UserPermissionAccess HTTP/1.1")
        }
        for nonsense in ["", "[]", #"{"records":[]}"#, "<html>"] {
            try await withTransport(script: { _ in .say(ScriptedServer.http(200, nonsense)) }) {
                transport, _ in
                let reply = await transport.readConvertLeadsPermission()
                #expect(reply.reason?.code == "UNREADABLE_ANSWER")
            }
        }
    }

    @Test func `believes no preview that does not fit the request`() async throws {
        let leads = try ["00QWs000001AbcD", "00QWs000001AbcE"].map { try RecordID($0, of: .lead) }
        let first = #"{"Id":"\#(leads[0])","IsConverted":false,"OwnerId":"00GWs000001AbcD"}"#
        for (answer, expected) in [
            ("[\(first),null]", [LeadPreview.ownedByQueue, .notVisible]), ("[\(first)]", nil),
            ("[null,\(first)]", nil),
        ] {
            try await withTransport(script: { _ in .say(ScriptedServer.http(200, answer)) }) {
                transport, _ in
                let reply = await transport.previews(of: leads)
                #expect(reply.value == expected)
            }
        }
    }
}

extension Reply {
    fileprivate var value: Value? {
        if case .value(let value) = outcome { value } else { nil }
    }
}
