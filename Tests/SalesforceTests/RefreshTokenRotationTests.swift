import Conversion
import Synchronization
import TestSupport
import Testing

@testable import Salesforce

@Suite struct RefreshTokenRotationTests {
    private static func login(_ token: String) -> SalesforceSettings.Login {
        .refreshToken(clientID: "demo", clientSecret: nil, refreshToken: Secret(token))
    }

    /// Hands out `two` for `one`, `three` for `two`, and the same again for `same`.
    private static func grant(_ request: ScriptedServer.Request) -> ScriptedServer.Turn {
        let next = ["one": "two", "two": "three", "same": "same"]
        let used = request.body.split(separator: "refresh_token=").last.map(String.init) ?? ""
        return .say(
            ScriptedServer.http(
                200,
                #"{"access_token":"00D!a","refresh_token":"\#(next[used] ?? "")","#
                    + #""instance_url":"http://\#(request.header("Host") ?? "")"}"#))
    }

    private func withRotation(
        _ body: (SalesforceTransport, ScriptedServer, @escaping @Sendable () -> [String])
            async throws -> Void
    ) async throws {
        try await ScriptedServer.run({ Self.grant($0) }) { server in
            let kept = Kept()
            let settings = SalesforceSettings(
                loginHost: .test(server.url), login: Self.login("one"))
            let transport = try SalesforceTransport(settings) { kept.keep($0) }
            kept.watch(transport)
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(transport, server, { kept.tokens }))
            } catch {
                result = .failure(error)
            }
            await transport.shutdown()
            try result.get()
        }
    }

    @Test func `keeps a new token before it is used`() async throws {
        try await withRotation { transport, server, kept in
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            #expect(kept() == ["two"])
            transport.endSession()
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            #expect(kept() == ["two", "three"])
            #expect(server.requests.last?.body.hasSuffix("refresh_token=two") == true)
        }
    }

    @Test func `keeps nothing when the token stays the same`() async throws {
        try await withRotation { transport, _, kept in
            try transport.replaceCredentials(Self.login("same"))
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            #expect(kept() == [])
        }
    }

    @Test func `brings back no dead token when the settings are read again`() async throws {
        try await withRotation { transport, server, _ in
            for dead in ["one", "two"] {
                #expect(await transport.send(.logIn).outcome == .loggedIn)
                try transport.replaceCredentials(Self.login(dead))
                #expect(transport.hasSession)
                transport.endSession()
                try transport.replaceCredentials(Self.login(dead))
            }
            _ = await transport.send(.logIn)
            #expect(
                server.requests.map { $0.body.split(separator: "refresh_token=").last }
                    == ["one", "two", "three"])
        }
    }

    @Test func `takes up a token that the operator gives again`() async throws {
        try await withRotation { transport, server, _ in
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            try transport.replaceCredentials(Self.login("same"))
            #expect(!transport.hasSession)
            #expect(await transport.send(.logIn).outcome == .loggedIn)
            #expect(server.requests.last?.body.hasSuffix("refresh_token=same") == true)
        }
    }
}

/// What was kept; each has to be kept before its login counts.
private final class Kept: Sendable {
    private let state = Mutex<(tokens: [String], transport: SalesforceTransport?)>(([], nil))

    var tokens: [String] { state.withLock(\.tokens) }

    func watch(_ transport: SalesforceTransport) {
        state.withLock { $0.transport = transport }
    }

    func keep(_ token: String) {
        let transport = state.withLock { state in
            state.tokens.append(token)
            return state.transport
        }
        #expect(transport?.hasSession == false, "used before it was kept")
    }
}
