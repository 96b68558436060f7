import Foundation
import Glibc
import SalesforceSimulator
import TestSupport
import Testing

@Suite(.serialized) struct SecrecyTests {
    @Test(arguments: LoginFixture.Flow.allCases)
    func `leaves no secret behind whatever goes wrong`(flow: LoginFixture.Flow) async throws {
        try await withLogin(flow) { fixture, login in
            let trace = [
                "LEADCONVERT_LOG_LEVEL": "trace", "TMPDIR": fixture.folder.path,
                // Swift's own report of a crash would show memory, and take a minute.
                "SWIFT_BACKTRACE": "enable=yes,interactive=no,color=no",
            ]
            let good = trace.merging(login.settings) { $1 }
            var said: [ProgramEnd] = []
            try await fixture.run("enqueue", "-", "--batch", "b", input: csv(fixture, 50))
                .expect(0, &said)

            try await fixture.drain(changing: good.merging(login.wrong) { $1 }).expect(77, &said)

            fixture.simulator.script(.html, forCall: 1)
            fixture.simulator.script(.dropAfterCommit, forCall: 2)
            if flow != .accessToken { fixture.simulator.script(.expireSession, forCall: 3) }
            fixture.simulator.script(.stall, forCall: 4)
            let daemon = try fixture.startDaemon(changing: good, after: "ulimit -c unlimited")
            try await fixture.simulator.await("a call stalls") {
                $0.calls.contains { $0.fault == .stall }
            }
            daemon.send(SIGHUP)
            try await daemon.waitFor("settings read again")
            let process = try ["cmdline", "environ", "limits"].map { name in
                try Data(contentsOf: URL(fileURLWithPath: "/proc/\(daemon.pid)/\(name)"))
            }
            daemon.send(SIGABRT)
            let crash = try await daemon.waitForExit()
            #expect(crash.signal == SIGABRT)
            #expect(!crash.errors.contains("Backtrace"))
            said.append(crash)
            try await fixture.run("backup", "copy.db").expect(0, &said)
            try await fixture.run("results", "b").expect(75, &said)
            try await fixture.drain(changing: good).expect(0, &said)

            let secrets = try login.secrets()
            #expect(secrets.count >= 2)
            for secret in secrets {
                let isSaid = said.contains {
                    $0.output.contains(secret) || $0.errors.contains(secret)
                }
                #expect(!isSaid, "said")
                #expect(!process.contains { $0.range(of: Data(secret.utf8)) != nil }, "in /proc")
                #expect(try files(in: fixture.folder, with: secret) == [])
            }
            // What is looked for is found where it is.
            let lead = try #require(fixture.queue.jobs().first?.text("lead_id"))
            #expect(try files(in: fixture.folder, with: lead).contains("copy.db"))
            let limits = String(decoding: process[2], as: UTF8.self)
            #expect(limits.contains(#/Max core file size +0 +0 /#))
        }
    }

    @Test func `keeps its files from others whatever the umask`() async throws {
        try await withFixture({ $0.latency = 100...100 }) { fixture in
            let path = fixture.folder.appendingPathComponent("fresh.db").path
            let daemon = try fixture.startDaemon(
                changing: ["LEADCONVERT_DB": path], after: "umask 0")
            try await daemon.waitFor("queue opened")
            let names = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path)
                .filter { $0.hasPrefix("fresh.db") }
            #expect(Set(names).isSuperset(of: ["fresh.db", "fresh.db-wal", "fresh.db-shm"]))
            for name in names {
                let file = fixture.folder.appendingPathComponent(name).path
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
                #expect((mode as? Int).map { $0 & ~0o660 } == 0, "\(name)")
            }
            daemon.kill()
            try await daemon.waitForExit()
        }
    }

    @Test func `refuses a secret that others can read by the name of its file`() async throws {
        try await withLogin(.clientCredentials) { fixture, login in
            let file = try #require(login.settings["SALESFORCE_CLIENT_SECRET_FILE"])
            #expect(chmod(file, 0o644) == 0)
            let end = try await fixture.drain(changing: login.settings)
            #expect(end.code == 78)
            #expect(end.errors.contains("SALESFORCE_CLIENT_SECRET_FILE=\(file): "))
            #expect(end.errors.contains("chmod 600 \(file)"))
        }
    }

    private func csv(_ fixture: Fixture, _ count: Int) async -> String {
        let leads = await fixture.simulator.addLeads(count)
        return "leadId,convertedStatus\n" + leads.map { "\($0),Qualified\n" }.joined()
    }

    /// The names of the files below a folder in which a text stands.
    private func files(in folder: URL, with text: String) throws -> [String] {
        let bytes = Data(text.utf8)
        let names = FileManager.default.enumerator(atPath: folder.path)
        return try (names?.compactMap { $0 as? String } ?? []).filter { name in
            let file = folder.appendingPathComponent(name)
            let isFile = try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile
            guard isFile == true else { return false }
            return try Data(contentsOf: file).range(of: bytes) != nil
        }
    }
}

extension ProgramEnd {
    fileprivate func expect(_ code: Int32, _ said: inout [ProgramEnd]) {
        #expect(self.code == code, "\(errors.suffix(2000))")
        said.append(self)
    }
}
