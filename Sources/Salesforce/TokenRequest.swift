import Conversion
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
        case .jwtBearer(let clientID, let username, let key):
            let assertion = LoginAssertion(issuer: clientID, subject: username, origin: origin)
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
            string: fields.map { "\($0.name)=\(Self.encoded($0.value))" }.joined(separator: "&"))
    }

    /// All but the unreserved characters of RFC 3986: a plus in a secret must stay a plus.
    private static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { encoded, byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                encoded += byte < 16 ? "%0\(hex)" : "%\(hex)"
            }
        }
    }
}
