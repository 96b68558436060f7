import Conversion
public import Drain
public import Salesforce
public import Settings

// Settings, drain and transport don't know each other: here one's words become the other's, for
// the daemon and for `leadconvert check` alike.

extension DrainOptions {
    /// How the operator wants the queue drained.
    public init(_ settings: DrainSettings, untilEmpty: Bool) {
        self.init()
        callSize = settings.callSize
        concurrency = settings.concurrency
        dailyShare = settings.dailyShare
        reserve = settings.reserve
        rate = settings.rate.fixed
        burst = settings.burst.fixed
        probeIntervalMS = settings.probeIntervalMS
        callLifetimeMS = settings.callLifetimeMS
        window = settings.runHours.map { RunWindow($0) }
        giveUpAfterMS = settings.giveUpAfterMS
        self.untilEmpty = untilEmpty
    }
}

extension RunWindow {
    fileprivate init(_ hours: RunHours) {
        self.init(
            start: hours.start, end: hours.end,
            offsets: hours.offsets(from: SystemClock.now().wall).map {
                Offset(since: $0.since, seconds: $0.seconds)
            })
    }
}

extension DrainSettings.Figure {
    fileprivate var fixed: Double? {
        if case .fixed(let figure) = self { figure } else { nil }
    }
}

extension Salesforce.SalesforceSettings {
    /// The org that the operator named, and the login.
    public init(_ settings: Settings.SalesforceSettings) {
        self.init(
            loginURL: settings.loginURL, apiVersion: settings.apiVersion,
            login: Login(settings.login))
        callTimeout = .milliseconds(settings.callTimeoutMS)
        caFile = settings.caFile
        service =
            switch settings.transport {
            case .soap: .soap
            case .action(let name): .action(name: name)
            }
    }
}

extension Salesforce.SalesforceSettings.Login {
    fileprivate init(_ login: LoginSettings) {
        self =
            switch login {
            case .clientCredentials(let id, let secret):
                .clientCredentials(clientID: id, secret: Secret(secret.revealed))
            case .jwtBearer(let id, let username, let key):
                .jwtBearer(
                    clientID: id, username: username, privateKeyPEM: Secret(key.revealed))
            case .refreshToken(let id, let secret, let token, _):
                .refreshToken(
                    clientID: id, clientSecret: secret.map { Secret($0.revealed) },
                    refreshToken: Secret(token.revealed))
            case .accessToken(let token, let url):
                .accessToken(Secret(token.revealed), instanceURL: url)
            }
    }
}
