import Conversion
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Storage

@Suite struct TroubleTests {
    private func status(of body: () throws -> Void) -> Conversion.ExitStatus? {
        do {
            try body()
            return nil
        } catch {
            return (error as? OperatorError)?.status
        }
    }

    @Test func `writes nothing more into a file that was deleted`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            try FileManager.default.removeItem(atPath: queue.path)
            #expect(status { try queue.add(2...2) } == .inputOutput)
        }
    }

    @Test func `writes nothing more into a file that was replaced`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            let copy = queue.path + ".copy"
            try queue.operations.backup(to: copy)
            try FileManager.default.removeItem(atPath: queue.path)
            try FileManager.default.moveItem(atPath: copy, toPath: queue.path)
            let error = #expect(throws: OperatorError.self) { try queue.add(2...2) }
            #expect(error?.sentence.contains("replaced") == true)
        }
    }

    @Test func `says that a truncated file is damaged`() async throws {
        try await withQueue { queue in
            try queue.add(1...1000)
            try queue.database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try queue.database.close()
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: queue.path))
            try file.truncate(atOffset: 20_000)
            try file.close()
            #expect(
                status {
                    let damaged = try JobQueue(path: queue.path, as: .client)
                    try damaged.add(2000...2001)
                    _ = try damaged.jobs()
                } == .inputOutput)
        }
    }

    @Test func `says that scribbled pages are damage`() async throws {
        try await withQueue { queue in
            try queue.add(1...1000)
            try queue.database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try queue.database.close()
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: queue.path))
            let size = try file.seekToEnd()
            try file.seek(toOffset: 4096 * 3)
            try file.write(contentsOf: Data(repeating: 0x5A, count: Int(size) - 4096 * 3))
            try file.close()
            #expect(
                status {
                    let damaged = try JobQueue(path: queue.path, as: .client)
                    _ = try damaged.jobs()
                    try damaged.add(2000...2001)
                } == .inputOutput)
        }
    }

    @Test func `says that the disk is full and loses nothing`() async throws {
        try await withQueue { queue in
            try queue.add(1...10)
            try queue.database.inDatabase { database in
                let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                try database.execute(sql: "PRAGMA max_page_count = \(pages)")
            }
            #expect(status { try queue.add(11...5000) } == .inputOutput)
            #expect(try queue.jobs().count == 10)
        }
    }

    @Test func `waits for another writer and then says so`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("queue.db").path
            let queue = try JobQueue(path: path, as: .client, busyTimeout: 0.01)
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: path, configuration: configuration)
            try other.inDatabase { database in
                try database.execute(sql: "BEGIN IMMEDIATE")
                #expect(status { try queue.add(1...1) } == .tryLater)
                try database.execute(sql: "ROLLBACK")
            }
            try queue.add(1...1)
        }
    }

    /// The bound of the WAL under a steady load is a thousand pages, which is 4 MB, and what one
    /// transaction adds; behind a long reader it grows, and is used again from its beginning once
    /// that reader has gone.
    @Test func `keeps the write ahead log bounded`() async throws {
        try await withQueue(as: .daemon) { queue in
            let log = URL(fileURLWithPath: queue.path + "-wal")
            func megabytes() throws -> Double {
                let size = try FileManager.default.attributesOfItem(atPath: log.path)[.size]
                return Double(try #require(size as? UInt64)) / 1_048_576
            }
            for batch in 0..<100 {
                try queue.add((batch * 500)..<(batch * 500 + 500))
            }
            let bound = try megabytes()
            #expect(bound < 6)

            let reader = try DatabaseQueue(path: queue.path)
            try reader.inDatabase { database in
                try database.execute(sql: "BEGIN; SELECT count(*) FROM jobs")
                for batch in 100..<200 {
                    try queue.add((batch * 500)..<(batch * 500 + 500))
                }
                try database.execute(sql: "COMMIT")
            }
            let behindTheReader = try megabytes()
            #expect(behindTheReader > bound)
            for batch in 200..<300 {
                try queue.add((batch * 500)..<(batch * 500 + 500))
            }
            let afterwards = try megabytes()
            #expect(afterwards <= behindTheReader + 1)
        }
    }

    @Test func `a held job in backoff moves with the clock, too`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "b"
            try queue.add(1...1, options)
            let call = try #require(
                try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 }))
            var retry = Settlement(call.jobs[0], in: call.id, .retry, to: .queued)
            retry.reason = Reason("UNABLE_TO_LOCK_ROW", "locked")
            retry.nextRunAt = Moment.ms(10_000).wall
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(5)), [retry])
            try queue.operations.pause(true, batch: "b", at: Moment.ms(6).wall)
            var ahead = Moment.ms(10)
            ahead.wall = ahead.wall + 3_600_000
            try queue.settlements.clockWasSet(by: 3_600_000, at: ahead)
            let job = try queue.jobs().first
            #expect(job?.text("state") == "held")
            #expect(job?.text("run_at") == Moment.ms(3_610_000).wall.description)
        }
    }

    @Test func `a slow reader of the log does not delay a writer`() async throws {
        try await withQueue { queue in
            try queue.fill(jobs: 300)
            let other = try DatabaseQueue(path: queue.path)
            var rows = 0
            try queue.reports.readLog(LogFilter()) { _ in
                rows += 1
                guard rows % 400 == 0 else { return }
                // Rows that come meanwhile are not among those that were asked for.
                try queue.run(
                    sql: """
                        INSERT INTO run_log (job_id, lead_id, attempt, kind, started_at)
                        VALUES (1, 'x', 1, 'convert', '2026-11-22T00:00:00.000Z')
                        """)
                let isBusy = try other.writeWithoutTransaction {
                    try Bool.fetchOne($0, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                }
                #expect(isBusy == false)
            }
            #expect(rows == 1500)
            var jobs = 0
            try queue.reports.readJobs(JobFilter()) { _ in
                jobs += 1
                if jobs == 1 { try queue.add(9000...9000) }
            }
            #expect(jobs == 300)
            _ = try queue.reports.readResults(batch: "batch 1") { _ in
                try queue.operations.pause(true, batch: nil, at: .now)
            }
        }
    }

    @Test func `keeps the length of a pause when the clock is set`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            let call = try #require(
                try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 }))
            var retry = Settlement(call.jobs[0], in: call.id, .retry, to: .queued)
            retry.reason = Reason("UNABLE_TO_LOCK_ROW", "locked")
            retry.nextRunAt = Moment.ms(10_000).wall
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(5)), [retry])
            var setBack = Moment.ms(10)
            setBack.wall = setBack.wall + -7_200_500
            try queue.settlements.clockWasSet(by: -7_200_500, at: setBack)
            let jobs = try queue.jobs()
            #expect(jobs[0].text("run_at") == Moment.ms(10_000 - 7_200_500).wall.description)
            // It was due, and still is.
            #expect(jobs[1].text("run_at") == setBack.wall.description)
        }
    }
}
