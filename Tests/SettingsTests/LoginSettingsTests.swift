import Conversion
import Foundation
import Salesforce
import Testing

@testable import Settings

@Suite struct LoginSettingsTests {
    @Test func `knows a flow by its settings`() throws {
        let origin = try #require(Origin("https://acme.my.salesforce.com"))
        #expect(
            try flow(login)
                == .clientCredentials(clientID: "id", secret: Secret("hush"))
        )
        #expect(
            try flow(["SALESFORCE_CLIENT_ID": "id", "SALESFORCE_REFRESH_TOKEN": "hush"])
                == .refreshToken(
                    clientID: "id", clientSecret: nil, refreshToken: Secret("hush"))
        )
        #expect(
            try flow([
                "SALESFORCE_ACCESS_TOKEN": "00D!hush",
                "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com/",
            ])
                == .accessToken(
                    Secret("00D!hush"), instance: origin
                )
        )
    }

    @Test func `takes the app's secret beside a refresh token`() throws {
        let environment = login.merging(["SALESFORCE_REFRESH_TOKEN": "token"]) { $1 }
        #expect(
            try flow(environment)
                == .refreshToken(
                    clientID: "id", clientSecret: Secret("hush"),
                    refreshToken: Secret("token"))
        )
        #expect(
            try DaemonSettings(environment: environment).refreshTokenStore
                == RefreshTokenStore(given: "token", file: nil, ownFile: nil))
    }

    @Test func `reads a private key from its file`() throws {
        try withSecretFile("-----BEGIN\nkey\n", mode: 0o640) { path in
            let environment = [
                "SALESFORCE_CLIENT_ID": "id", "SALESFORCE_USERNAME": "me@example.com",
                "SALESFORCE_PRIVATE_KEY_FILE": path,
                "SALESFORCE_AUDIENCE": "https://example.my.salesforce.com",
            ]
            let found = try flow(environment)
            #expect(
                found
                    == .jwtBearer(
                        clientID: "id", username: "me@example.com",
                        privateKeyPEM: Secret("-----BEGIN\nkey"),
                        audience: Origin("https://example.my.salesforce.com")
                    )
            )
        }
    }

    @Test(arguments: [
        (
            ["SALESFORCE_CLIENT_SECRET": "hush"],
            "SALESFORCE_CLIENT_ID: is missing; it goes with SALESFORCE_CLIENT_SECRET"
        ),
        (
            ["SALESFORCE_ACCESS_TOKEN": "hush"],
            "SALESFORCE_INSTANCE_URL: is missing; it goes with SALESFORCE_ACCESS_TOKEN"
        ),
        (
            ["SALESFORCE_CLIENT_ID": "id", "SALESFORCE_CLIENT_SECRET": "hush"],
            "SALESFORCE_LOGIN_URL=https://login.salesforce.com: must be your org's own address"
        ),
        (
            ["SALESFORCE_ACCESS_TOKEN": "hush", "SALESFORCE_CLIENT_SECRET": "hush"],
            "SALESFORCE_ACCESS_TOKEN, SALESFORCE_CLIENT_SECRET: belong to different logins"
        ),
        (
            [
                "SALESFORCE_CLIENT_ID": "id", "SALESFORCE_CLIENT_SECRET": "hush",
                "SALESFORCE_CLIENT_SECRET_FILE": "/x",
            ],
            "SALESFORCE_CLIENT_SECRET: is set beside SALESFORCE_CLIENT_SECRET_FILE"
        ),
        (
            ["SALESFORCE_CLIENT_ID": "id", "SALESFORCE_CLIENT_SECRET_FILE": "/nonexistent"],
            "SALESFORCE_CLIENT_SECRET_FILE=/nonexistent: can't be read: No such file"
        ),
        (
            [
                "SALESFORCE_ACCESS_TOKEN": "eyJh.hush.hush",
                "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com",
            ],
            "SALESFORCE_ACCESS_TOKEN: is a JWT"
        ),
    ])
    func `says what is wrong and keeps the secret`(environment: [String: String], line: String) {
        let error = #expect(throws: OperatorError.self) { try flow(environment) }
        #expect(error?.sentence.contains("\n  \(line)") == true, "\(error?.sentence ?? "")")
        #expect(error?.sentence.contains("hush") == false)
    }

    @Test func `takes a token that only SOAP refuses for an action`() throws {
        let environment = [
            "SALESFORCE_ACCESS_TOKEN": "eyJh.hush.hush",
            "SALESFORCE_INSTANCE_URL": "https://acme.my.salesforce.com",
            "SALESFORCE_TRANSPORT": "action:acme__ConvertLeads",
        ]
        let settings = try DaemonSettings(environment: environment).salesforce
        #expect(settings.service == .action(name: "acme__ConvertLeads"))
        let origin = try #require(Origin("https://acme.my.salesforce.com"))
        #expect(settings.login == .accessToken(Secret("eyJh.hush.hush"), instance: origin))
    }

    @Test(arguments: [mode_t(0o644), 0o604, 0o602, 0o620, 0o660])
    func `refuses a file that others can use`(mode: mode_t) throws {
        try withSecretFile("hush\n", mode: mode) { path in
            let environment = [
                "SALESFORCE_CLIENT_ID": "id", "SALESFORCE_CLIENT_SECRET_FILE": path,
            ]
            let error = #expect(throws: OperatorError.self) { try flow(environment) }
            #expect(error?.sentence.contains("chmod 600 \(path)") == true)
        }
    }

    @Test func `refuses an empty file`() throws {
        try withSecretFile("\n", mode: 0o600) { path in
            let environment = [
                "SALESFORCE_CLIENT_ID": "id", "SALESFORCE_CLIENT_SECRET_FILE": path,
            ]
            let error = #expect(throws: OperatorError.self) { try flow(environment) }
            #expect(
                error?.sentence.contains("SALESFORCE_CLIENT_SECRET_FILE=\(path): is empty") == true)
        }
    }

    @Test func `says what a file is that holds no text, and never to change the rights of that`()
        throws
    {
        try withSecretFile("hush", mode: 0o644) { path in
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            let (pipe, latin) = ("\(folder)/a pipe", "\(folder)/latin")
            #expect(mkfifo(pipe, 0o600) == 0)
            try Data([0x68, 0xFC]).write(to: URL(fileURLWithPath: latin))
            for (file, rule) in [
                (folder, "is a folder: name the file in it"), ("/dev/null", "is empty"),
                ("/dev/zero", "is no file with text"),
                (pipe, "is a pipe, which can't be read again at a reload: name a file"),
                (latin, "is not UTF-8 text"), ("\(folder)/none", "can't be read: No such file or"),
            ] {
                let error = #expect(throws: UnusableFile.self) { try SecretFile(file).text() }
                #expect(error?.rule.hasPrefix(rule) == true, "\(error?.rule ?? "")")
                guard file != "/dev/null" else { continue }
                let settings = #expect(throws: OperatorError.self) {
                    try EnvironmentFile.adding(to: [:], flag: file)
                }
                #expect(settings?.sentence.hasPrefix("\(file): \(rule)") == true)
            }
            #expect(try EnvironmentFile.adding(to: [:], flag: "/dev/null") == [:])
            let named = "\(folder)/a secret"
            try FileManager.default.moveItem(atPath: path, toPath: named)
            let error = #expect(throws: UnusableFile.self) { try SecretFile(named).text() }
            #expect(error?.rule.hasSuffix("chmod 600 '\(named)'") == true)
        }
    }

    @Test(arguments: ["salesforce_client_secret", "salesforce_client_secret_file"])
    func `finds a credential of systemd whatever its mode`(name: String) throws {
        try withSecretFile("hush\n", named: name, mode: 0o444) { path in
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            let environment = [
                "SALESFORCE_LOGIN_URL": "https://acme.my.salesforce.com",
                "SALESFORCE_CLIENT_ID": "id", "CREDENTIALS_DIRECTORY": folder,
            ]
            let found = try flow(environment)
            #expect(
                found
                    == .clientCredentials(clientID: "id", secret: Secret("hush"))
            )
        }
    }

    @Test func `prints no secret`() throws {
        let settings = try DaemonSettings(environment: login)
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!"\(settings) \(String(reflecting: settings)) \(dumped)".contains("hush"))
    }

    private func flow(_ environment: [String: String]) throws -> SalesforceSettings.Login {
        try DaemonSettings(environment: environment).salesforce.login
    }

    private func withSecretFile(
        _ text: String, named name: String = "secret", mode: mode_t, _ body: (String) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("settings-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent(name)
        try text.write(to: file, atomically: false, encoding: .utf8)
        #expect(chmod(file.path, mode) == 0)
        try body(file.path)
        try FileManager.default.removeItem(at: folder)
    }
}
