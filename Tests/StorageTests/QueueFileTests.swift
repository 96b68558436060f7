import Conversion
import Foundation
import GRDB
import Storage
import TestSupport
import Testing

/// Looking at files before they are worked on.
@Suite struct QueueFileTests {
    @Test func `tells no file an empty one and a queue apart and changes none`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("queue.db").path
            #expect(try QueueFile.look(at: path) == .missing)
            #expect(!FileManager.default.fileExists(atPath: path))
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(try QueueFile.look(at: path) == .outdated)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)).isEmpty)
            let queue = try JobQueue(path: path, as: .client)
            #expect(try QueueFile.look(at: path) == .upToDate)
            withExtendedLifetime(queue) {}
        }
    }

    @Test func `refuses a restored copy beside the old write-ahead log, and changes neither`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let files = FileManager.default
            let path = folder.appendingPathComponent("queue.db").path
            let copy = folder.appendingPathComponent("copy.db").path
            let place = folder.appendingPathComponent("restored.db").path
            let queue = try JobQueue(path: path, as: .daemon)
            try queue.add(1...100)
            try queue.operations.backup(to: copy)
            try queue.add(101...2000)
            try queue.checkpoint()
            try queue.add(2001...2100)
            // The machine stops, and the log stays; the copy is put in the file's place.
            try files.copyItem(atPath: path + "-wal", toPath: place + "-wal")
            try files.copyItem(atPath: copy, toPath: place)
            try files.setAttributes([.modificationDate: Date.now + 1], ofItemAtPath: place)
            let before = try Data(contentsOf: URL(fileURLWithPath: place))
            let error = #expect(throws: OperatorError.self) {
                _ = try JobQueue(path: place, as: .client)
            }
            #expect(error?.status == .inputOutput)
            #expect(error?.remedy?.contains("restored.db-wal") == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: place)) == before)
            withExtendedLifetime(queue) {}
        }
    }

    @Test(
        arguments: [
            ("3.40.1", true), ("3.44.5", true), ("3.44.6", false), ("3.45.0", true),
            ("3.50.6", true), ("3.50.7", false), ("3.51.2", true), ("3.51.3", false),
            ("3.52.0", false), ("4.0.0", false),
        ])
    func `knows which versions have the race`(text: String, hasRace: Bool) throws {
        let version = try #require(SQLiteVersion(text))
        #expect(version.hasWALResetRace == hasRace)
        #expect(version.knowsOurSQL)
        #expect(version.description == text)
    }

    @Test func `reads no version into other texts`() throws {
        #expect(SQLiteVersion("3.40") == nil)
        #expect(SQLiteVersion("3.x.1") == nil)
        let old = try #require(SQLiteVersion("3.36.0"))
        #expect(!old.knowsOurSQL)
    }

    @Test func `says whether others get at a file`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("file").path
            try Data().write(to: URL(fileURLWithPath: path))
            for (mode, isLoose) in [(0o660, false), (0o600, false), (0o664, true), (0o770, true)] {
                try FileManager.default.setAttributes(
                    [.posixPermissions: mode], ofItemAtPath: path)
                let rights = try #require(FileRights(path: path))
                #expect(rights.isLooserThan0660 == isLoose)
                #expect(rights.octal == "0\(String(mode, radix: 8))")
            }
        }
    }

    @Test func `counts the statuses of what was not sent`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            let waiting = try queue.reports.statusesWaitedFor()
            #expect(waiting.map(\.status) == ["Qualified"])
            #expect(waiting.map(\.jobs) == [3])
            let leads = try queue.reports.waitingLeads(after: 1, limit: 10)
            #expect(leads.map(\.job) == [2, 3])
            let sample = try queue.reports.waitingLeads(sample: 2)
            #expect(sample.count == 2)
        }
    }
}
