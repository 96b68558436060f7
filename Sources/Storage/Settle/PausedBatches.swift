public import Conversion
import GRDB

// A batch that its policy pauses at a failure may have a million jobs. It is paused at once, and no call
// takes a job of it from then on. Its jobs are held a thousand at a time, between which others can write;
// and so they are released once the failure is retried, whatever becomes of who asked for that.

extension Settlements {
    /// Holds the next jobs of a batch that a failure has paused, or releases those of one that goes on.
    /// - Returns: Whether there are more, of this batch or another.
    @discardableResult
    public func holdJobs(at now: Timestamp) throws -> Bool {
        try store.write(carefully: { database, isCareful in
            guard let batch = try database.batchToHold() else { return false }
            try database.holdMore(
                of: batch.id, after: batch.heldUpTo, at: now, carefully: isCareful)
            return try database.batchToHold() != nil
        })
    }
}

extension Database {
    private static let heldAtOnce = 1000

    /// Whether there is a batch of which jobs are still to be held or released: a condition for SQL.
    static let hasJobsToHold =
        "EXISTS (SELECT 1 FROM batches INDEXED BY batches_to_hold WHERE held_up_to IS NOT NULL)"

    /// Pauses a batch for a job that failed, and holds the first of its jobs. Of one that is paused already
    /// the jobs are held: a hundred of its leads that fail in one call look at its jobs once.
    func hold(batch: Int64, for job: Int64, at now: Timestamp) throws {
        let sql = """
            UPDATE batches SET paused = 1, paused_by = ?, held_up_to = 0 WHERE id = ? AND paused = 0
            """
        try cachedStatement(sql: sql).execute(arguments: [job, batch])
        guard changesCount == 1 else { return }
        // One of them whose row breaks a rule is for the next step, which looks at each.
        _ = try ruleBroken { try holdMore(of: batch, after: 0, at: now, carefully: false) }
    }

    fileprivate func batchToHold() throws -> (id: Int64, heldUpTo: Int64)? {
        let sql = """
            SELECT id, held_up_to FROM batches INDEXED BY batches_to_hold
            WHERE held_up_to IS NOT NULL LIMIT 1
            """
        return try Row.fetchOne(cachedStatement(sql: sql)).map { ($0["id"], $0["held_up_to"]) }
    }

    fileprivate func holdMore(
        of batch: Int64, after last: Int64, at now: Timestamp, carefully isCareful: Bool
    ) throws {
        let isPaused =
            try Bool.fetchOne(
                cachedStatement(sql: "SELECT paused = 1 FROM batches WHERE id = ?"),
                arguments: [batch]) ?? false
        let waiting = """
            SELECT id FROM jobs INDEXED BY jobs_unsettled_by_batch
            WHERE batch_id = ?1 AND finished_at IS NULL AND state = ?2 AND id > ?3
            ORDER BY id LIMIT ?4
            """
        let jobs = try Int64.fetchAll(
            cachedStatement(sql: waiting),
            arguments: [batch, isPaused ? "queued" : "held", last, Self.heldAtOnce])
        if isPaused {
            try hold(jobs, at: now, carefully: isCareful)
        } else {
            try release(jobs, at: now, carefully: isCareful)
        }
        let sql = "UPDATE batches SET held_up_to = ? WHERE id = ?"
        try cachedStatement(sql: sql).execute(
            arguments: [jobs.count == Self.heldAtOnce ? jobs.last : nil, batch])
    }

    /// Holds jobs that wait.
    /// - Parameter isCareful: Whether each is held for itself, and one whose row breaks a rule fails.
    func hold(_ jobs: [Int64], at now: Timestamp, carefully isCareful: Bool) throws {
        try change("state = 'held'", jobs, at: now, carefully: isCareful)
    }

    private func release(_ jobs: [Int64], at now: Timestamp, carefully isCareful: Bool) throws {
        let released = """
            state = 'queued', \(Self.forgettingWhatWasNotFound),
                deferred_for = \(Self.deferred(until: "run_at", at: "?1"))
            """
        try change(released, jobs, at: now, carefully: isCareful)
    }

    private func change(
        _ columns: String, _ jobs: [Int64], at now: Timestamp, carefully isCareful: Bool
    ) throws {
        let sql = """
            UPDATE jobs SET \(columns), updated_at = ?1
            WHERE id IN (SELECT value FROM json_each(?2))
            """
        try change(jobs, carefully: isCareful, at: now) { jobs in
            try cachedStatement(sql: sql).execute(arguments: [now.description, jobs.json])
        }
    }
}
