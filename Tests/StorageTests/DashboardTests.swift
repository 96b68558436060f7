import Conversion
import Foundation
import GRDB
import GRDBSQLite
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite struct DashboardTests {
    @Test func `counts over several slices are whole`() async throws {
        try await withQueue { queue in
            let jobs = SlicedCount.rows * 2 + 7
            let failed = SlicedCount.rows + 3
            try fill(queue, jobs: jobs, failed: failed)
            let dashboard = try Dashboard(path: queue.path)
            #expect(try dashboard.countJobs()[.failed] == failed)
            #expect(try dashboard.countJobs()[.queued] == jobs - failed)
            #expect(try dashboard.failuresByCode().map(\.leads) == [failed])
            let batch = try dashboard.batch(named: "all")
            #expect(batch.total == jobs)
            #expect(batch.failed == failed)
            #expect(batch.unsettled == jobs - failed)
            #expect(batch.converted == 0)
        }
    }

    @Test func `what failed after conversions is told apart from what failed`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...4, options)
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'converted', finished_at = run_at, after_code = 'X',
                        after_message = 'no such field' WHERE id <= 2;
                    UPDATE jobs SET state = 'failed', finished_at = run_at, error_code = 'X'
                    WHERE id = 3;
                    """)
            let dashboard = try Dashboard(path: queue.path)
            for batch in [nil, Int64(1)] {
                let groups = try dashboard.failuresByCode(batch: batch)
                #expect(groups.map(\.part) == [.conversion, .followUp])
                #expect(groups.map(\.leads) == [1, 2])
                let after = try dashboard.failures(
                    .followUp, code: "X", batch: batch, after: nil, limit: 5)
                #expect(after.map(\.id) == [2, 1] && after.allSatisfy(\.hasFailedFollowUp))
                #expect(after.first?.message == "no such field")
            }
            let batch = try dashboard.batch(named: "friday")
            #expect(batch.failed == 1 && batch.failedFollowUps == 2 && batch.converted == 2)
            #expect(
                try queue.read {
                    try Int.fetchAll($0, sql: "SELECT leads FROM failures_by_code")
                } == [3])
        }
    }

    @Test func `a batch tells what was pruned of it`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...5, options)
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'converted', finished_at = '2020-01-01T00:00:00.000Z'
                    WHERE id <= 2;
                    UPDATE jobs SET state = 'cancelled', finished_at = '2030-01-01T00:00:00.000Z'
                    WHERE id = 3;
                    """)
            let dashboard = try Dashboard(path: queue.path)
            let before = try dashboard.batch(named: "friday")
            #expect(before.figures == [2, 1, 2, 0])
            _ = try queue.operations.prune(before: Timestamp(milliseconds: 1_600_000_000_000))
            let after = try #require(try dashboard.batches(limit: 5).first)
            #expect(after.figures == [0, 1, 2, 2])
        }
    }

    @Test func `no read scans a large table or sorts a long list`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...3, options)
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'failed', error_code = 'X', finished_at = run_at
                    WHERE id = 1
                    """)
            let dashboard = try Dashboard(path: queue.path)
            let recorder = StatementRecorder()
            dashboard.database.inDatabase { recorder.listen(to: $0) }
            try read(dashboard)
            let plans = try dashboard.database.inDatabase { database in
                try recorder.statements.map { (sql: $0, steps: try database.plan(of: $0)) }
            }
            #expect(plans.count > 25)
            for (sql, steps) in plans {
                let tables = ["jobs", "run_log", "calls", "batches", "operations"]
                let scans = steps.filter { step in
                    tables.contains { step.hasPrefix("SCAN \($0)") }
                        && !(sql.contains("ORDER BY id DESC") || step.contains("calls_open"))
                        && !(readsASlice(sql) && partly.contains { step.hasSuffix("INDEX \($0)") })
                }
                #expect(scans.isEmpty, "\(sql)\n\(steps)")
                // The few jobs of one lead may be put in order, and the leads of one call.
                let sorts = steps.filter {
                    $0.contains("USE TEMP B-TREE") && !$0.contains("RIGHT PART")
                        && !sql.contains("jobs_of_leads")
                }
                #expect(sorts.isEmpty, "\(sql)\n\(steps)")
            }
        }
    }

    /// Indexes that hold only rows which are asked for; of those as many are read as make a page, or a
    /// slice of a count.
    private let partly = [
        "jobs_to_send", "jobs_to_match", "jobs_to_match_account", "jobs_deferred_for_time",
        "jobs_one_unsettled_job_for_a_lead",
    ]

    private func readsASlice(_ sql: String) -> Bool {
        sql.contains("LIMIT") || sql.hasPrefix("SELECT count(*)")
    }

    @Test func `lists the jobs of each state page by page`() async throws {
        try await withQueue { queue in
            try queue.fill(jobs: 1000)
            // In each part of the order, and at more than one priority and batch.
            try queue.run(
                sql: """
                    INSERT OR IGNORE INTO batches (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c');
                    UPDATE jobs SET priority = id % 3, batch_id = nullif(id % 4, 0);
                    UPDATE jobs SET match_email = 'ada@example.org'
                    WHERE state = 'queued' AND id % 10 = 2 AND id > 500;
                    UPDATE jobs SET deferred_for = 'time', run_at = '2999-01-01T00:00:00.000Z'
                    WHERE state = 'queued' AND id % 200 > 150;
                    UPDATE jobs SET deferred_for = 'group ' || (id % 3)
                    WHERE state = 'queued' AND id % 200 < 30;
                    UPDATE jobs SET state = 'held' WHERE state = 'queued' AND id > 900;
                    """)
            let dashboard = try Dashboard(path: queue.path)
            let counts = try dashboard.countJobs()
            #expect(counts[.queued] == 18 && counts[.converted] == 960 && counts[.held] == 2)
            #expect(counts == (try queue.reports.status(at: Moment.ms(0).wall).counts))
            for (state, count) in counts {
                var seen: [Int64] = []
                var place: ListPlace?
                while case let page = try dashboard.jobs(in: state, after: place, limit: 7),
                    let last = page.last
                {
                    #expect(page.allSatisfy { $0.state == state })
                    seen += page.map(\.id)
                    let time = try #require(state == .converted ? last.finishedAt : last.runAt)
                    place = ListPlace(time: time.description, id: last.id)
                }
                #expect(seen.count == count && Set(seen).count == count, "\(state)")
            }
            let first = try dashboard.jobs(in: .queued, after: nil, limit: 1)
            let priority = try queue.database.read {
                try Int.fetchOne(
                    $0, sql: "SELECT priority FROM jobs WHERE id = ?", arguments: [first[0].id])
            }
            #expect(priority == 2)
        }
    }

    /// An open read keeps the write-ahead log from being copied into the file, so that it grows.
    @Test func `no transaction reads more than a slice, however many jobs there are`() async throws
    {
        try await withQueue(as: .client) { queue in
            try fill(queue, jobs: SlicedCount.rows * 5, failed: SlicedCount.rows * 4)
            let dashboard = try Dashboard(path: queue.path)
            let work = StepCounter()
            dashboard.database.inDatabase { work.listen(to: $0) }
            defer { dashboard.database.inDatabase { work.leave($0) } }
            _ = try dashboard.countJobs()
            // To pass over a row of an index takes SQLite four steps and more.
            #expect(work.most > SlicedCount.rows * 4)
            try read(dashboard)
            _ = try dashboard.batches(limit: 100)
            _ = try dashboard.attempts(above: 0, limit: 1000)
            #expect(work.most < SlicedCount.rows * 4 * 4)
        }
    }

    /// One batch of so many jobs, of which the first have failed.
    private func fill(_ queue: JobQueue, jobs: Int, failed: Int) throws {
        try queue.run(
            sql: """
                INSERT INTO batches (name) VALUES ('all');
                INSERT INTO jobs (lead_id, converted_status, batch_id, position, run_at)
                WITH RECURSIVE numbers (n) AS (
                    SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < \(jobs))
                SELECT printf('00QWs%010d', n), 'Q', 1, n,
                    strftime('%Y-%m-%dT%H:%M:%fZ', 1790000000 + n / 2.0, 'unixepoch')
                FROM numbers;
                UPDATE jobs SET state = 'failed', error_code = 'X', finished_at = run_at
                WHERE id <= \(failed);
                """)
    }

    private func read(_ dashboard: Dashboard) throws {
        let place = ListPlace(time: Moment.ms(0).wall.description, id: 1)
        _ = try dashboard.countJobs()
        _ = try dashboard.failuresByCode()
        _ = try dashboard.batches(limit: 5)
        _ = try dashboard.state(at: Moment.ms(1).wall)
        _ = try dashboard.operations(limit: 5)
        _ = try dashboard.latestFailures(limit: 5)
        for state in JobState.allCases {
            _ = try dashboard.jobs(in: state, after: nil, limit: 5)
            _ = try dashboard.jobs(in: state, after: place, limit: 5)
        }
        _ = try dashboard.failures(code: "X", batch: nil, after: nil, limit: 5)
        _ = try dashboard.failures(code: "X", batch: nil, after: place, limit: 5)
        _ = try dashboard.failures(code: "X", batch: 1, after: place, limit: 5)
        _ = try dashboard.failures(.followUp, code: "X", batch: nil, after: place, limit: 5)
        _ = try dashboard.failures(.followUp, code: "X", batch: 1, after: place, limit: 5)
        _ = try dashboard.jobs(of: .lead(1))
        try dashboard.readJobs(ofBatch: 1) { _, _ in }
        _ = try dashboard.attempts(of: 1)
        _ = try dashboard.attempts(above: 0, limit: 5)
        _ = try dashboard.attempts([1])
        _ = try dashboard.calls(above: 0, limit: 5)
        _ = try dashboard.calls([1])
        _ = try dashboard.lastNumbers(before: Moment.ms(0).wall)
    }
}

extension BatchSummary {
    fileprivate var figures: [Int] { [converted, cancelled, unsettled, pruned] }
}

/// Counts what SQLite does in each transaction, in thousands of its virtual machine's steps.
private final class StepCounter: Sendable {
    private let steps = Mutex<(now: Int, most: Int)>((0, 0))

    /// The most steps of one transaction.
    var most: Int { steps.withLock(\.most) }

    func listen(to database: Database) {
        database.trace { [self] event in
            if case .statement(let statement) = event, statement.sql.hasPrefix("BEGIN") {
                steps.withLock { $0.now = 0 }
            }
        }
        let counter = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_progress_handler(
            database.sqliteConnection, 1000,
            { counter in
                guard let counter else { return 0 }
                Unmanaged<StepCounter>.fromOpaque(counter).takeUnretainedValue().add(1000)
                return 0
            }, counter)
    }

    func leave(_ database: Database) {
        sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil)
    }

    private func add(_ count: Int) {
        steps.withLock { steps in
            steps.now += count
            steps.most = max(steps.most, steps.now)
        }
    }
}
