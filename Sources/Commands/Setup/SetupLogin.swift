import Conversion
import Salesforce
import Settings

/// How setup can make the daemon log in.
enum SetupFlow: String, CaseIterable {
    case clientCredentials = "client-credentials"
    case jwtBearer = "jwt-bearer"
    case refreshToken = "refresh-token"
    case accessToken = "access-token"

    var about: String {
        switch self {
        case .clientCredentials: "an app's id and secret; the simplest"
        case .jwtBearer: "an app's id, a user, and the private key of the app's certificate"
        case .refreshToken: "an app's id and a refresh token from an earlier consent"
        case .accessToken: "a token at hand, not renewed: for a first try"
        }
    }

    var secret: SecretName {
        switch self {
        case .clientCredentials: .clientSecret
        case .jwtBearer: .privateKey
        case .refreshToken: .refreshToken
        case .accessToken: .accessToken
        }
    }

    /// A refresh token's app may have a secret, too, which is then no login of its own.
    private static let byWhatTellsThem: [SetupFlow] = [
        .accessToken, .refreshToken, .jwtBearer, .clientCredentials,
    ]

    /// The flow of a file of settings; nil where that does not tell.
    init?(settings: [String: String]) {
        let bySecret = Self.byWhatTellsThem.first { flow in
            settings[flow.secret.fileVariable] != nil || settings[flow.secret.rawValue] != nil
        }
        if let bySecret {
            self = bySecret
        } else if settings["SALESFORCE_INSTANCE_URL"] != nil {
            self = .accessToken
        } else if settings["SALESFORCE_USERNAME"] != nil {
            self = .jwtBearer
        } else {
            return nil
        }
    }

    /// The flow by the files of secrets that are there, for settings that do not name them; a folder
    /// may still hold one of another login.
    init?(secrets isThere: (SecretName) -> Bool) {
        guard let flow = Self.byWhatTellsThem.first(where: { isThere($0.secret) }) else {
            return nil
        }
        self = flow
    }
}

/// What the operator has answered.
struct SetupLogin {
    var flow: SetupFlow
    /// `https://HOST`.
    var host: String
    var clientID: String?
    var username: String?
    /// The secrets that were given; one that stays as it is has no text.
    var secrets: [SecretName: String?] = [:]

    /// The variables that setup keeps: those of other flows are taken out.
    static let names = [
        "SALESFORCE_LOGIN_URL", "SALESFORCE_INSTANCE_URL", "SALESFORCE_CLIENT_ID",
        "SALESFORCE_USERNAME",
    ]

    /// The variable of each, but for the secrets.
    var variables: [String: String] {
        var variables: [String: String] = [:]
        variables[flow == .accessToken ? "SALESFORCE_INSTANCE_URL" : "SALESFORCE_LOGIN_URL"] = host
        variables["SALESFORCE_CLIENT_ID"] = clientID
        variables["SALESFORCE_USERNAME"] = username
        return variables
    }

    /// The host of an org, from what people have at hand.
    static func host(_ text: String) -> String? { Origin(address: text)?.description }

    static let hostRule =
        "must be a host such as example.my.salesforce.com; http:// is for loopback addresses only"
}
