import Conversion
import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

@testable import Storage

/// A copy costs nothing that is there already.
@Suite struct BackupTests {
    @Test func `the first copy is made and later ones take its place`() async throws {
        try await withQueue { queue in
            let copy = path("copy.db", beside: queue)
            for lead in 1...3 {
                try queue.add([lead])
                try queue.operations.backup(to: copy, isReplacing: true)
                #expect(try JobQueue(path: copy, as: .client).jobs().count == lead)
            }
            // Who has looked into it has left a file of a write-ahead log, which is none the less one.
            try queue.operations.backup(to: copy, isReplacing: true)
            #expect(try files(beside: queue).filter { $0.hasPrefix("copy") } == ["copy.db"])
            expectRefusal("is there already") { try queue.operations.backup(to: copy) }
        }
    }

    @Test func `a copy of another queue, or that queue itself, is kept`() async throws {
        try await withQueue { queue in
            try queue.add(1...9)
            let other = try JobQueue(path: path("other.db", beside: queue), as: .client)
            try other.add(1...1)
            let copy = path("copy.db", beside: queue)
            try other.operations.backup(to: copy)
            expectRefusal("is a copy of another queue than") {
                try queue.operations.backup(to: copy, isReplacing: true)
            }
            #expect(try JobQueue(path: copy, as: .client).jobs().count == 1)
        }
    }

    @Test(arguments: ["queue.db", "queue.db-wal", "queue.db-shm", "queue.db.lock", "hard", "soft"])
    func `the queue itself is never replaced`(name: String) async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            let lock = try DaemonLock(queue: queue.path, at: .now)
            try FileManager.default.linkItem(
                atPath: queue.path, toPath: path("hard", beside: queue))
            try FileManager.default.createSymbolicLink(
                atPath: path("soft", beside: queue), withDestinationPath: "queue.db")
            let before = try files(beside: queue)
            expectRefusal("is the queue itself, or a file that belongs to it") {
                try queue.operations.backup(to: path(name, beside: queue), isReplacing: true)
            }
            #expect(try files(beside: queue) == before)
            try queue.add([3])
            #expect(try queue.jobs().count == 3)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func `a queue of the name that the draft would have is not taken for one`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("a.db.unfinished").path
            let queue = try JobQueue(path: file, as: .daemon)
            expectRefusal("is the queue itself") {
                try queue.operations.backup(to: folder.appendingPathComponent("a.db").path)
            }
            try queue.add([1])
        }
    }

    @Test func `what is no copy of a queue is not replaced`() async throws {
        try await withQueue { queue in
            try queue.add([1])
            mkfifo(path("pipe", beside: queue), 0o600)
            mkdir(path("folder", beside: queue), 0o700)
            try Data("text".utf8).write(to: URL(fileURLWithPath: path("text", beside: queue)))
            try Data().write(to: URL(fileURLWithPath: path("empty", beside: queue)))
            let other = try DatabaseQueue(path: path("other.db", beside: queue))
            try await other.write { try $0.execute(sql: "CREATE TABLE t (x)") }
            try other.close()
            let before = try files(beside: queue)
            for name in ["pipe", "folder", "text", "empty", "other.db"] {
                expectRefusal("\(name) is not replaced: it is") {
                    try queue.operations.backup(to: path(name, beside: queue), isReplacing: true)
                }
            }
            #expect(try files(beside: queue) == before)
        }
    }

    @Test func `a copy that knows of more jobs than the queue is kept`() async throws {
        try await withQueue { queue in
            let old = path("old.db", beside: queue)
            try queue.operations.backup(to: old)
            try queue.add(1...6)
            let copy = path("good.db", beside: queue)
            try queue.operations.backup(to: copy)
            let restored = try JobQueue(path: old, as: .client)
            expectRefusal("holds more than \(old): jobs up to 6, not 0") {
                try restored.operations.backup(to: copy, isReplacing: true)
            }
            #expect(try JobQueue(path: copy, as: .client).jobs().count == 6)
            // Pruned jobs count: their numbers are never given again.
            _ = try queue.operations.cancel([.job(6)], at: .now)
            _ = try queue.operations.prune(before: Timestamp(milliseconds: 1 << 43))
            #expect(try queue.jobs().count == 5)
            try queue.operations.backup(to: copy, isReplacing: true)
            #expect(try JobQueue(path: copy, as: .client).jobs().count == 5)
        }
    }

    @Test func `a copy that somebody works on is kept, a damaged one is not`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            let copy = path("a copy.db", beside: queue)
            try queue.operations.backup(to: copy)
            let user = try JobQueue(path: copy, as: .client)
            try user.run(sql: "UPDATE queue SET paused = 1")
            let error = expectRefusal("is in use as a queue") {
                try queue.operations.backup(to: copy, isReplacing: true)
            }
            #expect(error?.remedy?.contains("leadconvert jobs --db '\(copy)' tidies up") == true)
            try user.database.close()
            var bytes = try Data(contentsOf: URL(fileURLWithPath: copy))
            bytes.replaceSubrange(100..<8192, with: Data(repeating: 0xA5, count: 8092))
            try bytes.write(to: URL(fileURLWithPath: copy))
            try queue.operations.backup(to: copy, isReplacing: true)
            #expect(try JobQueue(path: copy, as: .client).jobs().count == 2)
        }
    }

    @Test func `a folder of the draft's name stays, a draft that was left does not`() async throws {
        try await withQueue { queue in
            try queue.add([1])
            let copy = path("z.db", beside: queue)
            let folder = copy + ".unfinished/sub"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            expectRefusal("z.db.unfinished is in the way") {
                try queue.operations.backup(to: copy)
            }
            #expect(FileManager.default.fileExists(atPath: folder))
            try FileManager.default.removeItem(atPath: copy + ".unfinished")
            for suffix in ["", "-journal"] {
                try Data("rest".utf8).write(
                    to: URL(fileURLWithPath: copy + ".unfinished" + suffix))
            }
            try queue.operations.backup(to: copy)
            #expect(try JobQueue(path: copy, as: .client).jobs().count == 1)
            #expect(try files(beside: queue).filter { $0.contains("unfinished") } == [])
        }
    }

    @Test func `of two copies to one file at a time, one is made and one gives up`() async throws {
        try await withTemporaryFolder { folder in
            let place = BackupPlace(folder.appendingPathComponent("copy.db").path)
            let first = try place.makeDraft()
            // So that the second does not get the number of the first one's file.
            let held = open(place.draft, O_RDONLY | O_CLOEXEC)
            defer { close(held) }
            let second = try place.makeDraft()
            let error = #expect(throws: OperatorError.self) { try place.install(first) }
            #expect(error?.status == .tryLater)
            place.remove(first)
            try place.install(second)
            #expect(place.isTaken)
        }
    }

    private func path(_ name: String, beside queue: JobQueue) -> String {
        (queue.path as NSString).deletingLastPathComponent + "/" + name
    }

    private func files(beside queue: JobQueue) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path("", beside: queue)).sorted()
    }

    @discardableResult
    private func expectRefusal(
        _ sentence: String, _ body: () throws -> Void,
        at location: SourceLocation = #_sourceLocation
    ) -> OperatorError? {
        let error = #expect(throws: OperatorError.self, sourceLocation: location) { try body() }
        #expect(error?.status == .cannotCreate, sourceLocation: location)
        #expect(
            error?.sentence.contains(sentence) == true, "\(error as Any)", sourceLocation: location)
        return error
    }
}
