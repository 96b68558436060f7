import Foundation
import HTTPTypes

/// `/services/oauth2/token`: the three ways for a program to log in.
struct TokenEndpoint: Sendable {
    /// Who may log in, with what.
    static let clientID = "demo"
    static let username = "demo@example.com"

    private enum Grant {
        case clientCredentials
        case jwtBearer
        case refreshToken(String)
    }

    private let configuration: SimulatorConfiguration
    private let verifier: AssertionVerifier?

    init(_ configuration: SimulatorConfiguration) throws(SimulatorError) {
        self.configuration = configuration
        verifier = try configuration.publicKeyPEM.map { pem throws(SimulatorError) in
            try AssertionVerifier(pem: pem)
        }
    }

    func reply(_ incoming: Incoming, _ state: inout OrgState, url: String, now: Date) -> Reply {
        guard incoming.method == .post else {
            return LoginFailure(
                error: "invalid_request", description: "must use HTTP POST"
            ).reply
        }
        do throws(LoginFailure) {
            try countLogin(&state, now: now)
            let grant = try grant(incoming, &state, url: url, now: now)
            return success(grant, &state, url: url, now: now)
        } catch {
            return error.reply
        }
    }

    /// Salesforce blocks a user who logs in all the time, as a client does that takes every
    /// refusal for an expired session.
    private func countLogin(_ state: inout OrgState, now: Date) throws(LoginFailure) {
        let seconds = now.timeIntervalSince1970
        guard state.logins.count(at: seconds) < configuration.loginsPerHour else {
            throw .invalidGrant("login rate exceeded")
        }
        state.logins.add(at: seconds)
    }

    private func grant(
        _ incoming: Incoming, _ state: inout OrgState, url: String, now: Date
    ) throws(LoginFailure) -> Grant {
        guard let form = incoming.form else {
            throw LoginFailure(error: "invalid_request", description: "the body is not a form")
        }
        switch form["grant_type"] {
        case "client_credentials":
            try checkClient(form, incoming, needsSecret: true)
            return .clientCredentials
        case "urn:ietf:params:oauth:grant-type:jwt-bearer":
            guard let verifier else { throw .invalidGrant("user hasn't approved this consumer") }
            let assertion = form["assertion"] ?? ""
            state.assertions.append(assertion)
            let audiences = [
                configuration.loginHost, url, url.replacing("127.0.0.1", with: "localhost"),
            ]
            try verifier.verify(assertion, for: audiences, now: now)
            return .jwtBearer
        case "refresh_token":
            try checkClient(form, incoming, needsSecret: false)
            guard let token = form["refresh_token"], state.sessions.knowsRefreshToken(token)
            else { throw .expiredRefreshToken }
            return .refreshToken(token)
        default:
            throw .unsupportedGrant
        }
    }

    /// Id and secret come in the form or as Basic authentication.
    private func checkClient(
        _ form: [String: String], _ incoming: Incoming, needsSecret: Bool
    ) throws(LoginFailure) {
        let basic = Self.basic(incoming.headers[.authorization])
        guard form["client_id"] ?? basic?.id == Self.clientID else { throw .unknownClient }
        let secret = form["client_secret"] ?? basic?.secret
        guard secret == configuration.clientSecret || (secret == nil && !needsSecret) else {
            throw .wrongSecret
        }
    }

    private static func basic(_ header: String?) -> (id: String, secret: String)? {
        guard let header, header.lowercased().hasPrefix("basic "),
            let data = Data(base64Encoded: String(header.dropFirst(6)))
        else { return nil }
        let halves = String(decoding: data, as: UTF8.self)
            .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, let id = halves[0].removingPercentEncoding,
            let secret = halves[1].removingPercentEncoding
        else { return nil }
        return (id, secret)
    }

    /// No `expires_in`: how long a token lives is the org's own affair.
    private func success(
        _ grant: Grant, _ state: inout OrgState, url: String, now: Date
    ) -> Reply {
        let token = state.sessions.issue(jwtShaped: configuration.issuesJWTShapedTokens)
        var members: [JSON.Member] = [
            .init("access_token", .string(token)),
            .init("signature", .string("c2ltdWxhdGVkIHNpZ25hdHVyZSwgbm90aGluZyB0bw==")),
            .init("scope", .string("api")),
            .init("instance_url", .string(url)),
            .init("id", .string("\(url)/id/\(Org.id)/\(Org.integrationUser.text)")),
            .init("token_type", .string("Bearer")),
            .init("issued_at", .string(String(Int(now.timeIntervalSince1970 * 1000)))),
        ]
        if case .refreshToken(let used) = grant, configuration.rotatesRefreshTokens {
            let next = state.sessions.rotate(used)
            members.append(.init("refresh_token", .string(next)))
        }
        return .json(.object(members))
    }
}

/// Why a login failed, as the token endpoint says it.
struct LoginFailure: Error {
    var error: String
    var description: String

    var reply: Reply {
        .json(
            .object(["error": .string(error), "error_description": .string(description)]),
            status: 400)
    }

    static let unknownClient = LoginFailure(
        error: "invalid_client_id", description: "client identifier invalid")
    static let wrongSecret = LoginFailure(
        error: "invalid_client", description: "invalid client credentials")
    static let unsupportedGrant = LoginFailure(
        error: "unsupported_grant_type", description: "grant type not supported")
    static let expiredRefreshToken = LoginFailure(
        error: "invalid_grant", description: "expired access/refresh token")

    static func invalidGrant(_ description: String) -> LoginFailure {
        LoginFailure(error: "invalid_grant", description: description)
    }
}
