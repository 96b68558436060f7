import Foundation
import GRDB
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// Set-ups that are broken on this machine or on the way to the org: each line names its remedy.
@Suite(.timeLimit(.minutes(20))) struct CheckMachineTests {
    @Test func `names what to set when there is no login`() async throws {
        try await withFixture { fixture in
            let report = try await fixture.check(changing: ["SALESFORCE_CLIENT_SECRET": nil])
            #expect(report.end.code == 78)
            #expect(report.failures.map(\.name) == ["settings"])
            #expect(report["settings"]?.remedy.contains("Set SALESFORCE_CLIENT_ID with") == true)
            #expect(report["file"]?.status == "ok")
            #expect(report["login"]?.message == "not looked at: settings failed")
            #expect(await fixture.simulator.audit().calls.isEmpty)
        }
    }

    @Test func `names all wrong settings at once`() async throws {
        try await withFixture { fixture in
            let report = try await fixture.check(
                changing: ["LEADCONVERT_CALL_SIZE": "500", "LEADCONVERT_DAILY_SHARE": "2"])
            #expect(report.end.code == 78)
            #expect(
                report.failures == [
                    .init(
                        status: "FAIL", name: "settings",
                        message: "LEADCONVERT_CALL_SIZE=500 can't be used",
                        remedy: "LEADCONVERT_CALL_SIZE: must be a whole number from 1 to 100"),
                    .init(
                        status: "FAIL", name: "settings",
                        message: "LEADCONVERT_DAILY_SHARE=2 can't be used",
                        remedy: "LEADCONVERT_DAILY_SHARE: must be a part of the allowance, above 0 "
                            + "and at most 1, e.g. 0.5"),
                ])
        }
    }

    @Test func `refuses a secret that others can read`() async throws {
        try await withFixture { fixture in
            let file = fixture.folder.appendingPathComponent("secret.txt")
            try "demo\n".write(to: file, atomically: false, encoding: .utf8)
            try fixture.allow(0o644, "secret.txt")
            let report = try await fixture.check(
                changing: [
                    "SALESFORCE_CLIENT_SECRET": nil, "SALESFORCE_CLIENT_SECRET_FILE": file.path,
                ])
            #expect(report.end.code == 78)
            #expect(report["settings"]?.remedy.hasSuffix("chmod 600 \(file.path)") == true)
        }
    }

    @Test func `refuses a JWT shaped access token`() async throws {
        try await withFixture { fixture in
            let report = try await fixture.check(
                changing: [
                    "SALESFORCE_CLIENT_SECRET": nil,
                    "SALESFORCE_INSTANCE_URL": fixture.simulator.url,
                    "SALESFORCE_ACCESS_TOKEN": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJkIn0.c2ln",
                ])
            #expect(report.end.code == 78)
            #expect(
                report["settings"]?.remedy.contains("JWT)-based access tokens\" in the app") == true
            )
            #expect(!report.end.output.contains("eyJ"))
        }
    }

    @Test func `refuses a private key that is none`() async throws {
        try await withFixture { fixture in
            let file = fixture.folder.appendingPathComponent("key.pem")
            try "nonsense\n".write(to: file, atomically: false, encoding: .utf8)
            try fixture.allow(0o600, "key.pem")
            let report = try await fixture.check(
                changing: [
                    "SALESFORCE_CLIENT_SECRET": nil, "SALESFORCE_USERNAME": "demo@example.com",
                    "SALESFORCE_PRIVATE_KEY_FILE": file.path,
                ])
            #expect(report.end.code == 78)
            #expect(report.failures.map(\.name) == ["settings"])
            #expect(report["settings"]?.message.contains("SALESFORCE_PRIVATE_KEY_FILE") == true)
        }
    }

    @Test(arguments: ["queue.db", "queue.db-wal"])
    func `refuses a queue that others can read`(name: String) async throws {
        try await withFixture { fixture in
            // Held open by the fixture, so that the log is there too.
            try await fixture.enqueueLeads(1)
            try fixture.allow(0o664, name)
            let report = try await fixture.check()
            let path = fixture.folder.appendingPathComponent(name).path
            #expect(report.end.code == 74)
            #expect(report.failures.map(\.name) == ["file"])
            #expect(report["file"]?.remedy == "chmod 660 \(path)")
            #expect(report["login"]?.status == "ok")
        }
    }

    @Test func `refuses a folder in which anybody may put files`() async throws {
        try await withFixture { fixture in
            try fixture.allow(0o777, ".")
            let report = try await fixture.check()
            #expect(report.end.code == 74)
            #expect(report["folder"]?.remedy == "chmod o-w \(fixture.folder.path)")
        }
    }

    @Test func `names the folder that is not there`() async throws {
        try await withFixture { fixture in
            let folder = fixture.folder.appendingPathComponent("var/queue").path
            let report = try await fixture.check("--db", "\(folder)/queue.db")
            #expect(report.end.code == 73)
            #expect(report["folder"]?.remedy == "mkdir -m 750 -p \(folder)")
        }
    }

    @Test func `leaves a file alone that is not a queue`() async throws {
        try await withFixture { fixture in
            let path = fixture.folder.appendingPathComponent("crm.db").path
            try await DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE t (a)") }
            let report = try await fixture.check("--db", path)
            #expect(report.end.code == 78)
            #expect(report.failures.map(\.name) == ["schema"])
            #expect(report["schema"]?.remedy == "Name another file with --db or LEADCONVERT_DB.")
            #expect(report["file"]?.status == "skip")
        }
    }

    @Test func `leaves a queue alone whose schema is newer`() async throws {
        try await withFixture { fixture in
            let path = fixture.queue.path
            try await DatabaseQueue(path: path).write { database in
                try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('v99_later')")
            }
            let report = try await fixture.check()
            #expect(report.end.code == 78)
            #expect(report.failures.map(\.name) == ["schema"])
            #expect(report["schema"]?.remedy.hasPrefix("Install that version") == true)
            #expect(report["user"]?.status == "ok")
        }
    }

    @Test func `tells when nobody listens`() async throws {
        try await withFixture { fixture in
            let port = SilentPort()
            let report = try await fixture.check(changing: ["SALESFORCE_LOGIN_URL": port.url])
            #expect(report.end.code == 69)
            #expect(report.failures.map(\.name) == ["reach"])
            #expect(report["reach"]?.message.contains("refuses connections") == true)
            #expect(
                report["reach"]?.remedy.hasPrefix("check host and port in SALESFORCE_L") == true)
            #expect(report["leads"]?.message == "not looked at: reach failed")
            // What did not get through is on record too.
            let calls = try fixture.queue.calls()
            #expect(calls.map { $0.text("code") } == ["UNREACHABLE"])
        }
    }

    @Test func `tells when the host has no address`() async throws {
        try await withFixture { fixture in
            let report = try await fixture.check(
                changing: ["SALESFORCE_LOGIN_URL": "https://no-such-org.invalid"])
            #expect(report.end.code == 69)
            #expect(report["reach"]?.remedy.hasSuffix("getent hosts no-such-org.invalid") == true)
        }
    }

    @Test func `tells when the port speaks no TLS`() async throws {
        try await withFixture { fixture in
            // A program of its own answers at once, however busy this one is with other tests.
            let simulator = try Program.simulator.start(["--port", "0", "--leads", "1"])
            defer { simulator.kill() }
            try await simulator.waitFor("\n")
            let url = simulator.output.trimmingCharacters(in: .newlines)
                .replacing("http:", with: "https:")
            let report = try await fixture.check(changing: ["SALESFORCE_LOGIN_URL": url])
            #expect(report.end.code == 69)
            #expect(
                report["reach"]?.remedy.hasPrefix("check that the port in SALESFORCE_LOGIN_URL")
                    == true)
        }
    }

    @Test(.enabled(if: Program.openSSL.isInstalled))
    func `tells a certificate that nobody trusts and trusts the root that is named`() async throws {
        try await withFixture { fixture in
            let made = try await Program.openSSL.run(
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out",
                    "root.pem", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1",
                ], in: fixture.folder)
            #expect(made.code == 0)
            let server = try Program.openSSL.start(
                [
                    "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", "root.pem", "-key",
                    "key.pem",
                ],
                in: fixture.folder)
            defer { server.kill() }
            try await server.waitFor("ACCEPT 127.0.0.1:")
            let port = try await fixture.port(of: server)
            let changes: [String: String?] = [
                "SALESFORCE_CLIENT_SECRET": nil, "SALESFORCE_ACCESS_TOKEN": "00D1!secret",
                "SALESFORCE_INSTANCE_URL": "https://127.0.0.1:\(port)",
            ]
            let report = try await fixture.check(changing: changes)
            #expect(report.end.code == 69)
            #expect(report["reach"]?.remedy.hasPrefix("name the root that signed it in") == true)
            // It is no Salesforce, but with its root named it is reached.
            let root = fixture.folder.appendingPathComponent("root.pem").path
            let trusting = try await fixture.check(
                changing: changes.merging(["SALESFORCE_CA_FILE": root]) { $1 })
            #expect(trusting["reach"]?.status == "warn")
            #expect(trusting["reach"]?.message.contains("not as Salesforce does") == true)
            #expect(trusting.failures.map(\.name) == ["version"])
            #expect(trusting.end.code == 69)
        }
    }
}

extension Fixture {
    /// The port at which a server of OpenSSL's says that it listens.
    fileprivate func port(of server: RunningProgram) async throws -> String {
        let line = server.output.split(separator: "\n").first { $0.hasPrefix("ACCEPT ") }
        return String(try #require(line?.split(separator: ":").last))
    }

    /// Changes who may do what with a file of the folder.
    fileprivate func allow(_ mode: Int, _ name: String) throws {
        try FileManager.default.setAttributes(
            [.posixPermissions: mode], ofItemAtPath: folder.appendingPathComponent(name).path)
    }
}
