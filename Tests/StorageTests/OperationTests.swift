import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

@Suite struct OperationTests {
    private let now = Moment.ms(20).wall

    @Test func `what people do is recorded with what it changed`() async throws {
        try await withFailures { queue in
            _ = try queue.operations.retry([.job(1)], at: now, by: "ada")
            _ = try queue.operations.cancel([.batch("friday")], at: now, by: "bob")
            try queue.operations.pause(true, batch: "friday", at: now, by: "ada")
            try queue.operations.pause(false, batch: nil, at: now, by: "ada")
            #expect(
                try operations(queue) == [
                    "ada retry job 1: 1", "bob cancel batch friday: 2",
                    "ada pause batch friday: 0", "ada resume queue: 0",
                ])
        }
    }

    @Test func `a long list of jobs is recorded by its first three`() async throws {
        try await withFailures { queue in
            let jobs = (1...4).map { JobSelection.job($0) }
            _ = try queue.operations.retry(jobs, at: now, by: "ada")
            #expect(try operations(queue) == ["ada retry job 1, job 2, job 3 and 1 more: 3"])
        }
    }

    @Test func `nothing is recorded of a change that was refused, or that no person asked for`()
        async throws
    {
        try await withFailures { queue in
            #expect(throws: OperatorError.self) {
                try queue.operations.retry([.job(99)], at: now, by: "ada")
            }
            _ = try queue.operations.retry([.job(1)], at: now)
            #expect(try operations(queue) == [])
        }
    }

    @Test func `an operation of many transactions is one row`() async throws {
        try await withFailures { queue in
            let prune = try queue.operations.begin(.prune, target: "old ones", at: now, by: "ada")
            _ = try queue.operations.prune(
                before: Timestamp(milliseconds: 4_000_000_000_000), at: 1, as: prune)
            #expect(try operations(queue) == ["ada prune old ones: 3"])
        }
    }

    @Test func `a large batch is cancelled in steps, between which others can write`() async throws
    {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...1200, options)
            var steps = try queue.operations.cancelling([.batch("friday")], at: now, by: "ada")
            #expect(try steps.next())
            #expect((1..<1200).contains(steps.change.changed))
            try queue.run(sql: "UPDATE jobs SET priority = 1 WHERE state = 'queued'")
            while try steps.next() {}
            #expect(steps.change.changed == 1200)
            #expect(try operations(queue) == ["ada cancel batch friday: 1200"])
        }
    }

    @Test func `retries what failed with a code, of one batch or of all`() async throws {
        try await withFailures { queue in
            let code = JobSelection.failed(code: "INVALID_STATUS", batch: "friday")
            let ofBatch = try queue.operations.retry([code], at: now)
            let ofAll = try queue.operations.retry([.failed(code: "LOCKED")], at: now)
            #expect([ofBatch.changed, ofAll.changed] == [1, 1])
            #expect(
                try queue.jobs().map { $0.text("state") } == [
                    "queued", "queued", "failed", "queued",
                ])
            #expect(throws: OperatorError.self) {
                try queue.operations.retry([.failed(code: "LOCKED", batch: "monday")], at: now)
            }
        }
    }

    @Test func `a code means what failed with it in one part, or in both`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...2, options)
            try queue.add(3...4)
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'failed', finished_at = run_at, error_code = 'LOCKED'
                    WHERE id IN (1, 3);
                    UPDATE jobs SET state = 'converted', finished_at = run_at, after_code = 'LOCKED'
                    WHERE id IN (2, 4);
                    """)
            for (part, batch, jobs, words) in [
                (.conversion, nil, [1, 3], "code LOCKED"),
                (.followUp, nil, [2, 4], "code LOCKED after the conversion"),
                (nil, nil, [1, 3, 2, 4], "code LOCKED"),
                (.conversion, "friday", [1], "code LOCKED of batch friday"),
                (.followUp, "friday", [2], "code LOCKED after the conversion of batch friday"),
                (nil, "friday", [1, 2], "code LOCKED of batch friday"),
            ] as [(FailedPart?, String?, [Int64], String)] {
                let code = JobSelection.failed(code: "LOCKED", batch: batch, part: part)
                var selected: [Int64] = []
                try queue.read { try $0.select(code) { selected.append($0.id) } }
                #expect(selected == jobs, "\(code)")
                #expect(code.description == words)
            }
        }
    }

    @Test func `failures are grouped by code with the latest as the example`() async throws {
        try await withFailures { queue in
            try queue.run(
                sql: """
                    UPDATE jobs SET error_message = 'the last', finished_at = '2030-01-01T00:00:00.000Z'
                    WHERE id = 3
                    """)
            let rows = try queue.read {
                try Row.fetchAll($0, sql: "SELECT * FROM failures_by_code ORDER BY code")
            }
            #expect(
                rows[0] == [
                    "code": "INVALID_STATUS", "leads": 2, "example": "the last",
                    "last_at": "2030-01-01T00:00:00.000Z",
                ])
            #expect(rows.map { $0["leads"] } == [2, 1])
        }
    }

    /// Two failed jobs of batch friday with different codes, one without a batch, and a queued one.
    private func withFailures(_ body: (JobQueue) throws -> Void) async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...2, options)
            try queue.add(3...3)
            try queue.add(4...4, options)
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'failed', finished_at = updated_at, error_message = 'no',
                        error_code = CASE id WHEN 2 THEN 'LOCKED' ELSE 'INVALID_STATUS' END
                    WHERE id <= 3
                    """)
            try body(queue)
        }
    }

    private func operations(_ queue: JobQueue) throws -> [String] {
        try queue.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM operations ORDER BY id").map { row in
                "\(row["by"] as String) \(row["action"] as String) \(row["target"] as String): "
                    + "\(row["jobs"] as Int)"
            }
        }
    }
}
