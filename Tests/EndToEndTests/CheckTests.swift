import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// `leadconvert check` where nothing is wrong, and what it leaves behind.
@Suite(.timeLimit(.minutes(20))) struct CheckTests {
    @Test func `says of everything that it is right`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(3)
            let report = try await fixture.check()
            let url = fixture.simulator.url
            #expect(report.end.code == 0)
            #expect(report.end.errors == "")
            #expect(
                report.end.output == """
                    ok    settings       all right; login by client credentials
                    ok    file           \(try rights(fixture.queue.path) { "\($0.path) is \($0.octal), for \($0.owner) and group \($0.group)" })
                    ok    folder         \(try rights(fixture.folder.path) { "\($0.path) is \($0.octal) of \($0.owner):\($0.group)" })
                    ok    schema         up to date (v1_jobs)
                    \(sqlite())
                    ok    reach          \(url) answers
                    ok    clock          agrees with the host's
                    ok    login          a token for \(url)
                    ok    version        67.0 is served, and promised for three years from its release
                    ok    user           demo@example.com, in org 00DWs000000oRgXMAU
                    ok    permission     demo@example.com may convert leads
                    ok    objects        edit leads; create and edit accounts, contacts, opportunities
                    ok    statuses       Closed - Converted, Qualified
                    ok    allowance      4 of 100000 calls used; ours are at most 50000 a day, so 500000 leads at 10 a call, and 10000 are left to others; now 49995 calls are free for us
                    ok    concurrency    4 calls at once; Enterprise Edition takes 25 requests of 20 s and more, of all programs together
                    ok    leads          3 leads looked at (at most 200 of those queued): all open

                    """)
        }
    }

    @Test func `prints the same for programs`() async throws {
        try await withFixture { fixture in
            struct Row: Decodable {
                var name: String
                var status: String
                var message: String
                var remedy: String?
            }
            let lines = try await fixture.check().lines
            let json = try await fixture.check("--json").end
            let rows = try JSONDecoder().decode([Row].self, from: Data(json.output.utf8))
            #expect(json.code == 0)
            #expect(rows.map(\.name) == lines.map(\.name))
            #expect(rows.map(\.status) == lines.map(\.status))
            #expect(rows.map { $0.remedy ?? "" } == lines.map(\.remedy))
        }
    }

    @Test func `goes on without a queue and makes none`() async throws {
        try await withFixture { fixture in
            let path = fixture.folder.appendingPathComponent("other.db").path
            let report = try await fixture.check("--db", path)
            #expect(report.end.code == 0)
            #expect(report["file"]?.status == "warn")
            #expect(report["file"]?.remedy == "leadconvert migrate --db \(path)")
            #expect(report["schema"]?.status == "skip")
            #expect(report["statuses"]?.status == "ok")
            #expect(report["leads"]?.status == "skip")
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func `reads only and records each request before it leaves`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(2)
            let before = try fixture.queue.jobs()
            _ = try await fixture.check("--leads")
            #expect(try fixture.queue.jobs() == before)
            let audit = await fixture.simulator.audit()
            #expect(audit.conversions.isEmpty)
            let kinds = audit.calls.map(\.kind)
            #expect(
                kinds == [
                    .versions, .token, .userInfo, .query, .describe, .query, .query, .verify,
                    .query,
                ])
            let calls = try fixture.queue.calls()
            #expect(calls.map { $0.text("kind") } == kinds.map { $0 == .token ? "token" : "check" })
            #expect(calls.allSatisfy { $0.number("http_status") == 200 })
            #expect(calls.allSatisfy { $0.text("finished_at") != nil })
        }
    }

    @Test func `works beside a running daemon which pays for it`() async throws {
        try await withFixture { fixture in
            // A bucket that never gains: what is gone was taken.
            let daemon = try fixture.startDaemon(
                changing: ["LEADCONVERT_RATE": "0.00001", "LEADCONVERT_BURST": "20"])
            try await daemon.waitFor("queue opened")
            try await fixture.enqueueLeads(1)
            try await fixture.await("the first lead is converted") { queue in
                try queue.jobs().allSatisfy { $0.text("state") == "converted" }
            }
            let report = try await fixture.check()
            #expect(report.end.code == 0)
            let checks = try fixture.queue.calls().count { $0.text("kind") == "check" }
            try await fixture.enqueueLeads(1)
            try await fixture.await("the second lead is converted") { queue in
                try queue.jobs().allSatisfy { $0.text("state") == "converted" }
            }
            #expect(checks == 6)
            let tokens = try #require(try fixture.queue.settlements.limiter()?.tokens)
            #expect(Int(tokens.rounded()) == 20 - checks - 2)
            daemon.terminate()
            let end = try await daemon.waitForExit()
            #expect(end.code == 0)
        }
    }

    @Test func `shows no secret`() async throws {
        try await withFixture { fixture in
            let secrets = [
                "SALESFORCE_CLIENT_SECRET": "s3cr3t-of-the-app",
                "SALESFORCE_REFRESH_TOKEN": "s3cr3t-refresh",
            ]
            for (name, value) in secrets {
                var changes: [String: String?] = ["SALESFORCE_CLIENT_SECRET": nil]
                changes[name] = value
                let wrong = try await fixture.check("--use-refresh-token", changing: changes)
                #expect(wrong.end.code == 77)
                changes["LEADCONVERT_CALL_SIZE"] = "0"
                let report = try await fixture.check("--json", changing: changes)
                #expect(report.end.code == 78)
                for said in [report, wrong] {
                    #expect(!said.end.output.contains("s3cr3t"))
                    #expect(!said.end.errors.contains("s3cr3t"))
                }
            }
        }
    }

    @Test func `uses up no refresh token unless told`() async throws {
        try await withFixture {
            $0.rotatesRefreshTokens = true
        } _: { fixture in
            let changes: [String: String?] = [
                "SALESFORCE_CLIENT_SECRET": nil, "SALESFORCE_REFRESH_TOKEN": "demo-refresh-token",
            ]
            let left = try await fixture.check(changing: changes)
            #expect(left.end.code == 0)
            #expect(left["login"]?.status == "warn")
            #expect(
                left["login"]?.remedy.contains("leadconvert check --use-refresh-token;") == true)
            #expect(left["user"]?.message == "not looked at: there is no login")
            let used = try await fixture.check("--use-refresh-token", changing: changes)
            #expect(used.end.code == 0)
            #expect(used["user"]?.status == "ok")
            #expect(await fixture.simulator.audit().count(.token) == 1)
        }
    }

    private func rights(_ path: String, _ text: (FileRights) -> String) throws -> String {
        text(try #require(FileRights(path: path)))
    }

    /// The line depends on the machine's library, and so on nothing that could be wrong here.
    private func sqlite() -> String {
        let version = SQLiteVersion.ofTheLibrary
        guard version.hasWALResetRace else {
            return "ok    sqlite         \(version), without the WAL-reset race"
        }
        return """
            warn  sqlite         \(version): two connections that checkpoint at once can lose what was just written (WAL-reset race); of ours only the daemon checkpoints
                                 do: in programs of your own that write to the queue: PRAGMA wal_autocheckpoint = 0; it is fixed in 3.51.3, 3.50.7 and 3.44.6
            """
    }
}
