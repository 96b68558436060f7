/// How a session at Salesforce is had.
public enum LoginSettings: Equatable, Sendable {
    /// The client credentials flow of an app that runs as a user of its own.
    case clientCredentials(clientID: String, clientSecret: SecretText)
    /// The JWT bearer flow: `privateKey` is PEM text.
    case jwtBearer(clientID: String, username: String, privateKey: SecretText)
    /// The refresh token flow; a new token is kept in `store` if Salesforce hands one out.
    case refreshToken(
        clientID: String, clientSecret: SecretText?, refreshToken: SecretText,
        store: RefreshTokenStore
    )
    /// A token that somebody else got; it is not renewed.
    case accessToken(SecretText, instanceURL: String)

    /// Where the successor of a refresh token is kept; nil for the other flows.
    public var refreshTokenStore: RefreshTokenStore? {
        if case .refreshToken(_, _, _, let store) = self { store } else { nil }
    }

    /// The one flow whose settings are there, or nil with what is wrong noted.
    init?(_ reader: inout SettingReader, for transport: TransportSetting) {
        let flows = LoginFlow.given(in: reader)
        guard let flow = flows.first else {
            reader.report("SALESFORCE_...", LoginFlow.manual)
            return nil
        }
        guard flows.count == 1 else {
            let names = flows.map(\.mark).joined(separator: ", ")
            reader.report(names, "belong to different logins: set those of one and no others")
            return nil
        }
        switch flow {
        case .clientCredentials: self.init(clientCredentials: &reader)
        case .jwtBearer: self.init(jwtBearer: &reader)
        case .refreshToken: self.init(refreshToken: &reader)
        case .accessToken: self.init(accessToken: &reader, for: transport)
        }
    }

    private init?(clientCredentials reader: inout SettingReader) {
        let clientID = reader.needed("SALESFORCE_CLIENT_ID", by: .clientCredentials)
        guard let secret = reader.secret("SALESFORCE_CLIENT_SECRET"), let clientID else {
            return nil
        }
        self = .clientCredentials(clientID: clientID, clientSecret: secret.text)
    }

    private init?(jwtBearer reader: inout SettingReader) {
        let clientID = reader.needed("SALESFORCE_CLIENT_ID", by: .jwtBearer)
        let username = reader.needed("SALESFORCE_USERNAME", by: .jwtBearer)
        guard let key = reader.secret("SALESFORCE_PRIVATE_KEY"), let clientID, let username else {
            return nil
        }
        self = .jwtBearer(clientID: clientID, username: username, privateKey: key.text)
    }

    private init?(refreshToken reader: inout SettingReader) {
        let clientID = reader.needed("SALESFORCE_CLIENT_ID", by: .refreshToken)
        // Many apps want their secret here too.
        let hasSecret = reader.isGiven("SALESFORCE_CLIENT_SECRET")
        let secret = hasSecret ? reader.secret("SALESFORCE_CLIENT_SECRET") : nil
        guard let token = reader.secret("SALESFORCE_REFRESH_TOKEN"), let clientID,
            hasSecret == (secret != nil)
        else { return nil }
        let store = reader.store(for: token)
        do {
            self = .refreshToken(
                clientID: clientID, clientSecret: secret?.text,
                refreshToken: try store.successor() ?? token.text, store: store)
        } catch {
            // The given one is dead once there has been another: it is no way out.
            reader.report("SALESFORCE_REFRESH_TOKEN", value: store.ownFile, error.rule)
            return nil
        }
    }

    private init?(accessToken reader: inout SettingReader, for transport: TransportSetting) {
        let isGiven = reader.needed("SALESFORCE_INSTANCE_URL", by: .accessToken) != nil
        let url = isGiven ? reader.hostURL("SALESFORCE_INSTANCE_URL") : nil
        guard let token = reader.secret("SALESFORCE_ACCESS_TOKEN"), let url else { return nil }
        // The SOAP API answers such a token as if it had expired, for ever.
        let parts = token.text.revealed.split(separator: ".", omittingEmptySubsequences: false)
        guard transport != .soap || parts.count != 3 || !parts[0].hasPrefix("eyJ") else {
            reader.report(
                "SALESFORCE_ACCESS_TOKEN",
                "is a JWT, which Salesforce's SOAP API never accepts: switch off \"Issue JSON Web "
                    + "Token (JWT)-based access tokens\" in the app, or set another login"
            )
            return nil
        }
        self = .accessToken(token.text, instanceURL: url)
    }
}

extension SettingReader {
    /// Where a successor of this token is kept. A credential is systemd's, and cannot be written.
    fileprivate func store(for token: FoundSecret) -> RefreshTokenStore {
        let folder = text("STATE_DIRECTORY")?.split(separator: ":").first
        return RefreshTokenStore(
            given: token.text,
            file: token.file.flatMap { isCredential($0) ? nil : $0 },
            ownFile: folder.map { "\($0)/\(RefreshTokenStore.name)" })
    }
}
