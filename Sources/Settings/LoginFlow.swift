/// The flows, each known by the setting that no other has.
enum LoginFlow: CaseIterable {
    case accessToken, refreshToken, jwtBearer, clientCredentials

    /// What to set, for somebody who has set nothing.
    static let manual =
        "no login is set. Set SALESFORCE_CLIENT_ID with SALESFORCE_CLIENT_SECRET_FILE, or with "
        + "SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY_FILE, or with "
        + "SALESFORCE_REFRESH_TOKEN_FILE; or SALESFORCE_INSTANCE_URL with "
        + "SALESFORCE_ACCESS_TOKEN_FILE"

    /// The setting that tells the flow.
    var mark: String {
        switch self {
        case .accessToken: "SALESFORCE_ACCESS_TOKEN"
        case .refreshToken: "SALESFORCE_REFRESH_TOKEN"
        case .jwtBearer: "SALESFORCE_PRIVATE_KEY_FILE"
        case .clientCredentials: "SALESFORCE_CLIENT_SECRET"
        }
    }

    /// The flows whose marks are there.
    static func given(in reader: SettingReader) -> [LoginFlow] {
        allCases.filter { flow in
            switch flow {
            case .accessToken: reader.isGiven("SALESFORCE_ACCESS_TOKEN")
            case .refreshToken: reader.isGiven("SALESFORCE_REFRESH_TOKEN")
            case .jwtBearer: reader.isGiven("SALESFORCE_PRIVATE_KEY")
            // A refresh token's app may have a secret, which is then no login of its own.
            case .clientCredentials:
                reader.isGiven("SALESFORCE_CLIENT_SECRET")
                    && !reader.isGiven("SALESFORCE_REFRESH_TOKEN")
            }
        }
    }
}

extension SettingReader {
    /// A variable that the flow can't do without.
    mutating func needed(_ name: String, by flow: LoginFlow) -> String? {
        let text = text(name)
        if text == nil { report(name, "is missing; it goes with \(flow.mark)") }
        return text
    }
}
