import Conversion
import Foundation
import NIOSSL
import TestSupport
import Testing

@testable import Salesforce

/// Whom we believe to be Salesforce.
@Suite struct TLSTests {
    private let success = ScriptedServer.http(200, Samples.response(Samples.success()))

    /// What comes of a conversion on a TLS server that has a certificate for `localhost`.
    private func outcome(
        host: String, trustingTheRoot: Bool, newest: TLSVersion? = nil
    ) async throws -> (CallOutcome, Int) {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(TestCertificates.localhost.utf8))
        let key = try NIOSSLPrivateKey(
            bytes: Array(TestCertificates.localhostKey.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv1
        configuration.maximumTLSVersion = newest
        let context = try NIOSSLContext(configuration: configuration)
        let success = success
        return try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("root.pem")
            try Data(TestCertificates.root.utf8).write(to: file)
            return try await ScriptedServer.run({ _ in .say(success) }, tls: context) { server in
                let url = server.url.replacing("http://127.0.0.1", with: "https://\(host)")
                var settings = SalesforceSettings(
                    login: .given("00D!token", at: url))
                settings.caFile = trustingTheRoot ? file.path : nil
                let transport = try SalesforceTransport(settings)
                let outcome = await transport.send(conversion).outcome
                await transport.shutdown()
                return (outcome, server.requests.count)
            }
        }
    }

    @Test func `believes a server that the added root vouches for`() async throws {
        let (outcome, requests) = try await outcome(host: "localhost", trustingTheRoot: true)
        #expect(outcome.gist == "converted")
        #expect(requests == 1)
    }

    @Test func `speaks to a server that knows TLS 1.2, and to none that knows only 1.1`()
        async throws
    {
        let (old, none) = try await outcome(
            host: "localhost", trustingTheRoot: true, newest: .tlsv11)
        #expect(old.gist == "refused outage TLS_FAILED")
        #expect(none == 0)
        let (outcome, requests) = try await outcome(
            host: "localhost", trustingTheRoot: true, newest: .tlsv12)
        #expect(outcome.gist == "converted")
        #expect(requests == 1)
    }

    @Test func `tells nothing to a server that nobody vouches for`() async throws {
        let (outcome, requests) = try await outcome(host: "localhost", trustingTheRoot: false)
        #expect(outcome.gist == "refused outage TLS_FAILED")
        #expect(requests == 0)
        guard case .refused(_, let reason) = outcome else { return }
        #expect(reason.message.contains("SALESFORCE_CA_FILE"))
    }

    @Test func `tells nothing to a server of another name`() async throws {
        let (outcome, requests) = try await outcome(host: "127.0.0.1", trustingTheRoot: true)
        #expect(outcome.gist == "refused outage TLS_FAILED")
        #expect(requests == 0)
    }
}
