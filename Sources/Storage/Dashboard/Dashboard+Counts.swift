public import Conversion
import GRDB

/// What failed of a job.
public enum FailedPart: String, Sendable {
    case conversion
    /// Something that was to follow it: the lead is converted.
    case followUp = "after"
}

/// Failed jobs with one code.
public struct FailureGroup: Sendable, Equatable {
    /// What failed of them.
    public var part = FailedPart.conversion
    /// The code; nil where a failure came without one.
    public var code: String?
    /// How many failed with it.
    public var leads: Int
    /// What the last of them was told.
    public var example: String?
    /// When the last of them failed.
    public var lastAt: Timestamp?
}

/// How far a batch is.
public struct BatchSummary: Sendable, Equatable {
    /// Its number.
    public var id: Int64
    public var name: String
    public var isPaused: Bool
    /// How many jobs were ever added.
    public var total: Int
    /// When it was made.
    public var createdAt: Timestamp?
    /// When the last of its jobs was settled; nil while some are not.
    public var finishedAt: Timestamp?
    /// Jobs that are not settled.
    public var unsettled = 0
    /// Jobs that were converted.
    public var converted = 0
    /// Jobs that failed.
    public var failed = 0
    /// Jobs that were converted, and something that was to follow failed.
    public var failedFollowUps = 0
    /// Jobs that were cancelled.
    public var cancelled = 0
    /// Jobs that `prune` has taken out.
    public var pruned: Int { max(0, total - unsettled - converted - failed - cancelled) }
}

extension Dashboard {
    /// So many codes are told apart in a list.
    private static let mostCodes = 1000

    /// Jobs by state; every state is there.
    public func countJobs() throws -> [JobState: Int] {
        var counts: [JobState: Int] = [:]
        for state in JobState.few {
            counts[state] = try count(
                SlicedCount(
                    source: "jobs INDEXED BY jobs_by_state", condition: state.condition,
                    arguments: [], order: ["run_at", "id"]))
        }
        let settled = try count(
            SlicedCount(
                source: "jobs INDEXED BY jobs_by_end", condition: "finished_at IS NOT NULL",
                arguments: [], order: ["finished_at", "id"]))
        let all = try count(
            SlicedCount(
                source: "jobs INDEXED BY jobs_one_unsettled_job_for_a_lead",
                condition: "superseded >= 0", arguments: [],
                order: ["substr(lead_id, 1, 15)", "superseded"]))
        func others(_ areSettled: Bool) -> Int {
            counts.filter { $0.key.isSettled == areSettled }.values.reduce(0, +)
        }
        (counts[.queued], counts[.converted]) = (
            max(0, all - settled - others(false)), max(0, settled - others(true))
        )
        return counts
    }

    /// Jobs that were settled before a time.
    public func countSettled(before time: Timestamp) throws -> Int {
        try count(
            SlicedCount(
                source: "jobs INDEXED BY jobs_by_end", condition: "finished_at < ?",
                arguments: [time.description], order: ["finished_at", "id"]))
    }

    /// Failures by code, of a batch or of all, the largest group first: of conversions, and then of
    /// what was to follow them.
    public func failuresByCode(batch: Int64? = nil) throws -> [FailureGroup] {
        try [.conversion, .followUp].flatMap { try failuresByCode(FailedJobs(batch, $0)) }
    }

    private func failuresByCode(_ failed: FailedJobs) throws -> [FailureGroup] {
        try codes(failed, limit: Self.mostCodes).map { code in
            let leads = try count(
                SlicedCount(
                    source: failed.source,
                    condition: "\(failed.condition) AND \(failed.code) IS ?",
                    arguments: [failed.batch, code], order: ["finished_at", "id"]))
            return try group(failed, code, leads)
        }
        .sorted { ($0.leads, $1.code ?? "") > ($1.leads, $0.code ?? "") }
    }

    /// The codes, from one to the next by the index, whatever stands between them.
    private func codes(_ failed: FailedJobs, limit: Int) throws -> [String?] {
        try read { database in
            let start = "\(failed.source) WHERE \(failed.condition)"
            let without = "SELECT 1 FROM \(start) AND \(failed.code) IS NULL LIMIT 1"
            var codes: [String?] =
                try Row.fetchOne(database, sql: without, arguments: [failed.batch]) == nil
                ? [] : [nil]
            let next = """
                SELECT \(failed.code) FROM \(start) AND \(failed.code) > ?
                ORDER BY \(failed.code) LIMIT 1
                """
            var last = ""
            while codes.count < limit,
                let code = try String.fetchOne(
                    database.cachedStatement(sql: next), arguments: [failed.batch, last])
            {
                codes.append(code)
                last = code
            }
            return codes
        }
    }

    private func group(_ failed: FailedJobs, _ code: String?, _ leads: Int) throws -> FailureGroup {
        let sql = """
            SELECT \(failed.message), finished_at FROM \(failed.source)
            WHERE \(failed.condition) AND \(failed.code) IS ? ORDER BY finished_at DESC LIMIT 1
            """
        let row = try read { database in
            try Row.fetchOne(
                database.cachedStatement(sql: sql), arguments: [failed.batch, code])
        }
        return FailureGroup(
            part: failed.part, code: code, leads: leads, example: row?[0],
            lastAt: row?.time(1))
    }
}

/// Jobs of which something failed, of a batch or of all, by the index that has them by code and time.
/// Its first argument is the batch.
struct FailedJobs {
    let batch: Int64?
    let part: FailedPart

    init(_ batch: Int64?, _ part: FailedPart) {
        (self.batch, self.part) = (batch, part)
    }

    var code: String { part == .conversion ? "jobs.error_code" : "jobs.after_code" }
    var message: String { part == .conversion ? "jobs.error_message" : "jobs.after_message" }

    var source: String {
        switch (part, batch) {
        case (.conversion, nil): "jobs INDEXED BY jobs_failed_by_code"
        case (.conversion, _): "jobs INDEXED BY jobs_failed_by_batch"
        case (.followUp, nil): "jobs INDEXED BY jobs_with_a_failed_follow_up"
        case (.followUp, _): "jobs INDEXED BY jobs_with_a_failed_follow_up_by_batch"
        }
    }

    var condition: String {
        let part =
            switch part {
            case .conversion: "jobs.state = 'failed'"
            case .followUp: "jobs.after_code IS NOT NULL"
            }
        return batch == nil ? "\(part) AND ? IS NULL" : "jobs.batch_id = ? AND \(part)"
    }
}

extension Dashboard {
    /// Batches that have work left, and then the newest.
    public func batches(limit: Int) throws -> [BatchSummary] {
        let found = try read { database in
            var ids: [Int64] = []
            var last = Int64.max
            let next = """
                SELECT batch_id FROM jobs INDEXED BY jobs_unsettled_by_batch
                WHERE batch_id < ? AND batch_id IS NOT NULL AND finished_at IS NULL
                ORDER BY batch_id DESC LIMIT 1
                """
            while ids.count < limit,
                let id = try Int64.fetchOne(
                    database.cachedStatement(sql: next), arguments: [last])
            {
                ids.append(id)
                last = id
            }
            let newest = try Int64.fetchAll(
                database, sql: "SELECT id FROM batches ORDER BY id DESC LIMIT ?",
                arguments: [limit])
            ids += newest.filter { !ids.contains($0) }.prefix(limit - ids.count)
            return try ids.compactMap { try database.batch("id = ?", [$0]) }
        }
        return try found.map(counted)
    }

    /// The batch of that name.
    /// - Throws: `OperatorError` 66 when there is none.
    public func batch(named name: String) throws -> BatchSummary {
        let found = try read { database in
            try database.batch("name = ?", [name])
        }
        guard let found else {
            throw OperatorError(.notFound, "There is no batch named \(name).")
        }
        return try counted(found)
    }

    private func counted(_ batch: BatchSummary) throws -> BatchSummary {
        var batch = batch
        func count(_ index: String, _ condition: String, _ order: [String]) throws -> Int {
            try self.count(
                SlicedCount(
                    source: "jobs INDEXED BY \(index)", condition: "batch_id = ? AND \(condition)",
                    arguments: [batch.id], order: order))
        }
        batch.unsettled = try count("jobs_unsettled_by_batch", "finished_at IS NULL", ["id"])
        batch.cancelled = try count("jobs_cancelled_by_batch", "state = 'cancelled'", ["id"])
        for group in try failuresByCode(batch: batch.id) {
            switch group.part {
            case .conversion: batch.failed += group.leads
            case .followUp: batch.failedFollowUps += group.leads
            }
        }
        let present =
            try count("jobs_by_batch", "position IS NULL", ["id"])
            + count("jobs_by_batch", "position IS NOT NULL", ["position", "id"])
        batch.converted = max(0, present - batch.unsettled - batch.cancelled - batch.failed)
        return batch
    }
}

extension Database {
    fileprivate func batch(
        _ condition: String, _ arguments: StatementArguments
    ) throws -> BatchSummary? {
        let sql = """
            SELECT id, name, paused, total, created_at, finished_at FROM batches WHERE \(condition)
            """
        return try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments).map { row in
            BatchSummary(
                id: row[0], name: row[1], isPaused: row[2], total: row[3],
                createdAt: row.time(4),
                finishedAt: row.time(5))
        }
    }
}
