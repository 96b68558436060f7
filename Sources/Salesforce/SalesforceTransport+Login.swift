public import Conversion
import NIOCore
import Synchronization

extension SalesforceTransport {
    /// Asks the login host for a token.
    public func logIn() async -> Reply<Void> {
        _ = takeUpLatestRefreshToken()
        let (login, credentials) = state.withLock { ($0.login, $0.credentials) }
        let form: TokenRequest
        do {
            guard let request = try TokenRequest(login, at: loginHost) else {
                return Reply(.value(()))
            }
            form = request
        } catch {
            return Reply(
                .refused(.configuration, Reason(ours: "PRIVATE_KEY", error.description)))
        }
        let result = await http.send(
            APIRequest(
                url: "\(loginHost)/services/oauth2/token",
                headers: headers(contentType: "application/x-www-form-urlencoded"),
                body: form.body, timeout: settings.readTimeout))
        return loginReply(to: result, from: credentials)
    }

    private func loginReply(to result: APIResult, from credentials: Int) -> Reply<Void> {
        switch result {
        case .neverSent(let reason):
            return Reply(.refused(.outage, reason))
        case .lost(let reason, let status):
            // A token that got lost on the way costs nothing: this is no doubt, only an outage.
            return Reply(.refused(.outage, reason), httpStatus: status)
        case .answered(let response):
            switch TokenResponse(response, takesJSONWebTokens: settings.service.takesJSONWebTokens)
            {
            case .none(let failure, let next):
                if let next { keep(next, from: credentials) }
                // Another program may have logged in at the same time.
                guard !takeUpLatestRefreshToken() else {
                    return Reply(
                        .refused(.session, .credentialsReplaced), httpStatus: response.status)
                }
                return Reply(.init(failure), httpStatus: response.status)
            case .token(let token, let instance, let lasting, let next):
                if let next { keep(next, from: credentials) }
                let isAdopted = state.withLock {
                    $0.adopt(token, on: instance, from: credentials, lasting: lasting, now: .now)
                }
                return Reply(
                    isAdopted ? .value(()) : .refused(.session, .credentialsReplaced),
                    httpStatus: response.status)
            }
        }
    }

    /// Another program that logged in beside us may have made our refresh token worthless: what it
    /// was given is used in its place.
    /// - Returns: Whether there was another.
    private func takeUpLatestRefreshToken() -> Bool {
        guard let latest = latestRefreshToken() else { return false }
        return state.withLock { $0.rotate(to: Secret(latest), from: $0.credentials) }
    }

    /// A new refresh token is kept before anything is done with what came with it: from here on
    /// the one before opens nothing any more.
    private func keep(_ next: Secret, from credentials: Int) {
        guard state.withLock({ $0.rotate(to: next, from: credentials) }) else { return }
        keepRefreshToken(next.text)
    }
}
