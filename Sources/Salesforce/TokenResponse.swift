import Conversion

/// What the login host said.
enum TokenResponse {
    /// A token, the server that honours it, how long it lasts if that was said, and the refresh
    /// token that replaces the one used.
    case token(Secret, Origin, lasting: Duration?, next: Secret?)
    /// None; but the refresh token may have been replaced all the same.
    case none(Failure, next: Secret? = nil)

    private struct Grant: Decodable {
        enum CodingKeys: String, CodingKey {
            case accessToken = "access_token"
            case instanceURL = "instance_url"
            case refreshToken = "refresh_token"
            case expiresIn = "expires_in"
        }

        var accessToken: String
        var instanceURL: String
        var refreshToken: String?
        /// Opaque tokens come without.
        var expiresIn: Lifetime?
    }

    /// Seconds, if they are a number and in proportion. A token is not to be lost for them.
    private struct Lifetime: Decodable {
        private static let possible = 0.0...31_536_000
        var duration: Duration?

        init(from decoder: any Decoder) {
            do {
                let seconds = try decoder.singleValueContainer().decode(Double.self)
                duration = Self.possible.contains(seconds) ? .seconds(Int64(seconds)) : nil
            } catch {
                duration = nil
            }
        }
    }

    private struct Refusal: Decodable {
        enum CodingKeys: String, CodingKey {
            case error
            case description = "error_description"
        }

        var error: String
        var description: String?
    }

    /// Reads the answer to a token request.
    init(_ response: APIResponse, takesJSONWebTokens: Bool = false) {
        switch response.status {
        case 200..<300:
            self = Self.grant(response, takesJSONWebTokens)
        case 500..<600:
            let sentence = "The login host failed (HTTP \(response.status))."
            self = .none(.refused(.outage, Reason(ours: "HTTP_\(response.status)", sentence)))
        default:
            self = .none(Self.refusal(response))
        }
    }

    private static func grant(_ response: APIResponse, _ takesJSONWebTokens: Bool) -> TokenResponse
    {
        guard let grant = response.json(Grant.self) else {
            return .none(.unclear(.unreadable("The login host's answer holds no token")))
        }
        let token = Secret(grant.accessToken)
        let replacement = grant.refreshToken.map { Secret($0) }
        let next = replacement?.isHeaderSafe == true ? replacement : nil
        guard takesJSONWebTokens || !token.isJSONWebToken else {
            return .none(.refused(.configuration, .jwtAccessToken), next: next)
        }
        guard token.isHeaderSafe, replacement?.isHeaderSafe ?? true,
            let instance = Origin(grant.instanceURL)
        else {
            return .none(
                .unclear(.unreadable("The login host's token or instance_url is not usable")),
                next: next)
        }
        return .token(token, instance, lasting: grant.expiresIn?.duration, next: next)
    }

    private static func refusal(_ response: APIResponse) -> Failure {
        guard let refusal = response.json(Refusal.self) else {
            // Without an error of OAuth's a 401 is no expired session: there is none yet.
            let outcome = response.outcomeByStatus
            guard case .refused(.session, let reason) = outcome else { return outcome }
            return .refused(.permission, reason)
        }
        return LoginError.outcome(of: refusal.error, refusal.description ?? "")
    }
}
