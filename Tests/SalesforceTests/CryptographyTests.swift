import Cryptography
import Foundation
import TestSupport
import Testing

@Suite struct CryptographyTests {
    @Test func `a digest is that of the standard`() {
        #expect(
            SHA256.digest(of: "abc").hexadecimal
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `a code is that of RFC 4231, and only the same one is the same`() {
        let code = SHA256.authenticationCode(
            of: "what do ya want for nothing?", key: Array("Jefe".utf8))
        #expect(
            code.hexadecimal == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(SHA256.isSame(code, code))
        #expect(!SHA256.isSame(code, Array(code.dropLast())))
        #expect(!SHA256.isSame(code, Array(code.reversed())))
    }

    @Test(
        .enabled(if: Program.openSSL.isInstalled, "openssl is missing"),
        arguments: [
            (["genrsa", "-traditional", "2048"], true),
            (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], true),
            (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], false),
            (["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], false),
            (["genrsa", "-aes128", "-passout", "pass:secret", "2048"], false),
        ])
    func `RSA keys of 2048 bits in either form of PEM are taken, and no others`(
        arguments: [String], isTaken: Bool
    ) async throws {
        let pem = try await Program.openSSL.run(arguments).output
        #expect(pem.contains("PRIVATE KEY"))
        switch RSAPrivateKey(pem: pem) {
        case .some(let key): #expect(isTaken && key.signature(of: "text")?.count == 256)
        case nil: #expect(!isTaken)
        }
    }
}
