import Conversion
import Cryptography
import Foundation
import NIOCore

/// The form that is posted to the login host for a token.
///
/// Source: Salesforce Help, "OAuth 2.0 Client Credentials Flow", "OAuth 2.0 JWT Bearer Flow",
/// "OAuth 2.0 Refresh Token Flow".
struct TokenRequest {
    private let fields: [(name: String, value: String)]

    /// The form for a login at this moment; nil for one that has its token already.
    /// - Throws: `OperatorError` when the private key is none.
    init?(
        _ login: SalesforceSettings.Login, at origin: Origin, now: Date = Date()
    ) throws(OperatorError) {
        switch login {
        case .clientCredentials(let clientID, let secret):
            fields = [
                ("grant_type", "client_credentials"), ("client_id", clientID),
                ("client_secret", secret.text),
            ]
        case .jwtBearer(let clientID, let username, let key, let audience):
            let assertion = LoginAssertion(
                issuer: clientID, subject: username,
                audience: audience ?? LoginAssertion.usualAudience(at: origin))
            fields = [
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", try assertion.signed(with: key, at: now)),
            ]
        case .refreshToken(let clientID, let clientSecret, let refreshToken):
            fields =
                [
                    ("grant_type", "refresh_token"), ("client_id", clientID),
                    ("refresh_token", refreshToken.text),
                ] + (clientSecret.map { [("client_secret", $0.text)] } ?? [])
        case .accessToken:
            return nil
        }
    }

    /// The form, percent-encoded.
    var body: ByteBuffer {
        ByteBuffer(
            string: fields.map { "\($0.name)=\($0.value.percentEncoded)" }.joined(separator: "&"))
    }
}

/// The signed claim that we may log in as a user: a JSON Web Token, RS256.
struct LoginAssertion {
    var issuer: String
    var subject: String
    var audience: Origin

    /// Long enough for a clock that is a little off, short enough to be worthless tomorrow; 300 s
    /// is the most that Salesforce's documentation speaks of.
    private static let lifetime = 180

    private struct Claims: Encodable {
        var iss: String
        var sub: String
        var aud: String
        var exp: Int
    }

    /// The token, signed at this moment.
    /// - Throws: `OperatorError` when the key is no RSA key in PEM, or has a passphrase.
    func signed(with key: Secret, at now: Date) throws(OperatorError) -> String {
        let claims = Claims(
            iss: issuer, sub: subject, aud: audience.description,
            exp: Int(now.timeIntervalSince1970) + Self.lifetime)
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let header = Data(#"{"alg":"RS256"}"#.utf8).base64URL
            let content = try "\(header).\(encoder.encode(claims).base64URL)"
            guard let privateKey = RSAPrivateKey(pem: key.text),
                let signature = privateKey.signature(of: content)
            else { throw Self.unusableKey }
            return "\(content).\(Data(signature).base64URL)"
        } catch {
            throw Self.unusableKey
        }
    }

    private static let unusableKey = OperatorError(
        .configuration,
        "SALESFORCE_PRIVATE_KEY_FILE is not an RSA key of 2048 bits or more in PEM.",
        remedy: "A key with a passphrase must be written out without it: openssl pkey.")

    /// The audience that Salesforce documents: one of its two login hosts. External client apps of some orgs
    /// want the org's own name instead.
    /// Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow"; n8n issue 28990.
    static func usualAudience(at origin: Origin) -> Origin {
        let domains = [".sandbox.my.salesforce.com", ".scratch.my.salesforce.com"]
        let isSandbox =
            origin == .sandbox || domains.contains(where: origin.host.hasSuffix)
        return isSandbox ? .sandbox : .production
    }
}

extension Data {
    fileprivate var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}
