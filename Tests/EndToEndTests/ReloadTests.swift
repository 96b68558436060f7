import Conversion
import Foundation
import Glibc
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// What a SIGHUP changes in a running daemon.
@Suite(.serialized) struct ReloadTests {
    /// Settings in a file, with run hours that do not begin before an hour has passed.
    private func file(_ fixture: Fixture, _ lines: String...) throws -> [String: String] {
        let file = fixture.folder.appendingPathComponent("daemon.env")
        try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        return ["LEADCONVERT_ENV_FILE": file.path]
    }

    private var laterToday: String {
        let hour = Int(Date().timeIntervalSince1970) / 3600 % 24
        return String(format: "%02d:00-%02d:00 UTC", (hour + 2) % 24, (hour + 3) % 24)
    }

    @Test func `opens the run hours and makes calls larger`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(50)
            let settings = try file(
                fixture, "LEADCONVERT_RUN_HOURS=\(laterToday)", "LEADCONVERT_CALL_SIZE=10")
            let daemon = try fixture.startDaemon("--until-empty", changing: settings)
            try await fixture.await("it waits for its hours") {
                try $0.reports.status(at: .now).waitingFor == .hours
            }
            _ = try file(
                fixture, "LEADCONVERT_CALL_SIZE=25 ", "LEADCONVERT_CONCURRENCY=1",
                "LEADCONVERT_LOG_LEVEL=debug")
            daemon.send(SIGHUP)
            let end = try await daemon.waitForExit()
            #expect(end.code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            let calls = await fixture.simulator.audit().calls.filter { $0.kind == .convert }
            #expect(calls.map(\.size) == [25, 25])
            #expect(end.errors.contains(" debug call settled"))
        }
    }

    @Test func `names what waits for a restart`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(1)
            let daemon = try fixture.startDaemon(changing: try file(fixture))
            try await fixture.simulator.await("it is at work") { $0.conversions.count == 1 }
            _ = try file(
                fixture, "SALESFORCE_TRANSPORT=action:ConvertLeads", "SALESFORCE_API_VERSION=66.0")
            daemon.send(SIGHUP)
            try await daemon.waitFor(
                "some settings change only at a restart "
                    + "settings=\"SALESFORCE_API_VERSION SALESFORCE_TRANSPORT\"")
            try await daemon.waitFor("settings read again")
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
        }
    }

    @Test func `closes the run hours`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(1)
            let daemon = try fixture.startDaemon(changing: try file(fixture))
            try await fixture.simulator.await("it is at work") { $0.conversions.count == 1 }
            _ = try file(fixture, "LEADCONVERT_RUN_HOURS=\(laterToday)")
            daemon.send(SIGHUP)
            try await daemon.waitFor("settings read again")
            try await fixture.enqueueLeads(1)
            try await fixture.await("it waits for its hours") {
                try $0.reports.status(at: .now).waitingFor == .hours
            }
            #expect(await fixture.simulator.audit().conversions.count == 1)
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
        }
    }

    @Test(arguments: [
        ("LEADCONVERT_CALL_SIZE=1000", "LEADCONVERT_CALL_SIZE=1000: must be a whole number"),
        ("no setting", "daemon.env: line 1 must be NAME=value"),
    ])
    func `keeps the old settings when a new one is wrong`(line: String, complaint: String)
        async throws
    {
        try await withFixture { fixture in
            let settings = try file(fixture, "LEADCONVERT_CALL_SIZE=5", "LEADCONVERT_CONCURRENCY=1")
            var leads = try await fixture.enqueueLeads(1)
            let daemon = try fixture.startDaemon(changing: settings)
            try await fixture.simulator.await("it is at work") { $0.conversions.count == 1 }
            _ = try file(fixture, line)
            daemon.send(SIGHUP)
            try await daemon.waitFor("settings refused; the old ones stay")
            try await daemon.waitFor(complaint)
            leads += try await fixture.enqueueLeads(10)
            try await fixture.await("they are converted") { _ in
                try fixture.counts() == ["converted": 11]
            }
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            let calls = await fixture.simulator.audit().calls.filter { $0.kind == .convert }
            #expect(calls.map(\.size) == [1, 5, 5])
        }
    }

    @Test func `refuses a file that is not there`() async throws {
        let end = try await Program.daemon.run(["--env-file", "/nonexistent/daemon.env"])
        #expect(end.code == 78)
        #expect(
            end.errors == "leadconvertd: /nonexistent/daemon.env: can't be read: "
                + "No such file or directory.\n")
    }
}
