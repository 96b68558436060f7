import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

@Suite(.serialized) struct StartingTests {
    @Test func `lists all wrong settings at once`() async throws {
        let settings = [
            "LEADCONVERT_CALL_SIZE": "101", "LEADCONVERT_DAILY_SHARE": "2",
            "SALESFORCE_LOGIN_URL": "http://example.com",
        ]
        try await withTemporaryFolder { folder in
            let end = try await Program.daemon.run(environment: settings, in: folder)
            #expect(end.code == 78)
            #expect(end.errors.hasPrefix("leadconvertd: 4 settings are wrong:\n"))
            for name in settings.keys { #expect(end.errors.contains("  \(name)=")) }
            #expect(end.errors.contains("SALESFORCE_CLIENT_SECRET"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }

    @Test func `refuses wrong usage`() async throws {
        let end = try await Program.daemon.run(["--until-full"])
        #expect(end.code == 64)
        #expect(end.errors.contains("Unknown option '--until-full'"))
        #expect(end.output == "")
    }

    @Test func `an empty name of a queue is wrong usage`() async throws {
        let end = try await Program.daemon.run(["--db", "", "--until-empty"])
        #expect(end.code == 64)
        #expect(end.errors.contains("--db names no file."))
    }

    @Test func `a time to give up without a unit is wrong usage`() async throws {
        let end = try await Program.daemon.run(["--give-up-after", "2"])
        #expect(end.code == 64)
        #expect(end.errors.contains("--give-up-after: it must be a whole number with its unit"))
    }

    @Test func `refuses a second daemon and names the first`() async throws {
        try await withFixture { fixture in
            let first = try fixture.startDaemon()
            try await first.waitFor("queue opened")
            let second = try await fixture.drain()
            #expect(second.code == 75)
            #expect(second.errors.contains("pid \(first.pid), since"))
            first.kill()
            try await first.waitForExit()
            #expect(try await fixture.drain().code == 0)
        }
    }

    @Test func `says that there was no queue, whose name may be mistyped`() async throws {
        try await withFixture { fixture in
            let path = fixture.folder.appendingPathComponent("quue.db").path
            let sentence = "there was no queue: it is made, and empty"
            let made = try await fixture.drain(changing: ["LEADCONVERT_DB": path])
            #expect(made.code == 0)
            #expect(made.errors.contains(sentence) && made.errors.contains(path))
            #expect(try await !fixture.drain().errors.contains(sentence))
        }
    }

    @Test func `leaves a file that is not ours alone`() async throws {
        try await withFixture { fixture in
            let file = fixture.folder.appendingPathComponent("letter.txt")
            let text = String(repeating: "Dear customer, thank you for your patience. ", count: 50)
            try Data(text.utf8).write(to: file)
            let end = try await fixture.drain(changing: ["LEADCONVERT_DB": file.path])
            #expect(end.code == 78)
            #expect(end.errors.contains("is not a SQLite file"))
            #expect(try String(contentsOf: file, encoding: .utf8) == text)
        }
    }

    @Test func `leaves another program's database alone`() async throws {
        try await withFixture { fixture in
            try fixture.queue.run(sql: "PRAGMA application_id = 7")
            let end = try await fixture.drain()
            #expect(end.code == 78)
            #expect(end.errors.contains("is a SQLite file, but not a queue of leads."))
        }
    }

    @Test func `leaves a file of a newer version alone`() async throws {
        try await withFixture { fixture in
            try fixture.queue.run(sql: "INSERT INTO grdb_migrations VALUES ('v99_future')")
            for end in [try await fixture.drain(), try await fixture.run("status")] {
                #expect(end.code == 78)
                #expect(end.errors.contains("was made by a newer version of leadconvertd."))
            }
        }
    }

    @Test func `says what is wrong with a file that lacks a table`() async throws {
        try await withFixture { fixture in
            try fixture.queue.run(sql: "DROP TABLE limiter")
            let end = try await fixture.drain()
            #expect(end.signal == nil)
            #expect(end.errors.contains("no such table: limiter"))
        }
    }

    @Test func `says that the folder is missing`() async throws {
        try await withFixture { fixture in
            let path = fixture.folder.appendingPathComponent("missing/queue.db").path
            let end = try await fixture.drain(changing: ["LEADCONVERT_DB": path])
            #expect(end.code == 73)
            #expect(end.errors.contains("\(path)"))
            #expect(end.errors.contains("folder must exist"))
        }
    }

    @Test func `says what a login needs that is refused`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(2)
            let end = try await fixture.drain(changing: [
                "SALESFORCE_CLIENT_SECRET": "mistyped-7351"
            ])
            #expect(end.code == 77)
            #expect(end.errors.contains("Check SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET."))
            #expect(!end.errors.contains("mistyped-7351"))
            #expect(await fixture.simulator.audit().calls.map(\.kind) == [.token])
            #expect(try fixture.queue.jobs().allSatisfy { $0.number("attempts") == 0 })
            #expect(try fixture.counts() == ["queued": 2])
        }
    }

    @Test func `refuses tokens that SOAP never accepts`() async throws {
        try await withFixture {
            $0.issuesJWTShapedTokens = true
        } _: { fixture in
            try await fixture.enqueueLeads(2)
            let end = try await fixture.drain()
            #expect(end.code == 78)
            #expect(end.errors.contains("JSON Web Token"))
            #expect(await fixture.simulator.audit().calls.map(\.kind) == [.token])
            #expect(try fixture.counts() == ["queued": 2])
        }
    }

    @Test func `gives up when Salesforce cannot be reached`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(2)
            await fixture.simulator.stop()
            let daemon = try fixture.startDaemon("--until-empty", "--give-up-after", "1s")
            let end = try await daemon.waitForExit()
            #expect(end.code == 69)
            #expect(end.errors.contains("Salesforce could not be reached for 1 s"))
            #expect(try fixture.counts() == ["queued": 2])
            #expect(try fixture.queue.jobs().allSatisfy { $0.number("attempts") == 0 })
        }
    }
}
