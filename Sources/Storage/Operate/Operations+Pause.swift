public import Conversion
import GRDB

/// What pausing or resuming did.
public struct PauseChange: Sendable, Equatable {
    /// Whether it was so before.
    public var wasSo: Bool
    /// Jobs that were held, or released.
    public var changed = 0
    /// The other unsettled jobs, by state: those in a call settle as usual.
    public var left: [JobState: Int] = [:]
    /// Whether the whole queue is paused now.
    public var isQueuePaused: Bool
}

extension Operations {
    /// Pauses or resumes the whole queue, or one batch, whose waiting jobs are held meanwhile.
    ///
    /// A batch's jobs are held, or released, in small transactions between which others can write. The
    /// batch itself is paused or resumed by the first, so that jobs which come to it meanwhile are as
    /// they should be. If this is cut short, the same again does the rest.
    /// - Parameter atOnce: How many jobs are changed in one transaction.
    /// - Throws: `OperatorError` 66 when there is no such batch.
    @discardableResult
    public func pause(
        _ isPaused: Bool, batch: String?, at now: Timestamp, by person: String? = nil,
        atOnce: Int = 1000
    ) throws -> PauseChange {
        let operation = Operation(
            isPaused ? .pause : .resume, target: batch.map { "batch \($0)" } ?? "queue", at: now,
            by: person)
        guard let batch else {
            return try store.write { database in
                let change = try database.pause(isPaused)
                try database.record(operation, jobs: 0)
                return change
            }
        }
        var (change, step, id) = try store.write { database in
            let batch = try database.existingBatch(batch)
            let change = try database.pause(isPaused, batch: batch)
            let step = try database.holdJobs(isPaused, of: batch, after: 0, atMost: atOnce, at: now)
            return (change, step, try database.record(operation, jobs: step.jobs))
        }
        change.changed = step.jobs
        while step.jobs > 0 {
            step = try store.write { [step] database in
                let next = try database.holdJobs(
                    isPaused, of: step.batch, after: step.last, atMost: atOnce, at: now)
                if let id, next.jobs > 0 { try database.add(jobs: next.jobs, to: id) }
                return next
            }
            change.changed += step.jobs
        }
        return change
    }
}

extension Operations {
    /// Whether the whole queue is paused.
    public func isPaused() throws -> Bool { try store.read { try $0.isQueuePaused() } }

    /// Whether a batch is paused; false where there is none of that name.
    public func isPaused(batch: String) throws -> Bool {
        let sql = "SELECT paused FROM batches WHERE name = ?"
        return try store.read { try Bool.fetchOne($0, sql: sql, arguments: [batch]) } ?? false
    }
}

/// Some of a batch's jobs that were held or released.
struct HoldStep {
    var batch: Int64
    var jobs = 0
    /// The last of them.
    var last: Int64
}

extension Database {
    fileprivate func pause(_ isPaused: Bool) throws -> PauseChange {
        let wasPaused = try isQueuePaused()
        try execute(sql: "UPDATE queue SET paused = ?", arguments: [isPaused])
        return PauseChange(
            wasSo: wasPaused == isPaused, left: try unsettled("1", []),
            isQueuePaused: isPaused)
    }

    fileprivate func pause(_ isPaused: Bool, batch: Int64) throws -> PauseChange {
        let wasPaused = try Bool.fetchOne(
            self, sql: "SELECT paused FROM batches WHERE id = ?", arguments: [batch])
        try execute(
            sql: """
                UPDATE batches SET paused = ?1, paused_by = NULL,
                    held_up_to = CASE WHEN ?1 THEN held_up_to END
                WHERE id = ?2
                """,
            arguments: [isPaused, batch])
        var change = PauseChange(
            wasSo: wasPaused == isPaused, isQueuePaused: try isQueuePaused())
        change.left = try unsettled("batch_id = ?", [batch])
        return change
    }

    /// Holds the next jobs of a batch, or releases them; none where somebody has turned it round
    /// meanwhile.
    func holdJobs(
        _ isHeld: Bool, of batch: Int64, after last: Int64, atMost limit: Int, at now: Timestamp
    ) throws -> HoldStep {
        let sql = """
            UPDATE jobs SET state = ?1, updated_at = ?2, \(Self.forgettingWhatWasNotFound),
                deferred_for = iif(
                    ?1 = 'queued', \(Self.deferred(until: "run_at", at: "?2")), deferred_for)
            WHERE id IN (
                SELECT id FROM jobs INDEXED BY jobs_unsettled_by_batch
                WHERE batch_id = ?3 AND finished_at IS NULL AND state = ?4 AND id > ?5
                    AND (SELECT paused FROM batches WHERE batches.id = ?3) = ?6
                ORDER BY id LIMIT ?7)
            RETURNING id
            """
        let states = isHeld ? ["held", "queued"] : ["queued", "held"]
        let ids = try Int64.fetchAll(
            cachedStatement(sql: sql),
            arguments: [states[0], now.description, batch, states[1], last, isHeld, limit])
        return HoldStep(batch: batch, jobs: ids.count, last: ids.max() ?? last)
    }

    /// While a job is held, another of its address or group may make what it did not find.
    static let forgettingWhatWasNotFound =
        "matched = nullif(matched, 'nothing'), matched_account = nullif(matched_account, 'nothing')"

    fileprivate func isQueuePaused() throws -> Bool {
        try Bool.fetchOne(self, sql: "SELECT paused FROM queue") ?? false
    }

    /// Jobs that are in a call, asked about or finishing, by state.
    private func unsettled(
        _ condition: String, _ arguments: StatementArguments
    ) throws -> [JobState: Int] {
        let sql = """
            SELECT state, count(*) AS jobs FROM jobs
            WHERE \(condition)
                AND (state = 'sending' OR state = 'verifying' OR state = 'finishing')
            GROUP BY state
            """
        var counts: [JobState: Int] = [:]
        for row in try Row.fetchAll(self, sql: sql, arguments: arguments) {
            if let state = JobState(rawValue: row["state"]) { counts[state] = row["jobs"] }
        }
        return counts
    }
}
