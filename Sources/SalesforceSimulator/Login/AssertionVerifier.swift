import CLibcrypto
import Foundation

/// Checks the JWT of a server that logs in with its own key.
struct AssertionVerifier: Sendable {
    private struct Header: Decodable {
        var alg: String
    }

    private struct Claims: Decodable {
        var iss: String
        var sub: String
        var aud: String
        var exp: Double
    }

    private let key: PublicKey

    init(pem: String) throws(SimulatorError) {
        guard let key = PublicKey(pem: pem) else { throw .unreadablePublicKey }
        self.key = key
    }

    /// - Parameter audiences: the addresses that the JWT may be meant for.
    func verify(_ assertion: String, for audiences: [String], now: Date) throws(LoginFailure) {
        let parts = assertion.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.decode(Header.self, parts[0]),
            header.alg == "RS256", let claims = Self.decode(Claims.self, parts[1]),
            let signature = Self.bytes(parts[2])
        else { throw .invalidGrant("invalid assertion") }
        guard claims.iss == TokenEndpoint.clientID else { throw .unknownClient }
        guard key.proves(signature, of: "\(parts[0]).\(parts[1])") else {
            throw .invalidGrant("invalid assertion")
        }
        guard claims.sub == TokenEndpoint.username else {
            throw .invalidGrant("user hasn't approved this consumer")
        }
        guard audiences.contains(claims.aud) else {
            throw .invalidGrant("audience is invalid")
        }
        guard claims.exp > now.timeIntervalSince1970 else {
            throw .invalidGrant("expired authorization code")
        }
    }

    private static func decode<T: Decodable>(_ type: T.Type, _ part: Substring) -> T? {
        bytes(part).flatMap { try? JSONDecoder().decode(type, from: $0) }
    }

    /// Base64 with the alphabet of addresses and without padding.
    private static func bytes(_ part: Substring) -> Data? {
        let text = part.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4))
    }
}

/// An RSA key that proves signatures of RS256, by the system's libcrypto.
final class PublicKey: Sendable {
    // Never changed once it is read; libcrypto lets threads read a key at the same time.
    nonisolated(unsafe) private let key: OpaquePointer

    /// Reads `BEGIN PUBLIC KEY` in PEM; nil when it is none, not RSA, or shorter than 2048 bits.
    init?(pem: String) {
        let bytes = Array(pem.utf8)
        let key = bytes.withUnsafeBytes { bytes -> OpaquePointer? in
            let memory = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
            defer { BIO_free(memory) }
            return PEM_read_bio_PUBKEY(memory, nil, nil, nil)
        }
        guard let key else { return nil }
        self.key = key
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, EVP_PKEY_get_bits(key) >= 2048 else {
            return nil
        }
    }

    deinit { EVP_PKEY_free(key) }

    /// Whether the key's other half has signed the text.
    func proves(_ signature: Data, of text: String) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        let (signature, text) = (Array(signature), Array(text.utf8))
        return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, text, text.count) == 1
    }
}
