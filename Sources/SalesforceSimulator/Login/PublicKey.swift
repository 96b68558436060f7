import CLibcrypto
import Foundation

/// An RSA key that proves signatures of RS256, by the system's libcrypto.
final class PublicKey: Sendable {
    // Never changed once it is read; libcrypto lets threads read a key at the same time.
    nonisolated(unsafe) private let key: OpaquePointer

    /// Reads `BEGIN PUBLIC KEY` in PEM; nil when it is none, or not RSA.
    init?(pem: String) {
        let bytes = Array(pem.utf8)
        let key = bytes.withUnsafeBytes { bytes -> OpaquePointer? in
            let memory = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
            defer { BIO_free(memory) }
            return PEM_read_bio_PUBKEY(memory, nil, nil, nil)
        }
        guard let key else { return nil }
        self.key = key
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA else { return nil }
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
