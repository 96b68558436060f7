import Conversion
import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite struct PruneTests {
    @Test func `deletes in small steps what is settled and gives the space back`() async throws {
        try await withQueue { queue in
            try queue.fill(jobs: 2000)
            let before = try pages(of: queue)
            let steps = Steps()
            queue.database.add(transactionObserver: steps, extent: .databaseLifetime)

            let later = Timestamp(milliseconds: 1_800_000_000_000)
            var pauses: [Duration] = []
            let pruned = try queue.operations.prune(
                before: later, at: 50, pausing: { pauses.append($0) })
            #expect(pauses.count >= 1960 / 50 && pauses.allSatisfy { $0 > .zero })
            #expect(pruned == Operations.Pruned(jobs: 1960, logRows: 9800, calls: 0))
            // Of 50 jobs each with its five log rows, and the permit to delete those.
            #expect(steps.largest <= 50 * 6 + 2)

            let left = try queue.jobs()
            #expect(left.count == 40)
            #expect(left.allSatisfy { $0.text("state") == "queued" })
            #expect(try queue.log().count == 200)
            let after = try pages(of: queue)
            #expect(after.free == 0)
            #expect(after.all < before.all / 4)
        }
    }

    @Test func `keeps what is in flight or held however old it is`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...1, options)
            try queue.operations.pause(true, batch: "friday", at: Moment.ms(1).wall)
            try queue.add(2...4)
            _ = try queue.claims.claim(upTo: 1, CallStart(at: .ms(2)), choosing: { $0 })
            _ = try queue.settlements.recover(at: .ms(3))
            _ = try queue.claims.claim(upTo: 1, CallStart(at: .ms(4)), choosing: { $0 })
            let pruned = try queue.operations.prune(
                before: Timestamp(milliseconds: 4_000_000_000_000))
            #expect(pruned == Operations.Pruned())
            let states = try queue.jobs().map { $0.text("state") }
            #expect(states == ["held", "verifying", "sending", "queued"])
            #expect(try queue.log().count == 2)
            #expect(try queue.calls().count == 2)
        }
    }

    @Test func `ends on a file that cannot give space back`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("queue.db").path
            // Made by another program: without auto_vacuum.
            let other = try DatabaseQueue(path: path)
            try await other.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA journal_mode = WAL; CREATE TABLE t (c); DROP TABLE t")
            }
            try other.close()
            let queue = try JobQueue(path: path, as: .client)
            try queue.fill(jobs: 2000)
            let pruned = try queue.operations.prune(
                before: Timestamp(milliseconds: 1_800_000_000_000))
            #expect(pruned.jobs == 1960)
            let free = try pages(of: queue).free
            #expect(free > 0 && pruned.keepsFreePages == free)
        }
    }

    private func pages(of queue: JobQueue) throws -> (all: Int, free: Int) {
        try queue.database.inDatabase { database in
            try (
                Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0,
                Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
            )
        }
    }
}

/// How many rows the largest of the transactions has changed.
private final class Steps: TransactionObserver, Sendable {
    private let counts = Mutex((now: 0, largest: 0))

    var largest: Int { counts.withLock(\.largest) }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }

    func databaseDidChange(with event: DatabaseEvent) {
        counts.withLock { $0.now += 1 }
    }

    func databaseDidCommit(_ database: Database) {
        counts.withLock { $0 = (0, max($0.largest, $0.now)) }
    }

    func databaseDidRollback(_ database: Database) {
        counts.withLock { $0.now = 0 }
    }
}
