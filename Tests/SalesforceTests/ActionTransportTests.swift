import Conversion
import TestSupport
import Testing

@testable import Salesforce

@Suite struct ActionTransportTests {
    private let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln"
    private let converted = ScriptedServer.http(
        200,
        #"[{"isSuccess":true,"outputValues":{"leadId":"00QWs000001AbcDMAS","#
            + #""accountId":"001Ws000002XyZaIAK"}}]"#, headers: "Sforce-Limit-Info: api-usage=5/10")

    @Test func `posts a conversion to the action`() async throws {
        let converted = converted
        try await withTransport(by: .action(name: "ns__Convert_Leads")) { _ in
            .say(converted)
        } _: { transport, server in
            let reply = await transport.send(conversion)
            #expect(reply.outcome.gist == "converted")
            #expect(reply.usage == OrgUsage(current: 5, limit: 10))
            let request = try #require(server.requests.first)
            #expect(
                request.line
                    == "POST /services/data/v67.0/actions/custom/apex/ns__Convert_Leads HTTP/1.1")
            #expect(request.header("Authorization") == "Bearer 00D!token")
            #expect(request.header("Content-Type") == "application/json")
            #expect(request.header("Accept") == "application/json")
            #expect(
                request.body
                    == #"""
                    {"inputs":[{"convertedStatus":"Closed - Converted",\#
                    "leadId":"00QWs000001AbcDMAS"}]}
                    """#)
        }
    }

    @Test(arguments: [
        (ScriptedServer.Turn.reset, "unclear CONNECTION_LOST"),
        (
            .sayAndClose("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n[{"),
            "unclear CONNECTION_LOST"
        ),
        (.say(ScriptedServer.http(200, "[{")), "unclear UNREADABLE_ANSWER"),
    ])
    func `doubts a lost answer`(turn: ScriptedServer.Turn, expected: String) async throws {
        try await withTransport(by: .action(name: "C")) { _ in
            turn
        } _: { transport, server in
            #expect(await transport.send(conversion).outcome.gist == expected)
            #expect(server.requests.count == 1, "tried again")
        }
    }

    @Test func `works with tokens that SOAP never accepts`() async throws {
        let (converted, jwt) = (converted, jwt)
        try await withTransport(clientCredentials, by: .action(name: "C")) { request in
            request.line.contains("/oauth2/")
                ? .say(
                    ScriptedServer.http(
                        200,
                        #"{"access_token":"\#(jwt)","instance_url":"http://\#(request.header("Host") ?? "")"}"#
                    ))
                : .say(converted)
        } _: { transport, _ in
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            #expect(await transport.send(conversion).outcome.gist == "converted")
        }
        try await withTransport(
            { .given(jwt, at: $0) }, by: .action(name: "C")
        ) { _ in
            .say(converted)
        } _: { transport, _ in
            #expect(await transport.send(conversion).outcome.gist == "converted")
        }
    }

    @Test func `ends an expired session and gives up when the next is refused too`() async throws {
        let body = #"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#
        try await withTransport(clientCredentials, by: .action(name: "C")) { request in
            request.line.contains("/oauth2/")
                ? .say(
                    ScriptedServer.http(
                        200,
                        #"{"access_token":"00D!a","instance_url":"http://\#(request.header("Host") ?? "")"}"#
                    ))
                : .say(ScriptedServer.http(401, body))
        } _: { transport, server in
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            let first = await transport.send(conversion)
            #expect(first.outcome.gist == "refused session INVALID_SESSION_ID")
            #expect(!transport.hasSession)
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            let second = await transport.send(conversion)
            #expect(second.outcome.gist == "refused permission INVALID_SESSION_ID")
            #expect(server.requests.count == 4)
        }
    }
}
