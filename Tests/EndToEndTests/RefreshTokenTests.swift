import Foundation
import Glibc
import SalesforceSimulator
import TestSupport
import Testing

/// The refresh token flow of an org that replaces the token each time it is used.
@Suite(.serialized) struct RefreshTokenTests {
    private let first = "demo-refresh-token"

    private func withRotation(_ body: (Fixture) async throws -> Void) async throws {
        try await withFixture({ $0.rotatesRefreshTokens = true }, body)
    }

    /// The settings of this login; `how` gives the token.
    private func login(_ how: [String: String]) -> [String: String] {
        ["SALESFORCE_CLIENT_SECRET": ""].merging(how) { $1 }
    }

    private func file(_ fixture: Fixture) throws -> URL {
        let file = fixture.folder.appendingPathComponent("token")
        try first.write(to: file, atomically: false, encoding: .utf8)
        #expect(chmod(file.path, 0o600) == 0)
        return file
    }

    @Test func `goes on with the new token after a restart`() async throws {
        try await withRotation { fixture in
            let file = try file(fixture)
            let settings = login(["SALESFORCE_REFRESH_TOKEN_FILE": file.path])
            var seen = [first]
            for _ in 1...3 {
                let leads = try await fixture.enqueueLeads(2)
                let end = try await fixture.drain(changing: settings)
                #expect(end.code == 0)
                #expect(try await fixture.mismatches(to: leads) == [])
                let token = try String(contentsOf: file, encoding: .utf8)
                #expect(!seen.contains(token))
                #expect(!end.errors.contains(token.dropLast()))
                seen.append(token)
            }
        }
    }

    @Test func `loses no token when it is killed right after it was replaced`() async throws {
        try await withFixture {
            $0.rotatesRefreshTokens = true
            $0.latency = 200...200
        } _: { fixture in
            let settings = login([
                "SALESFORCE_REFRESH_TOKEN": first, "STATE_DIRECTORY": fixture.folder.path,
            ])
            var leads: [String] = []
            for _ in 1...2 {
                // The daemon before may have settled all of its leads when it was killed.
                leads += try await fixture.enqueueLeads(10)
                let tokens = await fixture.simulator.audit().count(.token)
                let daemon = try fixture.startDaemon(changing: settings)
                try await fixture.simulator.await("it is logged in, and uses it") {
                    $0.count(.token) > tokens && $0.calls.last?.kind != .token
                }
                daemon.kill()
                try await daemon.waitForExit()
            }
            #expect(try await fixture.drain(changing: settings).code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            let kept = fixture.folder.appendingPathComponent("salesforce_refresh_token").path
            let mode = try FileManager.default.attributesOfItem(atPath: kept)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func `goes on in memory and says so when there is no place`() async throws {
        try await withRotation { fixture in
            let settings = login(["SALESFORCE_REFRESH_TOKEN": first])
            var leads = try await fixture.enqueueLeads(1)
            let daemon = try fixture.startDaemon(changing: settings)
            try await fixture.simulator.await("it converts") { $0.conversions.count == 1 }

            // Neither a reload nor an expired session brings the dead token back.
            daemon.send(SIGHUP)
            try await daemon.waitFor("settings read again")
            fixture.simulator.expireSessions()
            leads += try await fixture.enqueueLeads(1)
            try await fixture.simulator.await("it converts again") { $0.conversions.count == 2 }
            try await fixture.await("it is settled") { _ in
                try fixture.counts() == ["converted": 2]
            }
            daemon.terminate()
            let end = try await daemon.waitForExit()
            #expect(end.code == 0)
            #expect(end.errors.contains("a refresh token that Salesforce replaces could not be ke"))
            #expect(end.errors.contains("critical the new refresh token is not kept"))
            #expect(end.errors.contains("SALESFORCE_REFRESH_TOKEN_FILE"))
            #expect(try await fixture.mismatches(to: leads) == [])

            try await fixture.enqueueLeads(1)
            let next = try await fixture.drain(changing: settings)
            #expect(next.code == 77)
            #expect(next.errors.contains("Consent again"))
        }
    }

    @Test func `keeps the token at a reload that brings a place`() async throws {
        try await withRotation { fixture in
            let state = fixture.folder.appendingPathComponent("state")
            let settings = login([
                "SALESFORCE_REFRESH_TOKEN": first, "STATE_DIRECTORY": state.path,
            ])
            try await fixture.enqueueLeads(1)
            let daemon = try fixture.startDaemon(changing: settings)
            try await daemon.waitFor("the new refresh token is not kept")
            try FileManager.default.createDirectory(
                at: state, withIntermediateDirectories: false)
            daemon.send(SIGHUP)
            try await daemon.waitFor("the new refresh token is kept")
            daemon.kill()
            try await daemon.waitForExit()
            #expect(try await fixture.drain(changing: settings).code == 0)
        }
    }

    @Test func `goes on with the token that an intake beside it was given`() async throws {
        try await withFixture {
            $0.rotatesRefreshTokens = true
            $0.leads = 0
        } _: { fixture in
            let settings = login([
                "SALESFORCE_REFRESH_TOKEN": first, "STATE_DIRECTORY": fixture.folder.path,
            ])
            let daemon = try fixture.startDaemon(changing: settings)
            let environment = fixture.settings.merging(settings) { $1 }
            for count in 1...2 {
                _ = await fixture.simulator.addLead()
                // It logs in and ends the daemon's token, before the daemon's first login and after.
                let intake = try await Program.helper.run(
                    [
                        "enqueue", "--from-soql", "SELECT Id FROM Lead WHERE IsConverted = false",
                        "--converted-status", "Qualified", "--use-refresh-token",
                    ], environment: environment, in: fixture.folder)
                #expect(intake.code == 0, "\(intake.errors)")
                try await fixture.simulator.await("the lead is converted") {
                    $0.conversions.count == count
                }
                fixture.simulator.expireSessions()
            }
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
        }
    }

    /// Using it up would take it from the daemon.
    @Test(arguments: [
        ["results", "b", "--fetch", "Account.Name"], ["check", "--matches"],
        ["enqueue", "--from-soql", "SELECT Id FROM Lead", "--converted-status", "Qualified"],
    ])
    func `a command uses up no refresh token unless it is told to`(command: [String]) async throws {
        try await withRotation { fixture in
            let lead = await fixture.simulator.addLead()
            let added = try await fixture.run(
                "enqueue", "--lead-id", lead, "--converted-status", "Qualified", "--batch", "b")
            #expect(added.code == 0)
            #expect(try await fixture.drain().code == 0)
            let before = await fixture.simulator.audit().count(.token)

            let environment = fixture.settings.merging(
                login(["SALESFORCE_REFRESH_TOKEN": first])
            ) { $1 }
            let left = try await Program.helper.run(
                command, environment: environment, in: fixture.folder)
            #expect(left.code == 77, "\(left.errors)")
            #expect(left.errors.contains("--use-refresh-token"))
            #expect(await fixture.simulator.audit().count(.token) == before)
            let used = try await Program.helper.run(
                command + ["--use-refresh-token"], environment: environment, in: fixture.folder)
            #expect(used.code == 0, "\(used.errors)")
        }
    }
}
