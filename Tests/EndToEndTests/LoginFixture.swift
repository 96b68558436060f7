import Foundation
import Glibc
import SalesforceSimulator
import TestSupport

/// A way to log in whose secrets are all known, in files that only the operator has.
struct LoginFixture {
    enum Flow: CaseIterable {
        case clientCredentials, jwtBearer, refreshToken, accessToken
    }

    /// What can be looked for without finding it by chance.
    static let clientSecret = "client-secret+/=9f1c7be2"
    static let refreshToken = "5Aep861-first-refresh-token"

    /// What the daemon is told.
    let settings: [String: String]
    /// The same with a secret that opens nothing.
    let wrong: [String: String]
    private let given: [String]
    private let simulator: Simulator

    /// - Parameter folder: Where the operator's secrets are.
    init(_ flow: Flow, _ simulator: Simulator, _ key: RSAKeyPair, in folder: URL)
        throws
    {
        func file(_ name: String, _ text: String) throws -> String {
            let path = folder.appendingPathComponent(name).path
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            guard chmod(path, 0o600) == 0 else { throw CocoaError(.fileWriteNoPermission) }
            return path
        }
        let none = ["SALESFORCE_CLIENT_SECRET": ""]
        var given: [String] = []
        switch flow {
        case .clientCredentials:
            let name = "SALESFORCE_CLIENT_SECRET_FILE"
            given = [Self.clientSecret, "wrong-secret+/=12345678"]
            settings = none.merging([name: try file("secret", given[0])]) { $1 }
            wrong = [name: try file("wrong", given[1])]
        case .jwtBearer:
            let name = "SALESFORCE_PRIVATE_KEY_FILE"
            let other = RSAKeyPair()
            let pems = [key.privatePEM, other.privatePEM]
            given = pems.flatMap { $0.split(separator: "\n").map(String.init) }
                .filter { !$0.hasPrefix("-----") }
            settings = none.merging([
                "SALESFORCE_USERNAME": "demo@example.com", name: try file("key.pem", pems[0]),
            ]) { $1 }
            wrong = [name: try file("wrong.pem", pems[1])]
        case .refreshToken:
            let name = "SALESFORCE_REFRESH_TOKEN_FILE"
            given = ["5Aep861-wrong-refresh-token"]
            settings = none.merging([name: try file("token", Self.refreshToken)]) { $1 }
            wrong = [name: try file("wrong", given[0])]
        case .accessToken:
            let name = "SALESFORCE_ACCESS_TOKEN_FILE"
            given = ["00DWs000000oRgX!wrong-access-token"]
            settings = none.merging([
                "SALESFORCE_INSTANCE_URL": simulator.url,
                name: try file("token", simulator.issueToken()),
            ]) { $1 }
            wrong = [name: try file("wrong", given[0])]
        }
        self.given = given
        self.simulator = simulator
    }

    /// Every secret so far, also as a form writes it.
    func secrets() throws -> Set<String> {
        let plain = given + simulator.secrets()
        let encoded = plain.compactMap {
            $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        }
        return Set(plain + encoded)
    }
}

/// Runs `body` on a fixture whose org knows one login, the secrets of which are in another folder.
func withLogin(
    _ flow: LoginFixture.Flow, _ body: (Fixture, LoginFixture) async throws -> Void
) async throws {
    let key = RSAKeyPair()
    try await withTemporaryFolder { folder in
        try await withFixture {
            $0.clientSecret = LoginFixture.clientSecret
            $0.publicKeyPEM = key.publicPEM
            $0.refreshToken = LoginFixture.refreshToken
            $0.rotatesRefreshTokens = true
            $0.stallSeconds = 600
        } _: { fixture in
            try await body(fixture, LoginFixture(flow, fixture.simulator, key, in: folder))
        }
    }
}
