public import Conversion
import GRDB

/// What an operator's command did to jobs.
public struct Change: Sendable, Equatable {
    public var changed = 0
    /// How many of them wait for their batch to be resumed, by its name.
    public var held: [String: Int] = [:]
    /// Other jobs of a batch that was paused at one of them and goes on.
    public var released = 0
    /// Jobs that were left alone, by the state that kept them.
    public var left: [JobState: Int] = [:]
    /// Failed jobs that were left alone because their lead is in the queue again already.
    public var superseded = 0

    public init() {}
}

extension Operations {
    /// Makes failed jobs run again: attempts start again at none, the log keeps what was. A batch that its
    /// policy paused at one of them goes on.
    /// - Throws: `OperatorError` 66 when a job, lead or batch does not exist; then nothing is
    ///   changed.
    public func retry(
        _ selections: [JobSelection], at now: Timestamp, by person: String? = nil
    ) throws -> Change {
        try retrying(selections, at: now, by: person).finished()
    }

    /// The same, in steps.
    public func retrying(
        _ selections: [JobSelection], at now: Timestamp, by person: String? = nil
    ) throws -> JobChange {
        try JobChange(
            .retry, selections, Operation(.retry, of: selections, at: now, by: person), in: store)
    }

    /// Cancels jobs that were not sent yet.
    /// - Throws: `OperatorError` 66 when a job, lead or batch does not exist; then nothing is
    ///   changed.
    public func cancel(
        _ selections: [JobSelection], at now: Timestamp, by person: String? = nil
    ) throws -> Change {
        try cancelling(selections, at: now, by: person).finished()
    }

    /// The same, in steps.
    public func cancelling(
        _ selections: [JobSelection], at now: Timestamp, by person: String? = nil
    ) throws -> JobChange {
        try JobChange(
            .cancel, selections, Operation(.cancel, of: selections, at: now, by: person), in: store)
    }
}

/// Jobs that are retried or cancelled in steps: each is one transaction of some ten milliseconds, and
/// between them others can write.
public struct JobChange: Sendable {
    enum Kind { case retry, cancel }

    /// What was done so far.
    public private(set) var change = Change()

    private static let jobsInAStep = 500

    private let kind: Kind
    private let operation: Operation
    private let store: JobQueue
    private var id: OperationID?
    private var rest = RowNumbers()
    /// Batches that go on, and how far their jobs were released.
    private var released: [HoldStep] = []

    /// Finds the jobs: what comes to be in such a state later is not meant.
    fileprivate init(
        _ kind: Kind, _ selections: [JobSelection], _ operation: Operation, in store: JobQueue
    ) throws {
        (self.kind, self.operation, self.store) = (kind, operation, store)
        // One may be meant twice, by number and lead.
        var seen: Set<Int64> = []
        var (rest, left) = (RowNumbers(), [JobState: Int]())
        try store.read { database in
            for selection in selections {
                try database.select(selection) { job in
                    guard selections.count == 1 || seen.insert(job.id).inserted else { return }
                    if kind.applies(to: job) {
                        rest.append(job.id)
                    } else {
                        left[job.state, default: 0] += 1
                    }
                }
            }
        }
        self.rest = rest
        change.left = left
    }

    /// Does the next step. Where the last one is never done, the daemon releases what is still held of
    /// batches that go on; it does so meanwhile, too.
    /// - Returns: Whether there is another.
    public mutating func next() throws -> Bool {
        if rest.isEmpty, let batch = released.first { return try release(batch) }
        let step = rest.first(Self.jobsInAStep)
        (change, id, released) = try store.write { database in
            var (change, released) = (change, released)
            var batches: Set<Int64> = []
            for job in try database.jobs(step) {
                switch try database.act(kind, on: job, at: operation.at, &released) {
                case .leave: change.left[job.state, default: 0] += 1
                case .supersede: change.superseded += 1
                case .move(let state):
                    change.changed += 1
                    guard let batch = job.batchID else { continue }
                    batches.insert(batch)
                    if state == .held {
                        change.held[try database.name(ofBatch: batch), default: 0] += 1
                    }
                }
            }
            if kind == .cancel { try database.finish(batches: batches, at: operation.at) }
            // What was retried before the job that lets its batch go on was held for a moment.
            for step in released {
                change.held[try database.name(ofBatch: step.batch)] = nil
            }
            let jobs = change.changed - self.change.changed
            return (change, try database.record(operation, jobs: jobs, as: id), released)
        }
        rest.take(step.count)
        return !rest.isEmpty || !released.isEmpty
    }

    private mutating func release(_ batch: HoldStep) throws -> Bool {
        let next = try store.write { database in
            try database.holdJobs(
                false, of: batch.batch, after: batch.last, atMost: Self.jobsInAStep,
                at: operation.at)
        }
        change.released += next.jobs
        if next.jobs > 0 { released[0] = next } else { released.removeFirst() }
        return !released.isEmpty
    }

    fileprivate consuming func finished() throws -> Change {
        while try next() {}
        // Held jobs that were named, too, and were released after all.
        let held = change.left[.held, default: 0] - change.released
        if kind == .retry { change.left[.held] = held > 0 ? held : nil }
        return change
    }
}

extension JobChange.Kind {
    fileprivate func applies(to job: SelectedJob) -> Bool {
        switch self {
        case .retry: job.state == .failed || job.hasFailedFollowUp
        case .cancel: job.state == .queued || job.state == .held
        }
    }
}

/// What becomes of a job that an operator named.
private enum JobResult {
    case move(JobState)
    case leave
    /// Left alone, since its lead has another job.
    case supersede
}

extension Database {
    fileprivate func act(
        _ kind: JobChange.Kind, on job: SelectedJob, at now: Timestamp, _ released: inout [HoldStep]
    ) throws -> JobResult {
        guard kind.applies(to: job) else { return .leave }
        guard kind == .retry else { return try cancel(job, at: now) }
        let result =
            job.state == .failed
            ? try retry(job, at: now)
            : try retryFollowUps(of: job.id, in: job.batchID, at: now)
                ? .move(.finishing) : .supersede
        guard case .move(let state) = result, let batch = try release(batchHeldBy: job) else {
            return result
        }
        released.append(HoldStep(batch: batch, last: 0))
        // It was held with the others for a moment.
        return .move(state == .held ? .queued : state)
    }

    fileprivate func name(ofBatch batch: Int64) throws -> String {
        let sql = "SELECT name FROM batches WHERE id = ?"
        return try String.fetchOne(cachedStatement(sql: sql), arguments: [batch]) ?? ""
    }

    private func cancel(_ job: SelectedJob, at now: Timestamp) throws -> JobResult {
        let sql = """
            UPDATE jobs SET state = 'cancelled', updated_at = ?1, finished_at = ?1 WHERE id = ?2
            """
        try cachedStatement(sql: sql).execute(arguments: [now.description, job.id])
        return .move(.cancelled)
    }

    fileprivate func retry(_ job: SelectedJob, at now: Timestamp) throws -> JobResult {
        if job.isInDoubt { return try askAgain(about: job, at: now) }
        try supersedeSettledJobs(before: job.id)
        // OR IGNORE: a lead that was enqueued again meanwhile has its one unsettled job.
        let sql = """
            UPDATE OR IGNORE jobs SET
                state = CASE WHEN (SELECT paused FROM batches WHERE id = batch_id) = 1
                    THEN 'held' ELSE 'queued' END,
                attempts = 0, run_at = ?1, error_code = NULL, error_message = NULL, doubt = NULL,
                split = NULL, updated_at = ?1, finished_at = NULL, superseded = 0,
                contact_id = CASE WHEN \(Self.contactWasGiven) THEN contact_id END,
                account_id = CASE WHEN \(Self.accountWasGiven) THEN account_id
                    ELSE \(Self.accountToJoinAgain) END,
                joined_account = NOT (\(Self.accountWasGiven))
                    AND \(Self.accountToJoinAgain) IS NOT NULL,
                dropped_account_id = CASE WHEN joined_account = 1 AND \(Self.accountIsGone)
                    AND NOT (\(Self.accountWasGiven)) THEN account_id END,
                matched = CASE WHEN \(Self.contactWasGiven) THEN matched END, matched_account = NULL, matched_at = NULL,
                duplicate_contact_id = NULL, joins_duplicate = 0, needs_fallback_owner = 0
            WHERE id = ?2
            RETURNING state
            """
        let state = try String.fetchOne(
            cachedStatement(sql: sql), arguments: [now.description, job.id])
        guard let state = state.flatMap(JobState.init(rawValue:)) else { return .supersede }
        try reopen(batch: job.batchID)
        return .move(state)
    }

    /// What became of the lead is asked again before anything is sent: its call may have converted it.
    /// What the job asks for stays as it was sent.
    private func askAgain(about job: SelectedJob, at now: Timestamp) throws -> JobResult {
        try supersedeSettledJobs(before: job.id)
        let sql = """
            UPDATE OR IGNORE jobs SET state = 'verifying', doubt = 'crash', may_be_converted = 1,
                attempts = 0, run_at = ?1, updated_at = ?1, finished_at = NULL, superseded = 0
            WHERE id = ?2
            """
        try cachedStatement(sql: sql).execute(arguments: [now.description, job.id])
        guard changesCount == 1 else { return .supersede }
        try reopen(batch: job.batchID)
        return .move(.verifying)
    }

    /// A job that is taken up again becomes the last of its lead; those that were enqueued after it, and
    /// are settled, are not that any more.
    func supersedeSettledJobs(before job: Int64) throws {
        let sql = """
            UPDATE jobs SET superseded = id
            WHERE substr(lead_id, 1, 15) = (SELECT substr(lead_id, 1, 15) FROM jobs WHERE id = ?1)
                AND superseded = 0 AND finished_at IS NOT NULL AND id <> ?1
            """
        try cachedStatement(sql: sql).execute(with: job)
    }

    /// A batch with a job that is left again is not finished.
    func reopen(batch: Int64?) throws {
        guard let batch else { return }
        try execute(sql: "UPDATE batches SET finished_at = NULL WHERE id = ?", arguments: [batch])
    }

    /// Lets a batch go on that was paused because the job failed, and that job with it; one that somebody
    /// paused is for them to resume.
    /// - Returns: The batch, whose other jobs are still held; nil if it does not go on for this.
    fileprivate func release(batchHeldBy job: SelectedJob) throws -> Int64? {
        guard let batch = job.batchID else { return nil }
        let resume = """
            UPDATE batches SET paused = 0, paused_by = NULL, held_up_to = 0
            WHERE id = ?1 AND paused = 1 AND paused_by = ?2
            """
        try cachedStatement(sql: resume).execute(arguments: [batch, job.id])
        guard changesCount == 1 else { return nil }
        let release = "UPDATE jobs SET state = 'queued' WHERE id = ? AND state = 'held'"
        try cachedStatement(sql: release).execute(arguments: [job.id])
        return batch
    }
}
