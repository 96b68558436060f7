import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

@Suite(.serialized) struct StartingTests {
    @Test func listsAllWrongSettingsAtOnce() async throws {
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

    @Test func refusesWrongUsage() async throws {
        let end = try await Program.daemon.run(["--until-full"])
        #expect(end.code == 64)
        #expect(end.errors.contains("Unknown option '--until-full'"))
        #expect(end.output == "")
    }

    @Test func `a time to give up without a unit is wrong usage`() async throws {
        let end = try await Program.daemon.run(["--give-up-after", "2"])
        #expect(end.code == 64)
        #expect(end.errors.contains("--give-up-after: it must be a whole number with its unit"))
    }

    @Test func refusesASecondDaemonAndNamesTheFirst() async throws {
        try await withStage { stage in
            let first = try stage.startDaemon()
            try await first.waitFor("queue opened")
            let second = try await stage.drain()
            #expect(second.code == 75)
            #expect(second.errors.contains("pid \(first.pid), since"))
            first.kill()
            try await first.waitForExit()
            #expect(try await stage.drain().code == 0)
        }
    }

    @Test func leavesAFileThatIsNotOursAlone() async throws {
        try await withStage { stage in
            let file = stage.folder.appendingPathComponent("letter.txt")
            let text = String(repeating: "Dear customer, thank you for your patience. ", count: 50)
            try Data(text.utf8).write(to: file)
            let end = try await stage.drain(changing: ["LEADCONVERT_DB": file.path])
            #expect(end.code == 78)
            #expect(end.errors.contains("is not a SQLite file"))
            #expect(try String(contentsOf: file, encoding: .utf8) == text)
        }
    }

    @Test func leavesAnotherProgramsDatabaseAlone() async throws {
        try await withStage { stage in
            try stage.queue.run(sql: "PRAGMA application_id = 7")
            let end = try await stage.drain()
            #expect(end.code == 78)
            #expect(end.errors.contains("is a SQLite file, but not a queue of leads."))
        }
    }

    @Test func leavesAFileOfANewerVersionAlone() async throws {
        try await withStage { stage in
            try stage.queue.run(sql: "INSERT INTO grdb_migrations VALUES ('v99_future')")
            for end in [try await stage.drain(), try await stage.run("status")] {
                #expect(end.code == 78)
                #expect(end.errors.contains("was made by a newer version of leadconvertd."))
            }
        }
    }

    @Test func saysWhatIsWrongWithAFileThatLacksATable() async throws {
        try await withStage { stage in
            try stage.queue.run(sql: "DROP TABLE limiter")
            let end = try await stage.drain()
            #expect(end.signal == nil)
            #expect(end.errors.contains("no such table: limiter"))
        }
    }

    @Test func saysThatTheFolderIsMissing() async throws {
        try await withStage { stage in
            let path = stage.folder.appendingPathComponent("missing/queue.db").path
            let end = try await stage.drain(changing: ["LEADCONVERT_DB": path])
            #expect(end.code == 73)
            #expect(end.errors.contains("\(path)"))
            #expect(end.errors.contains("folder must exist"))
        }
    }

    @Test func saysWhatALoginNeedsThatIsRefused() async throws {
        try await withStage { stage in
            try await stage.enqueueLeads(2)
            let end = try await stage.drain(changing: ["SALESFORCE_CLIENT_SECRET": "mistyped-7351"])
            #expect(end.code == 77)
            #expect(end.errors.contains("Check SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET."))
            #expect(!end.errors.contains("mistyped-7351"))
            #expect(await stage.simulator.audit().calls.map(\.kind) == [.token])
            #expect(try stage.queue.jobs().allSatisfy { $0.number("attempts") == 0 })
            #expect(try stage.counts() == ["queued": 2])
        }
    }

    @Test func refusesTokensThatSOAPNeverAccepts() async throws {
        try await withStage {
            $0.issuesJWTShapedTokens = true
        } _: { stage in
            try await stage.enqueueLeads(2)
            let end = try await stage.drain()
            #expect(end.code == 78)
            #expect(end.errors.contains("JSON Web Token"))
            #expect(await stage.simulator.audit().calls.map(\.kind) == [.token])
            #expect(try stage.counts() == ["queued": 2])
        }
    }

    @Test func givesUpWhenSalesforceCannotBeReached() async throws {
        try await withStage { stage in
            try await stage.enqueueLeads(2)
            await stage.simulator.stop()
            let daemon = try stage.startDaemon("--until-empty", "--give-up-after", "1s")
            let end = try await daemon.waitForExit()
            #expect(end.code == 69)
            #expect(end.errors.contains("Salesforce could not be reached for 1 s"))
            #expect(try stage.counts() == ["queued": 2])
            #expect(try stage.queue.jobs().allSatisfy { $0.number("attempts") == 0 })
        }
    }
}
