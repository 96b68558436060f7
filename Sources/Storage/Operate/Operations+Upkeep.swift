public import Conversion
import GRDB
import Glibc

extension Operations {
    /// Makes a consistent copy, even while others write. It is there whole or not at all.
    /// - Parameter isReplacing: Whether it may take the place of an older copy.
    /// - Throws: `OperatorError`: 73 when the copy can't be made, there is such a file already, or
    ///   what it would replace is no older copy of this queue; 74 when it can't be written; 75 when
    ///   another copy to the same file is under way.
    public func backup(to copy: String, isReplacing: Bool = false) throws {
        let place = BackupPlace(copy)
        try place.requireNone(ofFilesOf: store.path)
        if place.isTaken {
            guard isReplacing else {
                throw OperatorError(
                    .cannotCreate, "\(copy) is there already.", remedy: "Name a new file.")
            }
            try place.requireOlderCopy(of: store)
        }
        try FilePermission.keepingOthersOut {
            let draft = try place.makeDraft()
            do {
                try DatabaseFailure.explained(copy) {
                    let destination = try DatabaseQueue(path: place.draft)
                    try store.database.backup(to: destination)
                    // Of its own, it needs no -wal beside it to be whole.
                    try destination.inDatabase {
                        try $0.execute(sql: "PRAGMA journal_mode = DELETE")
                    }
                    try destination.close()
                }
                try place.install(draft)
            } catch {
                place.remove(draft)
                throw error
            }
        }
    }

    /// Where a copy is written until it is whole.
    public static func draft(ofBackup copy: String) -> String { BackupPlace(copy).draft }

    /// What `prune` took out.
    public struct Pruned: Sendable, Equatable {
        /// Settled jobs.
        public var jobs = 0
        /// Their rows in the run log.
        public var logRows = 0
        /// Calls that no job left refers to.
        public var calls = 0
        /// Pages that stay in the file, empty: it was made by another program,
        /// without `auto_vacuum`.
        public var keepsFreePages = 0
    }

    /// Deletes jobs settled before `time`, with their log, and the calls before it, in small
    /// transactions between which others can write; then gives the space back.
    /// - Parameter callsBefore: The calls' own limit, where it is not the jobs': those of the last
    ///   24 hours count against our share of the org's allowance.
    /// - Parameter operation: Which operation the jobs are added to.
    /// - Parameter pause: Waits between two steps; a sleep where none is given.
    /// - Parameter progress: Told after each step what is done so far.
    public func prune(
        before time: Timestamp, callsBefore: Timestamp? = nil, at once: Int = 250,
        as operation: OperationID? = nil,
        pausing pause: ((Duration) -> Void)? = nil,
        progress: (Pruned) -> Void = { _ in }
    ) throws -> Pruned {
        var pruned = Pruned()
        var gap = try StepGap(
            store, pausing: pause ?? { usleep(useconds_t($0 / .microseconds(1))) })
        while true {
            let step = try store.write { database in
                let step = try database.pruneJobs(before: time, atMost: once)
                if let operation { try database.add(jobs: step.jobs, to: operation) }
                return step
            }
            pruned.jobs += step.jobs
            pruned.logRows += step.logRows
            progress(pruned)
            guard step.jobs > 0 else { break }
            try gap.wait()
        }
        while true {
            let calls = try store.write {
                try $0.pruneCalls(before: callsBefore ?? time, atMost: once)
            }
            pruned.calls += calls
            progress(pruned)
            guard calls > 0 else { break }
            try gap.wait()
        }
        var free = Int.max
        while case let left = try store.write({ try $0.giveSpaceBack(pages: once) }), left < free {
            free = left
            try gap.wait()
        }
        pruned.keepsFreePages = free
        return pruned
    }
}

extension Database {
    fileprivate func pruneJobs(
        before time: Timestamp, atMost count: Int
    ) throws -> (jobs: Int, logRows: Int) {
        let old = """
            SELECT id FROM jobs INDEXED BY jobs_by_end WHERE finished_at < ? LIMIT ?
            """
        let jobs = try Int64.fetchAll(self, sql: old, arguments: [time.description, count])
        try execute(sql: "INSERT INTO prune_permit DEFAULT VALUES")
        var logRows = 0
        for job in jobs {
            let inJob = "SELECT count(*) FROM run_log_of_jobs WHERE job_id = ?"
            logRows += try Int.fetchOne(cachedStatement(sql: inJob), arguments: [job]) ?? 0
            try cachedStatement(sql: "DELETE FROM run_log_rows WHERE job_id = ?")
                .execute(arguments: [job])
            logRows += changesCount
            try cachedStatement(sql: "DELETE FROM follow_ups WHERE job_id = ?")
                .execute(arguments: [job])
            try cachedStatement(sql: "DELETE FROM jobs WHERE id = ?").execute(arguments: [job])
        }
        try execute(sql: "DELETE FROM prune_permit")
        return (jobs.count, logRows)
    }

    /// - Returns: How many pages are still free.
    fileprivate func giveSpaceBack(pages count: Int) throws -> Int {
        try execute(sql: "PRAGMA incremental_vacuum(\(count))")
        return try Int.fetchOne(self, sql: "PRAGMA freelist_count") ?? 0
    }

    /// The call of a job in doubt says when it was sent, which verification needs.
    fileprivate func pruneCalls(before time: Timestamp, atMost count: Int) throws -> Int {
        let sql = """
            DELETE FROM calls WHERE id IN (
                SELECT id FROM calls
                WHERE started_at < ? AND finished_at IS NOT NULL AND id NOT IN (
                    SELECT call_id FROM jobs
                    WHERE call_id IS NOT NULL AND (state = 'sending' OR state = 'verifying'))
                    AND id NOT IN (
                        SELECT call_id FROM follow_ups
                        WHERE call_id IS NOT NULL AND (state = 'sending' OR state = 'verifying'))
                    AND NOT EXISTS (
                        SELECT 1 FROM jobs
                        WHERE jobs.log_id >= calls.log_id AND jobs.log_id < calls.log_id + calls.size
                            AND jobs.call_id = calls.id)
                LIMIT ?)
            """
        try execute(sql: sql, arguments: [time.description, count])
        return changesCount
    }
}

/// The time between two steps of a long change, in which others write. Who waits for SQLite's lock only
/// looks now and then whether it is free: where the next step began at once, they would never see it so.
private struct StepGap {
    private let store: JobQueue
    private let pause: (Duration) -> Void
    private var version: Int64
    private var end = ContinuousClock.now

    init(_ store: JobQueue, pausing pause: @escaping (Duration) -> Void) throws {
        self.store = store
        self.pause = pause
        version = try store.dataVersion()
    }

    /// Waits as long as the step took; beside others that write, so long that they keep nine tenths of
    /// the time.
    mutating func wait() throws {
        let step = min(end.duration(to: .now), .milliseconds(200))
        let version = try store.dataVersion()
        pause(step * (version == self.version ? 1 : 9))
        self.version = version
        end = .now
    }
}
