public import Conversion
import Synchronization

/// Carries our requests to an org and tells what came of them.
///
/// Each method makes at most one HTTP request. It does not retry and does not log in by itself,
/// because the caller counts and records every request. It does not throw either; whatever goes
/// wrong is an outcome.
///
/// Before the first session all but `logIn` are refused with `NO_SESSION`, and no request is made;
/// after one was refused they go out on it, until there is another. `logIn` makes none either when
/// the token was given.
public final class SalesforceTransport: SalesforceClient {
    let settings: SalesforceSettings
    let http: HTTPTransport
    let state: Mutex<SessionState>
    let keepRefreshToken: @Sendable (String) -> Void
    let latestRefreshToken: @Sendable () -> String?

    var loginHost: Origin { settings.loginHost }
    var version: APIVersion { settings.apiVersion }

    /// Checks keys, tokens and certificates; opens no connection. `shutdown()` must be called
    /// before it is released.
    /// - Parameter keepRefreshToken: Keeps a refresh token that Salesforce has put in the place of
    ///   the one that was used. It must be safe when this returns: nobody else has it.
    /// - Parameter latestRefreshToken: The refresh token that another program has been given in the
    ///   place of ours; nil where there is none, or only our own.
    /// - Throws: `OperatorError` with `.configuration`, naming the setting.
    public init(
        _ settings: SalesforceSettings,
        keepRefreshToken: @escaping @Sendable (String) -> Void = { _ in },
        latestRefreshToken: @escaping @Sendable () -> String? = { nil }
    ) throws(OperatorError) {
        self.settings = settings
        self.keepRefreshToken = keepRefreshToken
        self.latestRefreshToken = latestRefreshToken
        _ = try TokenRequest(settings.login, at: settings.loginHost)
        state = Mutex(
            try SessionState(
                settings.login, takesJSONWebTokens: settings.service.takesJSONWebTokens,
                now: .now))
        http = try HTTPTransport(settings)
    }

    /// Whether a token is at hand that the next request can count on.
    public var hasSession: Bool { state.withLock { $0.isGood(at: .now) } }

    /// Forgets the token, so that the next login gets a new one. A given token is kept.
    public func endSession() {
        state.withLock { $0.end() }
    }

    /// Takes up other credentials; requests under way end with those they began with.
    /// - Throws: `OperatorError`, and then the old ones stay.
    public func replaceCredentials(_ login: SalesforceSettings.Login) throws(OperatorError) {
        _ = try TokenRequest(login, at: loginHost)
        // A closure given to `withLock` forgets which error it throws.
        let result = state.withLock { state in
            Result { () throws(OperatorError) in try state.replace(login, now: .now) }
        }
        try result.get()
    }

    /// Closes all connections. Requests under way come back as unclear.
    public func shutdown() async {
        do {
            try await http.close()
        } catch {
            // It is closed already, which is what was asked for.
        }
    }
}
