import CLibcrypto

// All that we ask of cryptography, from the system's libcrypto: Debian keeps that one safe, and a
// library of our own would be four hundred files to compile for one signature and a hash.

/// SHA-256, and HMAC with it.
public enum SHA256 {
    /// How long a digest is, in bytes.
    public static let size = 32

    /// The digest of a text's UTF-8.
    public static func digest(of text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: size)
        let isDone = EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        precondition(isDone == 1, "Every libcrypto has SHA-256.")
        return digest
    }

    /// The code that proves that somebody who has the key has seen the text. Source: RFC 2104.
    public static func authenticationCode(of text: String, key: [UInt8]) -> [UInt8] {
        let bytes = Array(text.utf8)
        var code = [UInt8](repeating: 0, count: size)
        let result = HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, &code, nil)
        precondition(result != nil, "Every libcrypto has HMAC with SHA-256.")
        return code
    }

    /// Whether two codes are the same, in a time that does not tell where they differ.
    public static func isSame(_ code: [UInt8], _ other: [UInt8]) -> Bool {
        code.count == other.count && CRYPTO_memcmp(code, other, code.count) == 0
    }
}

extension [UInt8] {
    /// Two hexadecimal digits for each byte.
    public var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// A private key that signs as RS256 wants it: RSASSA-PKCS1-v1_5 with SHA-256. Source: RFC 7518.
public struct RSAPrivateKey: ~Copyable {
    private let key: OpaquePointer

    /// Salesforce takes no shorter key. Source: Salesforce Help, "Create a Private Key and
    /// Self-Signed Digital Certificate".
    private static let fewestBits: Int32 = 2048

    /// Reads PKCS#1 or PKCS#8; nil when it is no RSA key of 2048 bits or more in PEM, or has a
    /// passphrase.
    public init?(pem: String) {
        let bytes = Array(pem.utf8)
        let key = bytes.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let memory = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else {
                return nil
            }
            defer { BIO_free(memory) }
            // Without an answer of ours libcrypto would ask for a passphrase on the terminal.
            return PEM_read_bio_PrivateKey(memory, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let key else { return nil }
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, EVP_PKEY_get_bits(key) >= Self.fewestBits
        else {
            EVP_PKEY_free(key)
            return nil
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// The signature of a text's UTF-8; nil when libcrypto refuses.
    public func signature(of text: String) -> [UInt8]? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        let bytes = Array(text.utf8)
        var length = Int(EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &length, bytes, bytes.count) == 1
        else { return nil }
        return Array(signature.prefix(length))
    }
}
