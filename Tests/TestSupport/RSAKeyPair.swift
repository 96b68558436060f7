import CLibcrypto
public import Foundation

/// A new RSA key, as an operator has one for the JWT bearer flow.
public struct RSAKeyPair: Sendable {
    /// The private half, PKCS#8.
    public let privatePEM: String
    /// The public half, as an app's certificate holds it.
    public let publicPEM: String

    /// Makes one.
    /// - Parameter bits: Salesforce takes 2048 and more.
    public init(bits: Int32 = 2048) {
        let context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        let isMade =
            EVP_PKEY_keygen_init(context) == 1
            && EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1
            && EVP_PKEY_generate(context, &key) == 1
        precondition(isMade, "libcrypto makes RSA keys.")
        defer { EVP_PKEY_free(key) }
        privatePEM = Self.text { PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }
        publicPEM = Self.text { PEM_write_bio_PUBKEY($0, key) }
    }

    private static func text(_ write: (OpaquePointer?) -> Int32) -> String {
        let memory = BIO_new(BIO_s_mem())
        defer { BIO_free(memory) }
        precondition(write(memory) == 1, "libcrypto writes PEM into memory.")
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = BIO_read(memory, &bytes, Int32(bytes.count))
        return String(decoding: bytes.prefix(Int(count)), as: UTF8.self)
    }

    /// Whether the private half has signed the text as RS256 wants it.
    public func proves(_ signature: Data, of text: String) -> Bool {
        let pem = Array(publicPEM.utf8)
        let memory = BIO_new_mem_buf(pem, Int32(pem.count))
        let key = PEM_read_bio_PUBKEY(memory, nil, nil, nil)
        let context = EVP_MD_CTX_new()
        defer {
            EVP_MD_CTX_free(context)
            EVP_PKEY_free(key)
            BIO_free(memory)
        }
        let (signature, text) = (Array(signature), Array(text.utf8))
        return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, text, text.count) == 1
    }
}
