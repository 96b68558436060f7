import Conversion
import CryptoExtras
import Foundation

/// The signed claim that we may log in as a user: a JSON Web Token, RS256.
struct LoginAssertion {
    var issuer: String
    var subject: String
    var origin: Origin

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
            iss: issuer, sub: subject, aud: audience,
            exp: Int(now.timeIntervalSince1970) + Self.lifetime)
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let header = Data(#"{"alg":"RS256"}"#.utf8).base64URL
            let content = try "\(header).\(encoder.encode(claims).base64URL)"
            let privateKey = try _RSA.Signing.PrivateKey(pemRepresentation: key.text)
            let signature = try privateKey.signature(
                for: Data(content.utf8), padding: .insecurePKCS1v1_5)
            return "\(content).\(signature.rawRepresentation.base64URL)"
        } catch {
            throw OperatorError(
                .configuration,
                "SALESFORCE_PRIVATE_KEY_FILE is not an RSA key of 2048 bits or more in PEM.",
                remedy: "A key with a passphrase must be written out without it: openssl pkey.")
        }
    }

    /// Salesforce accepts as audience its two login hosts, not the org's own name.
    private var audience: String {
        let domains = [".sandbox.my.salesforce.com", ".scratch.my.salesforce.com"]
        let isSandbox =
            origin == .sandbox || domains.contains(where: origin.host.hasSuffix)
        return (isSandbox ? Origin.sandbox : .production).description
    }
}

extension Data {
    fileprivate var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}
