import Conversion
import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Salesforce

@Suite struct LoginTests {
    private static func token(_ token: String, _ request: ScriptedServer.Request) -> String {
        let instance = "http://\(request.header("Host") ?? "")"
        return ScriptedServer.http(
            200, #"{"access_token":"\#(token)","instance_url":"\#(instance)","issued_at":"1"}"#)
    }

    private static func isLogin(_ request: ScriptedServer.Request) -> Bool {
        request.line == "POST /services/oauth2/token HTTP/1.1"
    }

    private static func gist(_ answer: String) async throws -> (String, hasSession: Bool) {
        try await withTransport(clientCredentials) { _ in
            .say(answer)
        } _: { transport, _ in
            let gist = await transport.send(.logIn).outcome.gist
            return (gist, transport.hasSession)
        }
    }

    // MARK: - Sessions

    @Test func `asks for nothing without a session`() async throws {
        try await withTransport(clientCredentials) { _ in
            .stall
        } _: { transport, server in
            for request in [conversion, .verify([Samples.first.leadID]), .readLimits] {
                #expect(await transport.send(request).outcome.gist == "refused session NO_SESSION")
            }
            #expect(server.requests.isEmpty)
            #expect(!transport.hasSession)
        }
    }

    @Test func `logs in with one request and uses the instance it is given`() async throws {
        try await withTransport(clientCredentials) { request in
            Self.isLogin(request)
                ? .say(Self.token("00D!one", request))
                : .say(ScriptedServer.http(200, Samples.response(Samples.success())))
        } _: { transport, server in
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            #expect(transport.hasSession)
            #expect(await transport.send(conversion).outcome.gist == "converted")
            let login = try #require(server.requests.first)
            #expect(
                login.body
                    == "grant_type=client_credentials&client_id=demo&client_secret=a%2Bb%26c%3D%C3%A9"
            )
            #expect(login.header("Content-Type") == "application/x-www-form-urlencoded")
            #expect(server.requests.count == 2)
        }
    }

    @Test func `ends an expired session and gives up when the next is refused too`() async throws {
        try await withTransport(clientCredentials) { request in
            Self.isLogin(request)
                ? .say(Self.token("00D!one", request))
                : .say(ScriptedServer.http(500, Samples.expired))
        } _: { transport, _ in
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            let first = await transport.send(conversion)
            #expect(first.outcome.gist == "refused session INVALID_SESSION_ID")
            #expect(!transport.hasSession)
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            let second = await transport.send(conversion)
            #expect(second.outcome.gist == "refused permission INVALID_SESSION_ID")
            #expect(!transport.hasSession)
        }
    }

    @Test func `sends a call that was begun before its session ended`() async throws {
        try await withTransport(clientCredentials) { request in
            Self.isLogin(request)
                ? .say(Self.token("00D!one", request))
                : .say(ScriptedServer.http(500, Samples.expired))
        } _: { transport, server in
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            for _ in 1...2 {
                let reply = await transport.send(conversion)
                #expect(reply.outcome.gist == "refused session INVALID_SESSION_ID")
                #expect(reply.httpStatus == 500)
                #expect(!transport.hasSession)
            }
            #expect(server.requests.count == 3)
            try transport.replaceCredentials(
                .clientCredentials(clientID: "demo", secret: Secret("new")))
            #expect(await transport.send(conversion).outcome.gist == "refused session NO_SESSION")
            #expect(server.requests.count == 3)
        }
    }

    @Test func `ends a session that REST refuses`() async throws {
        let body = #"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#
        try await withTransport(clientCredentials) { request in
            Self.isLogin(request)
                ? .say(Self.token("00D!one", request)) : .say(ScriptedServer.http(401, body))
        } _: { transport, _ in
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            let reply = await transport.send(.readLimits)
            #expect(reply.outcome.gist == "refused session INVALID_SESSION_ID")
            #expect(!transport.hasSession)
        }
    }

    @Test func `says what to do about a given token that is refused`() async throws {
        try await withTransport { _ in
            .say(ScriptedServer.http(500, Samples.expired))
        } _: { transport, server in
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            guard case .refused(.permission, let reason) = await transport.send(conversion).outcome
            else {
                Issue.record("not a matter of permission")
                return
            }
            #expect(reason.code == "INVALID_SESSION_ID")
            #expect(reason.text.contains("SALESFORCE_ACCESS_TOKEN"))
            #expect(reason.remedy?.contains("SALESFORCE_ACCESS_TOKEN") == true)
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            #expect(server.requests.count == 1, "there is nothing to ask the login host for")
            try transport.replaceCredentials(
                .given("00D!new", at: server.url))
            #expect(transport.hasSession)
        }
    }

    @Test func `logs in again after the session was ended`() async throws {
        try await withTransport(clientCredentials) { request in
            .say(Self.token("00D!one", request))
        } _: { transport, server in
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            transport.endSession()
            #expect(!transport.hasSession)
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            #expect(server.requests.count == 2)
        }
    }

    @Test func `a given token works again after a page refused it`() async throws {
        let success = ScriptedServer.http(200, Samples.response(Samples.success()))
        let turns = Mutex([ScriptedServer.http(401, "<html/>"), success])
        try await withTransport { _ in
            .say(turns.withLock { $0.removeFirst() })
        } _: { transport, _ in
            guard case .refused(.permission, let reason) = await transport.send(conversion).outcome
            else {
                Issue.record("not a matter of permission")
                return
            }
            #expect(reason.mayPass)
            #expect(await transport.send(conversion).outcome.gist == "converted")
        }
    }

    @Test(arguments: [
        "9223372036854775807", "1e300", "-5", "\"7200\"", "null", "7200.5", "7200",
    ])
    func `a token is taken whatever its lifetime is said to be`(expiresIn: String) async throws {
        try await withTransport(clientCredentials) { request in
            .say(
                ScriptedServer.http(
                    200,
                    #"""
                    {"access_token":"00D!a","expires_in":\#(expiresIn),\#
                    "instance_url":"http://\#(request.header("Host") ?? "")"}
                    """#))
        } _: { transport, _ in
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            #expect(transport.hasSession)
        }
    }

    // MARK: - Refusals

    @Test(arguments: [
        ("invalid_grant", "user hasn't approved this consumer", Blocker.permission),
        ("invalid_grant", "expired authorization code", .permission),
        ("invalid_grant", "expired access/refresh token", .permission),
        ("invalid_grant", "authentication failure", .permission),
        ("invalid_grant", "inactive user", .permission),
        ("invalid_grant", "inactive organization", .permission),
        ("invalid_grant", "ip restricted or invalid login hours", .permission),
        ("invalid_grant", "request not supported on this domain", .configuration),
        ("invalid_grant", "audience is invalid", .configuration),
        ("invalid_grant", "no client credentials user enabled", .permission),
        ("invalid_client", "invalid client credentials", .permission),
        ("invalid_client_id", "client identifier invalid", .permission),
        ("invalid_app_access", "user is not admin approved to access this app", .permission),
        ("unsupported_grant_type", "grant type not supported", .permission),
        ("something_new", "whatever", .permission),
        ("invalid_grant", "token request is already being processed", .outage),
        ("app_not_found", "External client app is not installed in this org", .configuration),
        ("invalid_grant", "invalid assertion", .permission),
        ("unknown_error", "retry your request", .outage),
    ])
    func `says what to do about a refused login`(
        code: String, text: String, blocker: Blocker
    ) async throws {
        let body = #"{"error":"\#(code)","error_description":"\#(text)"}"#
        guard
            case .none(.refused(blocker, let reason), next: nil) = TokenResponse(
                APIResponse(400, body))
        else {
            Issue.record("\(code), \(text) is not \(blocker)")
            return
        }
        #expect(reason.code == code)
        #expect(reason.message == text)
        // Login hours begin again, and a clock is set after a start.
        #expect(
            reason.mayPass
                == (text.contains("login hours") || text.contains("expired authorization")))
        let remedy = try #require(reason.remedy)
        #expect(reason.text == "\(text): \(remedy)")
    }

    @Test(arguments: [
        (ScriptedServer.http(500, "<html/>"), "refused outage HTTP_500"),
        (ScriptedServer.http(503, "<html/>"), "refused outage HTTP_503"),
        (ScriptedServer.http(302, "", headers: "Location: /"), "refused configuration HTTP_302"),
        (ScriptedServer.http(404, "<html/>"), "refused configuration HTTP_404"),
        (ScriptedServer.http(401, "<html/>"), "refused permission HTTP_401"),
        (ScriptedServer.http(200, "<html/>"), "unclear UNREADABLE_ANSWER"),
        (
            ScriptedServer.http(
                200, #"{"access_token":"eyJ.a.b","instance_url":"https://a.example"}"#),
            "refused configuration JWT_ACCESS_TOKEN"
        ),
        (
            ScriptedServer.http(
                200, #"{"access_token":"00D!a","instance_url":"http://a.example"}"#),
            "unclear UNREADABLE_ANSWER"
        ),
    ])
    func `takes no token from an answer that is none`(answer: String, expected: String) async throws
    {
        let (gist, hasSession) = try await Self.gist(answer)
        #expect(gist == expected)
        #expect(!hasSession)
    }

    @Test func `takes a lost login for an outage`() async throws {
        try await withTransport(clientCredentials, timeout: .seconds(2)) { _ in
            .stall
        } _: { transport, server in
            var gist = ""
            // On a busy machine the time may end before the request has left: that is no test.
            repeat {
                gist = await transport.send(.logIn).outcome.gist
            } while server.requests.isEmpty
            #expect(gist == "refused outage TIMEOUT")
        }
    }

    // MARK: - The forms

    @Test func `refreshes with or without a secret`() throws {
        let origin = try #require(Origin("https://login.salesforce.com"))
        func form(_ secret: Secret?) throws -> String? {
            try TokenRequest(
                .refreshToken(
                    clientID: "demo", clientSecret: secret, refreshToken: Secret("5Aep861=.x")),
                at: origin
            ).map { String(buffer: $0.body) }
        }
        let plain = "grant_type=refresh_token&client_id=demo&refresh_token=5Aep861%3D.x"
        #expect(try form(nil) == plain)
        #expect(try form(Secret("hush")) == plain + "&client_secret=hush")
    }

    @Test(arguments: [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://example.my.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://example--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("https://example-dev.scratch.my.salesforce.com", "https://test.salesforce.com"),
        ("https://example-dev-ed.develop.my.salesforce.com", "https://login.salesforce.com"),
        ("https://sandbox.my.salesforce.com", "https://login.salesforce.com"),
    ])
    func `signs an assertion that the certificate proves`(login: String, audience: String) throws {
        let key = RSAKeyPair()
        let origin = try #require(Origin(login))
        let request = try TokenRequest(
            .jwtBearer(
                clientID: "demo", username: "demo@example.com",
                privateKeyPEM: Secret(key.privatePEM)),
            at: origin, now: Date(timeIntervalSince1970: 1_790_000_000.9))
        let form = String(buffer: try #require(request).body)
        let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="
        #expect(form.hasPrefix(grant))
        let parts = form.dropFirst(grant.count).split(separator: ".")
        let texts = try parts.map { try #require(Data(base64URL: $0)) }
        #expect(texts.count == 3)
        #expect(String(decoding: texts[0], as: UTF8.self) == #"{"alg":"RS256"}"#)
        #expect(
            String(decoding: texts[1], as: UTF8.self)
                == #"{"aud":"\#(audience)","exp":1790000180,"iss":"demo","sub":"demo@example.com"}"#
        )
        #expect(key.proves(texts[2], of: parts[0..<2].joined(separator: ".")))
    }

    @Test func `names the audience that was set`() throws {
        let origin = try #require(Origin("https://example.my.salesforce.com"))
        let request = try TokenRequest(
            .jwtBearer(
                clientID: "demo", username: "demo@example.com",
                privateKeyPEM: Secret(RSAKeyPair().privatePEM), audience: origin),
            at: origin)
        let parts = String(buffer: try #require(request).body).split(separator: ".")
        let claims = String(decoding: try #require(Data(base64URL: parts[1])), as: UTF8.self)
        #expect(claims.hasPrefix(#"{"aud":"https://example.my.salesforce.com","#))
    }

    @Test func `refuses a key that is none before anything starts`() {
        let login = SalesforceSettings.Login.jwtBearer(
            clientID: "demo", username: "demo@example.com", privateKeyPEM: Secret("no key"))
        #expect(throws: OperatorError.self) {
            try SalesforceTransport(SalesforceSettings(login: login))
        }
    }
}

extension Data {
    fileprivate init?(base64URL text: Substring) {
        let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
        self.init(
            base64Encoded: text.replacing("-", with: "+").replacing("_", with: "/") + padding)
    }
}
