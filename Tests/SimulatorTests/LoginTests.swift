import SalesforceSimulator
import TestSupport
import Testing

/// How programs get in.
@Suite(.timeLimit(.minutes(20))) struct SimulatorLoginTests {
    @Test func `a login tells where the org is and not how long the token lives`() async throws {
        try await withOrg { wire in
            let answer = try await login(wire, "grant_type=client_credentials", basic: true)
            #expect(answer.status == 200)
            #expect(answer.body.contains("\"instance_url\":\"\(wire.simulator.url)\""))
            #expect(answer.body.contains("\"access_token\":\"00DWs000000oRgX!"))
            #expect(answer.body.contains("\"issued_at\":\"1"))
            #expect(!answer.body.contains("expires_in"))
        }
    }

    @Test(arguments: [
        ("grant_type=client_credentials&client_id=nobody&client_secret=demo", "invalid_client_id"),
        ("grant_type=client_credentials&client_id=demo&client_secret=no", "invalid_client"),
        ("grant_type=client_credentials&client_id=demo", "invalid_client"),
        ("grant_type=password&client_id=demo", "unsupported_grant_type"),
        ("grant_type=refresh_token&client_id=demo&refresh_token=old", "invalid_grant"),
        (
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c",
            "invalid_grant"
        ),
    ])
    func `a wrong login is refused`(_ form: String, _ error: String) async throws {
        try await withOrg { wire in
            let answer = try await login(wire, form)
            #expect(answer.status == 400)
            #expect(answer.body.hasPrefix("{\"error\":\"\(error)\",\"error_description\":\""))
        }
    }

    @Test(arguments: [
        (SignedAssertion.good, nil), (SignedAssertion.expired, "expired authorization code"),
        (SignedAssertion.stranger, "user hasn't approved this consumer"),
        (SignedAssertion.misdirected, "audience is invalid"),
        (String(SignedAssertion.good.dropLast(8)) + "AAAAAAAA", "invalid assertion"),
    ])
    func `the signature and the claims of a JWT are verified`(
        _ assertion: String, _ complaint: String?
    ) async throws {
        try await withOrg {
            $0.publicKeyPEM = SignedAssertion.publicKey
        } _: { wire in
            let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
            let answer = try await login(wire, "grant_type=\(grant)&assertion=\(assertion)")
            #expect(answer.status == (complaint == nil ? 200 : 400))
            #expect(answer.body.between("\"error_description\":\"", "\"") == complaint)
        }
    }

    @Test func `a JWT for another login host is refused`() async throws {
        try await withOrg {
            $0.publicKeyPEM = SignedAssertion.publicKey
            $0.loginHost = "https://test.salesforce.com"
        } _: { wire in
            let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
            let form = "grant_type=\(grant)&assertion=\(SignedAssertion.good)"
            let answer = try await login(wire, form)
            #expect(answer.body.between("\"error_description\":\"", "\"") == "audience is invalid")
        }
    }

    @Test(arguments: ["nonsense", RSAKeyPair(bits: 1024).publicPEM])
    func `a key that is unreadable or too short is refused at the start`(
        key: String
    ) async throws {
        await #expect(throws: SimulatorError.self) {
            try await withOrg {
                $0.publicKeyPEM = key
            } _: { _ in
            }
        }
    }

    @Test func `too many logins in an hour are refused`() async throws {
        try await withOrg {
            $0.loginsPerHour = 2
        } _: { wire in
            for _ in 0..<2 { #expect(try await wire.login() != "") }
            let third = try await login(wire, "grant_type=client_credentials", basic: true)
            #expect(third.status == 400)
        }
    }

    @Test func `a used refresh token is replaced when it rotates`() async throws {
        try await withOrg {
            $0.rotatesRefreshTokens = true
        } _: { wire in
            let form = "grant_type=refresh_token&client_id=demo&refresh_token="
            let first = try await login(wire, form + "demo-refresh-token")
            let next = try #require(first.body.between("\"refresh_token\":\"", "\""))
            #expect(try await login(wire, form + "demo-refresh-token").status == 400)
            #expect(try await login(wire, form + next).status == 200)
        }
    }

    @Test func `a token in the shape of a JWT is good for REST alone`() async throws {
        try await withOrg {
            $0.issuesJWTShapedTokens = true
        } _: { wire in
            let token = try await wire.login()
            #expect(token.hasPrefix("eyJ"))
            #expect(try await wire.get("/limits", token: token).status == 200)
            let answer = try await wire.convert([], token: token)
            #expect(answer.body.contains("<faultcode>sf:INVALID_SESSION_ID</faultcode>"))
        }
    }

    private func login(_ wire: Wire, _ form: String, basic: Bool = false) async throws -> Answer {
        var headers = ["Content-Type": "application/x-www-form-urlencoded"]
        if basic { headers["Authorization"] = "Basic ZGVtbzpkZW1v" }
        return try await wire.send(
            "POST", "/services/oauth2/token", headers: headers, body: form)
    }
}
