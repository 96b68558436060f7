import Conversion

/// Which token is in use, and when a refused one means more than an expired session.
///
/// Several calls are in flight at once with one token. Only the refusal of the token in use ends the session;
/// a late refusal of an older one must not take the new one down with it.
struct SessionState {
    /// How to obtain a token.
    private(set) var login: SalesforceSettings.Login
    private(set) var session: Session?
    /// Whether the org may have person accounts: a search for contacts has not yet shown otherwise.
    var mayHavePersonAccounts = true
    /// Tells the credentials apart, so that a token asked for with old ones is not taken up.
    private(set) var credentials = 0

    /// The least that an admin can set a session's life to.
    /// Source: Salesforce Help, "Modify Session Security Settings", Timeout Value.
    private static let shortestLife = Duration.seconds(15 * 60)
    /// How long before its end a session is renewed.
    private static let margin = Duration.seconds(60)

    private let takesJSONWebTokens: Bool
    /// Refresh tokens that ours succeeded, the latest last: settings that still name one of these
    /// mean our newest one.
    private var supersededTokens: [Secret] = []
    private var issued = 0
    private var worked = false
    /// When the session in use was last known to be good.
    private var lastVerifiedAt: ContinuousClock.Instant?
    /// Where the token before this one was refused, until this one has worked there.
    private var refusedAt: APIKind?
    private var ended: (session: Session, as: Blocker)?

    init(
        _ login: SalesforceSettings.Login, takesJSONWebTokens: Bool = false,
        now: ContinuousClock.Instant
    ) throws(OperatorError) {
        self.login = login
        self.takesJSONWebTokens = takesJSONWebTokens
        session = nil
        session = try given(login, number: 0, now: now)
    }

    /// Takes up a token that was asked for with these credentials; false when others have
    /// replaced them since.
    mutating func adopt(
        _ token: Secret, on instance: Origin, from credentials: Int, lasting: Duration? = nil,
        now: ContinuousClock.Instant
    ) -> Bool {
        guard credentials == self.credentials else { return false }
        issued += 1
        worked = false
        lastVerifiedAt = now
        session = Session(
            token: token, instance: instance, number: issued, since: now,
            // One that lasts no longer than that would be renewed without end; it is used instead.
            until: lasting.flatMap { $0 > Self.margin * 2 ? now + $0 - Self.margin : nil })
        return true
    }

    /// The session that a call goes out on. One that was begun before its session was refused has
    /// paid its token and stands in the records: it goes out on that one, for the org to refuse.
    var sessionForCalls: Session? { session ?? ended?.session }

    /// Whether the session can be counted on. One that lay idle as long as the shortest session
    /// lives, or whose end is near, is renewed before it costs a call; a given token is tried.
    func isGood(at now: ContinuousClock.Instant) -> Bool {
        guard let session else { return false }
        if case .accessToken = login { return true }
        return now - (lastVerifiedAt ?? session.since) < Self.shortestLife
            && session.until.map { now < $0 } ?? true
    }

    /// Notes that a call got through with this session.
    mutating func succeeded(
        _ used: Session, at kind: APIKind, now: ContinuousClock.Instant = .now
    ) {
        guard used.number == session?.number else { return }
        worked = true
        lastVerifiedAt = now
        if refusedAt == kind { refusedAt = nil }
    }

    /// Ends the session if it is still the one in use, and says what stands in the way.
    mutating func refused(
        _ used: Session, at kind: APIKind, now: ContinuousClock.Instant
    ) -> Blocker {
        guard used.number == session?.number else {
            return used.number == ended?.session.number ? ended?.as ?? .session : .session
        }
        // A given token stays in use: whether it was meant for good, only the next call can show.
        if case .accessToken = login { return .permission }
        session = nil
        let isFresh = now - used.since < Self.shortestLife
        let blocker = isUnrecoverable(at: kind, isFresh: isFresh) ? Blocker.permission : .session
        refusedAt = kind
        ended = (used, blocker)
        return blocker
    }

    /// A fresh token that replaced a refused one and is refused, too.
    ///
    /// The next token ends the trouble of an expired session. One that is too young to have expired and
    /// has not worked with this API does not, even if it has worked with the other: the two could
    /// alternate without end. An older one may have expired while an outage kept it from working.
    private func isUnrecoverable(at kind: APIKind, isFresh: Bool) -> Bool {
        refusedAt != nil && isFresh && (refusedAt == kind || !worked)
    }

    /// Forgets the token in use, but not a token that could not be had again.
    mutating func end() {
        if case .accessToken = login { return }
        session = nil
    }

    /// Takes up the refresh token that replaces the one used; false when it is the same, or when
    /// the credentials that it belongs to have been replaced.
    mutating func rotate(to next: Secret, from credentials: Int) -> Bool {
        guard credentials == self.credentials,
            case .refreshToken(let clientID, let clientSecret, let used) = login, used != next
        else { return false }
        // The one that was given, and those that a file may have held while it was read.
        if supersededTokens.count > 8 { supersededTokens.remove(at: 1) }
        supersededTokens.append(used)
        login = .refreshToken(clientID: clientID, clientSecret: clientSecret, refreshToken: next)
        return true
    }

    /// Takes up other credentials; with the same ones the session stays as it is, and a login
    /// under way is taken up.
    mutating func replace(
        _ login: SalesforceSettings.Login, now: ContinuousClock.Instant
    ) throws(OperatorError) {
        refusedAt = nil
        let login = withLiveToken(login)
        // A given token that was refused gets another try.
        if login == self.login {
            guard session == nil, case .accessToken = login else { return }
        }
        let number = issued + 1
        session = try given(login, number: number, now: now)
        mayHavePersonAccounts = true
        issued = number
        credentials += 1
        worked = false
        ended = nil
        self.login = login
    }

    /// A refresh token that was replaced is dead: what replaced it is used in its place.
    private func withLiveToken(_ login: SalesforceSettings.Login) -> SalesforceSettings.Login {
        guard case .refreshToken(let clientID, let clientSecret, let given) = login,
            case .refreshToken(_, _, let live) = self.login, supersededTokens.contains(given)
        else { return login }
        return .refreshToken(clientID: clientID, clientSecret: clientSecret, refreshToken: live)
    }

    private func given(
        _ login: SalesforceSettings.Login, number: Int, now: ContinuousClock.Instant
    ) throws(OperatorError) -> Session? {
        guard case .accessToken(let token, let instance) = login else { return nil }
        if token.isJSONWebToken, !takesJSONWebTokens {
            let reason = Reason.jwtAccessToken
            throw OperatorError(.configuration, reason.message, remedy: reason.remedy)
        }
        guard token.isHeaderSafe else {
            throw OperatorError(
                .configuration, "SALESFORCE_ACCESS_TOKEN is empty or has characters of no token.",
                remedy: "Give the token alone, without quotes or spaces.")
        }
        return Session(token: token, instance: instance, number: number, since: now)
    }
}

/// An access token and the server that honours it.
struct Session: Sendable {
    let token: Secret
    let instance: Origin
    /// Tells the tokens apart in the order they were obtained.
    let number: Int
    let since: ContinuousClock.Instant
    /// When the login host said that it ends; mostly it does not say.
    var until: ContinuousClock.Instant?
}

/// The APIs of an org; a token may be accepted by one and not by the other.
enum APIKind: Sendable {
    case soap
    case rest
}
