import Conversion
import Dispatch
import Foundation
import GRDB
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// Files that are made, taken, and taken away.
@Suite struct OpeningTests {
    @Test func `programs that open a new file at once all get a queue`() async throws {
        for _ in 1...20 {
            try await withTemporaryFolder { folder in
                let path = folder.appendingPathComponent("queue.db").path
                let failures = Mutex<[String]>([])
                DispatchQueue.concurrentPerform(iterations: 6) { number in
                    do {
                        let role: JobQueue.Role = number == 0 ? .daemon : .client
                        try JobQueue(path: path, as: role, busyTimeout: 30).add(number...number)
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
                #expect(failures.withLock { $0 } == [])
                let jobs = try JobQueue(path: path, as: .client).jobs()
                #expect(jobs.count == 6)
            }
        }
    }

    @Test(arguments: [
        "", "PRAGMA journal_mode = WAL",
        "CREATE TABLE grdb_migrations (identifier TEXT PRIMARY KEY)",
    ])
    func `a file whose making was cut off counts as new`(sql: String) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("queue.db").path
            let half = try DatabaseQueue(path: path)
            try half.writeWithoutTransaction { try $0.execute(sql: sql) }
            try half.close()
            #expect(try QueueFile.look(at: path) == .outdated)
            try JobQueue(path: path, as: .client).add(1...1)
            #expect(try QueueFile.look(at: path) == .upToDate)
        }
    }

    @Test func `the lock is one under all names of the file`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("queue.db").path
            let link = folder.appendingPathComponent("link.db").path
            // The file is not there yet: the link leads to nothing.
            #expect(symlink("queue.db", link) == 0)
            let lock = try DaemonLock(queue: link, at: Moment.ms(0).wall)
            _ = try JobQueue(path: link, as: .daemon)
            for name in [path, link] {
                let error = #expect(throws: OperatorError.self) {
                    try DaemonLock(queue: name, at: Moment.ms(1).wall)
                }
                #expect(error?.status == .tryLater)
                #expect(DaemonLock.holder(queue: name)?.pid == getpid())
            }
            #expect(access(path + ".lock", F_OK) == 0)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func `a daemon says which login it has read, beside the number of its last call`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("queue.db").path
            var logins = ["0123456789abcdef", "fedcba9876543210"].enumerated().map { number, name in
                DaemonLock.Login(name: name, readAt: Moment.ms(Int64(number)).wall)
            }
            do {
                let lock = try DaemonLock(queue: path, at: Moment.ms(0).wall)
                #expect(lock.lastCall == nil && DaemonLock.holder(queue: path)?.login == nil)
                for login in logins {
                    lock.keep(login)
                    #expect(DaemonLock.holder(queue: path)?.login == login)
                }
                lock.keep(call: 7)
                #expect(DaemonLock.holder(queue: path)?.login == logins.removeLast())
                withExtendedLifetime(lock) {}
            }
            let next = try DaemonLock(queue: path, at: Moment.ms(1).wall)
            #expect(next.lastCall == 7 && DaemonLock.holder(queue: path)?.login == nil)
            next.keep(logins[0])
            #expect(DaemonLock.holder(queue: path)?.login == logins[0])
            withExtendedLifetime(next) {}
        }
    }

    @Test func `a lock file that is a link is left alone`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("queue.db").path
            let victim = folder.appendingPathComponent("victim")
            try Data("precious".utf8).write(to: victim)
            for make in [symlink, Glibc.link] {
                #expect(make(victim.path, path + ".lock") == 0)
                let error = #expect(throws: OperatorError.self) {
                    try DaemonLock(queue: path, at: Moment.ms(0).wall)
                }
                #expect(error?.status == .cannotCreate)
                #expect(try String(contentsOf: victim, encoding: .utf8) == "precious")
                unlink(path + ".lock")
            }
        }
    }

    @Test func `asking who holds the lock does not keep others from taking it`() async throws {
        try await withQueue { queue in
            _ = try DaemonLock(queue: queue.path, at: Moment.ms(0).wall)
            let isDone = Atomic(false)
            let path = queue.path
            let asking = Thread {
                while !isDone.load(ordering: .relaxed) { _ = DaemonLock.holder(queue: path) }
            }
            asking.start()
            defer { isDone.store(true, ordering: .relaxed) }
            // A program that another test starts just then shares the descriptor until it is loaded,
            // which refuses some in a row.
            var refusals = 0
            var wasRefused = false
            for _ in 1...2000 {
                let isRefused = (try? DaemonLock(queue: path, at: Moment.ms(0).wall)) == nil
                if isRefused && !wasRefused { refusals += 1 }
                wasRefused = isRefused
            }
            // Each program that another test starts meanwhile may hold it for a moment.
            #expect(refusals < 200)
        }
    }

    @Test func `a daemon whose lock file is gone does nothing more`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("queue.db").path
            let lock = try DaemonLock(queue: path, at: Moment.ms(0).wall)
            let queue = try JobQueue(path: path, as: .daemon, lock: lock)
            try queue.add(1...1)
            unlink(path + ".lock")
            let error = #expect(throws: OperatorError.self) { try queue.add(2...2) }
            #expect(error?.status == .inputOutput)
            #expect(error?.sentence.contains("removed while it was in use") == true)
        }
    }

    @Test(arguments: ["queue.db", "link.db"])
    func `a copy that was restored in place is not written over`(name: String) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("queue.db").path
            let copy = folder.appendingPathComponent("copy.db").path
            try FileManager.default.createSymbolicLink(
                atPath: folder.appendingPathComponent("link.db").path,
                withDestinationPath: "queue.db")
            let queue = try JobQueue(path: folder.appendingPathComponent(name).path, as: .daemon)
            try queue.add(1...1)
            try queue.operations.backup(to: copy)
            try queue.add(2...9)
            let restored = try Data(contentsOf: URL(fileURLWithPath: copy))
            // As cp does it: the file stays the same, and its write-ahead log is taken away.
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/cp")
            process.arguments = [copy, path]
            try process.run()
            process.waitUntilExit()
            unlink(path + "-wal")
            unlink(path + "-shm")
            for work in [{ try queue.add(10...10) }, queue.checkpoint] {
                let error = #expect(throws: OperatorError.self) { try work() }
                #expect(error?.status == .inputOutput)
            }
            let now = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(now == restored)
        }
    }
}
