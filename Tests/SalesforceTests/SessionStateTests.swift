import Conversion
import Testing

@testable import Salesforce

@Suite struct SessionStateTests {
    private let login = SalesforceSettings.Login.clientCredentials(
        clientID: "demo", secret: Secret("demo"))
    private let instance: Origin
    private let now = ContinuousClock.now

    init() throws {
        instance = try #require(Origin("https://example.my.salesforce.com"))
    }

    private func adopt(_ token: String, _ state: inout SessionState) throws -> Session {
        let isAdopted = state.adopt(Secret(token), on: instance, from: state.credentials, now: now)
        #expect(isAdopted)
        return try #require(state.session)
    }

    @Test func `ends the session that was refused`() throws {
        var state = try SessionState(login, now: now)
        let first = try adopt("1", &state)
        let blocker = state.refused(first, at: .soap, now: now)
        #expect(blocker == .session)
        #expect(state.session == nil)
    }

    @Test func `keeps the new session when the old one is refused late`() throws {
        var state = try SessionState(login, now: now)
        let first = try adopt("1", &state)
        let blocker = state.refused(first, at: .soap, now: now)
        #expect(blocker == .session)
        let second = try adopt("2", &state)
        let next = state.refused(first, at: .soap, now: now)
        #expect(next == .session)
        #expect(state.session?.number == second.number)
    }

    @Test func `gives up when a fresh token is refused too`() throws {
        var state = try SessionState(login, now: now)
        let blocker = state.refused(try adopt("1", &state), at: .soap, now: now)
        #expect(blocker == .session)
        let second = try adopt("2", &state)
        let next = state.refused(second, at: .soap, now: now)
        #expect(next == .permission)
        let last = state.refused(second, at: .soap, now: now)
        #expect(last == .permission)
    }

    @Test func `takes an expiry for an expiry once the token has worked`() throws {
        var state = try SessionState(login, now: now)
        for token in ["1", "2", "3"] {
            let session = try adopt(token, &state)
            state.succeeded(session, at: .soap)
            let blocker = state.refused(session, at: .soap, now: now)
            #expect(blocker == .session)
        }
    }

    @Test func `takes the refusal of an old token for an expiry even if it never worked`() throws {
        var state = try SessionState(login, now: now)
        let blocker = state.refused(try adopt("1", &state), at: .soap, now: now)
        #expect(blocker == .session)
        let second = try adopt("2", &state)
        let next = state.refused(second, at: .soap, now: now + .seconds(900))
        #expect(next == .session)
    }

    @Test func `gives up on a token that works only with the other API`() throws {
        var state = try SessionState(login, now: now)
        let blocker = state.refused(try adopt("1", &state), at: .soap, now: now)
        #expect(blocker == .session)
        let second = try adopt("2", &state)
        state.succeeded(second, at: .rest)
        let next = state.refused(second, at: .soap, now: now)
        #expect(next == .permission)
    }

    @Test func `renews a token that lay idle before it costs a call`() throws {
        var state = try SessionState(login, now: now)
        let session = try adopt("1", &state)
        #expect(state.isGood(at: now + .seconds(899)))
        state.succeeded(session, at: .soap, now: now + .seconds(899))
        #expect(state.isGood(at: now + .seconds(1798)))
        #expect(!state.isGood(at: now + .seconds(1799)))
        #expect(state.session != nil, "calls under way go on with it")
    }

    @Test func `renews a token a minute before its end`() throws {
        var state = try SessionState(login, now: now)
        let isAdopted = state.adopt(
            Secret("1"), on: instance, from: state.credentials, lasting: .seconds(300), now: now)
        #expect(isAdopted)
        #expect(state.isGood(at: now + .seconds(239)))
        #expect(!state.isGood(at: now + .seconds(240)))
    }

    @Test(arguments: [-1, 0, 60, 120]) func `uses a token of a short life all the same`(
        seconds: Int
    ) throws {
        var state = try SessionState(login, now: now)
        let isAdopted = state.adopt(
            Secret("1"), on: instance, from: state.credentials, lasting: .seconds(seconds),
            now: now)
        #expect(isAdopted)
        #expect(state.isGood(at: now), "it would log in for ever")
    }

    @Test func `takes up a login that was under way at a reload`() throws {
        func login(_ token: String, secret: String) -> SalesforceSettings.Login {
            .refreshToken(
                clientID: "demo", clientSecret: Secret(secret), refreshToken: Secret(token))
        }
        var state = try SessionState(login("one", secret: "a"), now: now)
        let asked = state.credentials
        try state.replace(login("one", secret: "a"), now: now)
        let isRotated = state.rotate(to: Secret("two"), from: asked)
        #expect(isRotated)
        _ = try adopt("1", &state)

        // Another secret of the app's, and the token that is in the settings still.
        try state.replace(login("one", secret: "b"), now: now)
        #expect(state.login == login("two", secret: "b"))
        #expect(state.session == nil)
    }

    @Test func `tries a given token however old it is`() throws {
        let state = try SessionState(
            .given("00D!a", at: "https://example.my.salesforce.com"),
            now: now)
        #expect(state.isGood(at: now + .seconds(100_000)))
    }

    @Test func `a given token stays in use, so that the next call can show whether it works`()
        throws
    {
        var state = try SessionState(
            .given("00D!a", at: "https://example.my.salesforce.com"),
            now: now)
        let session = try #require(state.session)
        state.succeeded(session, at: .soap)
        state.end()
        #expect(state.session != nil)
        let blocker = state.refused(session, at: .soap, now: now)
        #expect(blocker == .permission)
        #expect(state.session?.number == session.number)
    }

    @Test func `takes up no token of replaced credentials`() throws {
        var state = try SessionState(login, now: now)
        let old = state.credentials
        try state.replace(.clientCredentials(clientID: "demo", secret: Secret("new")), now: now)
        let isAdopted = state.adopt(Secret("1"), on: instance, from: old, now: now)
        #expect(!isAdopted)
        #expect(state.session == nil)
    }

    @Test func `keeps the session when the credentials are the same`() throws {
        var state = try SessionState(login, now: now)
        let session = try adopt("1", &state)
        try state.replace(login, now: now)
        #expect(state.session?.number == session.number)
    }

    @Test func `keeps the old credentials when the new ones are wrong`() throws {
        var state = try SessionState(login, now: now)
        let session = try adopt("1", &state)
        #expect(throws: OperatorError.self) {
            try state.replace(
                .given("eyJ.x.y", at: "https://a.example"), now: now)
        }
        #expect(state.session?.number == session.number)
        #expect(state.login == login)
    }
}
