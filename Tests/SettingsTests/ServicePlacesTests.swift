import Foundation
import TestSupport
import Testing

@testable import Settings

/// What setup writes for systemd.
@Suite struct ServicePlacesTests {
    @Test func `a client secret alone needs no drop-in`() throws {
        for org in [nil, "acme"] {
            let places = try #require(ServicePlaces(org: org))
            #expect(places.credentialsText(of: [.clientSecret]) == nil)
            #expect(places.intakeCredentialsText(of: [.clientSecret]) == nil)
        }
    }

    @Test func `the intake gets the daemon's credentials, and its query`() throws {
        let places = try #require(ServicePlaces(org: nil))
        #expect(
            places.credentials == "/etc/systemd/system/leadconvertd.service.d/credentials.conf")
        #expect(
            places.intakeCredentials
                == "/etc/systemd/system/leadconvert-intake@.service.d/credentials.conf")
        let credentials = """
            # Written by leadconvert setup: the secrets of the login that was chosen.
            [Service]
            LoadCredential=
            LoadCredential=salesforce_private_key:/etc/leadconvertd/salesforce_private_key

            """
        #expect(places.credentialsText(of: [.privateKey]) == credentials)
        #expect(
            places.intakeCredentialsText(of: [.privateKey])
                == credentials + "LoadCredential=query:/etc/leadconvertd/intake/%i.soql\n")
    }

    @Test func `the intake may use a refresh token`() throws {
        let places = try #require(ServicePlaces(org: "acme"))
        #expect(
            places.intakeCredentialsText(of: [.refreshToken, .clientSecret]) == """
                # Written by leadconvert setup: the secrets of the login that was chosen.
                [Service]
                LoadCredential=
                LoadCredential=salesforce_client_secret:/etc/leadconvertd@acme/salesforce_client_secret
                LoadCredential=salesforce_refresh_token:/etc/leadconvertd@acme/salesforce_refresh_token
                LoadCredential=query:/etc/leadconvertd@acme/intake/%i.soql
                Environment=INTAKE_LOGIN=--use-refresh-token

                """)
    }

    @Test func `an org has links to the intake's template, where that is installed`() async throws {
        try await withTemporaryFolder { folder in
            let root = folder.path
            let org = try #require(ServicePlaces(org: "north-west", root: root))
            #expect(org.intakeLinks.isEmpty)
            let units = "\(root)/usr/local/lib/systemd/system"
            try FileManager.default.createDirectory(
                atPath: units, withIntermediateDirectories: true)
            try "".write(
                toFile: "\(units)/leadconvertd.service", atomically: false, encoding: .utf8)
            // As systemd-escape writes a dash.
            let name = root + #"/etc/systemd/system/leadconvert-intake-north\x2dwest@"#
            let made = "\(root)/usr/local/share/leadconvertd/leadconvert-intake-ORG@"
            #expect(
                org.intakeLinks.map { [$0.path, $0.target] } == [
                    ["\(name).service", "\(made).service"], ["\(name).timer", "\(made).timer"],
                ])
            #expect(try #require(ServicePlaces(org: nil, root: root)).intakeLinks.isEmpty)

            var changes = FileChanges()
            let links = org.intakeLinks
            #expect(links.allSatisfy(org.lacks))
            changes.link(links[0].path, to: links[0].target)
            // Somebody's own.
            changes.put("[Timer]\n", into: links[1].path, mode: 0o644)
            try changes.make()
            #expect(!links.contains(where: org.lacks))
        }
    }
}
