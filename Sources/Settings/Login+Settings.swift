import Conversion
import Salesforce

extension SalesforceSettings.Login {
    /// The flows, each known by the setting that no other has.
    fileprivate enum Flow: String, CaseIterable {
        case accessToken = "SALESFORCE_ACCESS_TOKEN"
        case refreshToken = "SALESFORCE_REFRESH_TOKEN"
        case jwtBearer = "SALESFORCE_PRIVATE_KEY_FILE"
        case clientCredentials = "SALESFORCE_CLIENT_SECRET"

        /// Whether its setting is there.
        func isGiven(in reader: SettingReader) -> Bool {
            switch self {
            case .accessToken, .refreshToken: reader.isGiven(rawValue)
            case .jwtBearer: reader.isGiven("SALESFORCE_PRIVATE_KEY")
            // A refresh token's app may have a secret, which is then no login of its own.
            case .clientCredentials:
                reader.isGiven(rawValue) && !reader.isGiven("SALESFORCE_REFRESH_TOKEN")
            }
        }
    }

    /// What to set, for somebody who has set nothing.
    private static let manual =
        "no login is set. Set SALESFORCE_CLIENT_ID with SALESFORCE_CLIENT_SECRET_FILE, or with "
        + "SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY_FILE, or with "
        + "SALESFORCE_REFRESH_TOKEN_FILE; or SALESFORCE_INSTANCE_URL with "
        + "SALESFORCE_ACCESS_TOKEN_FILE"

    /// Whether the settings of any login are there.
    static func isGiven(in settings: [String: String]) -> Bool {
        let reader = SettingReader(settings)
        return Flow.allCases.contains { $0.isGiven(in: reader) }
    }

    /// The one login whose settings are there, and where a new refresh token is kept; nil with what
    /// is wrong noted.
    static func read(
        _ reader: inout SettingReader, for service: SalesforceSettings.Service
    ) -> (Self, RefreshTokenStore?)? {
        let flows = Flow.allCases.filter { $0.isGiven(in: reader) }
        guard let flow = flows.first else {
            reader.report("SALESFORCE_...", manual)
            return nil
        }
        guard flows.count == 1 else {
            let names = flows.map(\.rawValue).joined(separator: ", ")
            reader.report(names, "belong to different logins: set those of one and no others")
            return nil
        }
        return switch flow {
        case .clientCredentials: clientCredentials(&reader).map { ($0, nil) }
        case .jwtBearer: jwtBearer(&reader).map { ($0, nil) }
        case .refreshToken: refreshToken(&reader)
        case .accessToken: accessToken(&reader, for: service).map { ($0, nil) }
        }
    }

    private static func clientCredentials(_ reader: inout SettingReader) -> Self? {
        let clientID = reader.needed("SALESFORCE_CLIENT_ID", by: .clientCredentials)
        guard let secret = reader.secret("SALESFORCE_CLIENT_SECRET"), let clientID else {
            return nil
        }
        return .clientCredentials(clientID: clientID, secret: Secret(secret.text))
    }

    private static func jwtBearer(_ reader: inout SettingReader) -> Self? {
        let clientID = reader.needed("SALESFORCE_CLIENT_ID", by: .jwtBearer)
        let username = reader.needed("SALESFORCE_USERNAME", by: .jwtBearer)
        let audience = reader.origin("SALESFORCE_AUDIENCE")
        guard let key = reader.secret("SALESFORCE_PRIVATE_KEY"), let clientID, let username else {
            return nil
        }
        return .jwtBearer(
            clientID: clientID, username: username, privateKeyPEM: Secret(key.text),
            audience: audience)
    }

    private static func refreshToken(
        _ reader: inout SettingReader
    ) -> (Self, RefreshTokenStore?)? {
        let clientID = reader.needed("SALESFORCE_CLIENT_ID", by: .refreshToken)
        // Many apps want their secret here too.
        let hasSecret = reader.isGiven("SALESFORCE_CLIENT_SECRET")
        let secret = hasSecret ? reader.secret("SALESFORCE_CLIENT_SECRET") : nil
        guard let token = reader.secret("SALESFORCE_REFRESH_TOKEN"), let clientID,
            hasSecret == (secret != nil)
        else { return nil }
        let store = reader.store(for: token)
        do {
            let current = try store.successor() ?? token.text
            let login = Self.refreshToken(
                clientID: clientID, clientSecret: secret.map { Secret($0.text) },
                refreshToken: Secret(current))
            return (login, store)
        } catch {
            // The given one is dead once there has been another: it is no way out.
            reader.report("SALESFORCE_REFRESH_TOKEN", value: store.ownFile, error.rule)
            return nil
        }
    }

    private static func accessToken(
        _ reader: inout SettingReader, for service: SalesforceSettings.Service
    ) -> Self? {
        let isGiven = reader.needed("SALESFORCE_INSTANCE_URL", by: .accessToken) != nil
        let instance = isGiven ? reader.origin("SALESFORCE_INSTANCE_URL") : nil
        guard let found = reader.secret("SALESFORCE_ACCESS_TOKEN"), let instance else {
            return nil
        }
        let token = Secret(found.text)
        guard service.takesJSONWebTokens || !token.isJSONWebToken else {
            reader.report(
                "SALESFORCE_ACCESS_TOKEN",
                "is a JWT, which Salesforce's SOAP API never accepts: switch off \"Issue JSON Web "
                    + "Token (JWT)-based access tokens\" in the app, or set another login"
            )
            return nil
        }
        return .accessToken(token, instance: instance)
    }
}

extension SettingReader {
    /// A variable that the flow can't do without.
    fileprivate mutating func needed(
        _ name: String, by flow: SalesforceSettings.Login.Flow
    ) -> String? {
        let text = text(name)
        if text == nil { report(name, "is missing; it goes with \(flow.rawValue)") }
        return text
    }

    /// Where a successor of this token is kept. A credential is systemd's, and cannot be written.
    fileprivate func store(for token: FoundSecret) -> RefreshTokenStore {
        let folder = text("STATE_DIRECTORY")?.split(separator: ":").first
        return RefreshTokenStore(
            given: token.text,
            file: token.file.flatMap { isCredential($0) ? nil : $0 },
            ownFile: folder.map { "\($0)/\(RefreshTokenStore.name)" })
    }
}
