/// The tokens that were handed out.
package struct Sessions {
    private struct Session {
        var isJWTShaped: Bool
        var served: Set<Dialect> = []
        var isExpired = false
    }

    private var sessions: [String: Session] = [:]
    private var refreshTokens: Set<String>
    private var deadRefreshTokens: Set<String> = []
    private var issued = 0
    private let seed: UInt64

    init(refreshToken: String, seed: UInt64) {
        refreshTokens = [refreshToken]
        self.seed = seed
    }

    /// A new access token: opaque, as SOAP wants it, or in the shape of a JWT, which it refuses.
    package mutating func issue(jwtShaped: Bool) -> String {
        let secret = nextSecret()
        let token =
            jwtShaped
            ? "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJkZW1vIn0.\(secret)"
            : "\(Org.id.prefix(15))!AQ\(secret)"
        sessions[token] = Session(isJWTShaped: jwtShaped)
        return token
    }

    /// Whether a token is good for this API.
    func accepts(_ token: String, _ dialect: Dialect) -> Bool {
        guard let session = sessions[token], !session.isExpired else { return false }
        return dialect == .rest || !session.isJWTShaped
    }

    /// Whether a call with this token went well at this API.
    func hasServed(_ token: String, _ dialect: Dialect) -> Bool {
        sessions[token]?.served.contains(dialect) ?? false
    }

    mutating func serve(_ token: String, _ dialect: Dialect) {
        sessions[token]?.served.insert(dialect)
    }

    mutating func expire(_ token: String) { sessions[token]?.isExpired = true }

    package mutating func expireAll() {
        for token in sessions.keys { sessions[token]?.isExpired = true }
    }

    /// All that was ever handed out.
    package var everyToken: [String] { Array(sessions.keys) + refreshTokens + deadRefreshTokens }

    func knowsRefreshToken(_ token: String) -> Bool { refreshTokens.contains(token) }

    /// A refresh token in the place of a used one.
    mutating func rotate(_ token: String) -> String {
        let next = "5Aep861\(nextSecret())"
        refreshTokens.remove(token)
        deadRefreshTokens.insert(token)
        refreshTokens.insert(next)
        return next
    }

    private mutating func nextSecret() -> String {
        issued += 1
        var chance = SeededChance(seed: seed)
        return (0..<5).map { part in
            chance.seed = chance.seed &* 31 &+ UInt64(part)
            let value = chance.pick(0...0x7FFF_FFFF_FFFF, number: issued)
            return String(value, radix: 36)
        }.joined(separator: "_")
    }
}
