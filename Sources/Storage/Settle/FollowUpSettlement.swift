public import Conversion
import GRDB

/// What a call came to for one follow-up: its row in the run log, and where it goes from here.
public struct FollowUpSettlement: Sendable, Equatable {
    /// Where a follow-up goes; the words are those of `follow_ups.state`.
    public enum State: String, Sendable {
        /// It is sent, now or at a time.
        case waiting
        /// It is asked about, or, where it sets fields, made again once its call is over.
        case verifying
        case done
        /// It failed for good.
        case failed
    }

    /// The follow-up.
    public var id: Int64
    public var jobID: Int64
    /// The job's batch.
    public var batchID: Int64?
    /// Its open row in the run log.
    public var entry: Int64
    /// The call that it was sent in, if it was in one: one that was sent again since is left alone.
    public var sentIn: Int64?
    /// What this attempt, or this verification, came to.
    public var outcome: Outcome
    /// Where it goes.
    public var to: State
    /// Attempts used, this one included if it used one.
    public var attempts: Int
    /// Why, where something went wrong.
    public var reason: Reason?
    /// What it keeps as its error, where that is another than the reason of this row.
    public var kept: Reason?
    /// The record that is set or made.
    public var recordID: String?
    /// The pause before the next attempt, in milliseconds.
    public var backoffMS: Int64?
    /// When it is sent, or asked about, next; nil leaves `run_at` as it is.
    public var nextRunAt: Timestamp?
    /// Why it is in doubt, if it is.
    public var doubt: ClaimedFollowUp.Doubt?
    /// The half it travels with from here on; nil when it travels with all.
    public var split: Int64?
    /// Whether the rest of its batch is to be held.
    public var pausesBatch = false

    /// A settlement of a follow-up that was in a call.
    public init(_ followUp: ClaimedFollowUp, in callID: Int64, _ outcome: Outcome, to state: State)
    {
        self.init(followUp, outcome, to: state)
        sentIn = callID
    }

    /// A settlement of one that was asked about.
    public init(_ followUp: ClaimedFollowUp, _ outcome: Outcome, to state: State) {
        id = followUp.id
        jobID = followUp.jobID
        batchID = followUp.batchID
        entry = followUp.entry
        sentIn = followUp.lastCallID
        self.outcome = outcome
        to = state
        attempts = followUp.attempts
        split = followUp.split
    }
}

extension Database {
    /// Settles follow-ups, and with them the jobs of which none is left to do.
    /// - Returns: How many follow-ups were settled.
    func settle(_ settlements: [FollowUpSettlement], _ end: CallEnd) throws -> Int {
        guard !settlements.isEmpty else { return 0 }
        var settled = 0
        var jobs: Set<Int64> = []
        for settlement in settlements {
            let isMoved = try move(settlement, at: end.at.wall)
            // Of one that somebody has ended meanwhile the run log has the answer all the same.
            guard try isMoved || isLogOpen(settlement.entry) else { continue }
            // The row of one that is done names its record.
            try closeLog(
                settlement.entry, settlement.outcome, code: settlement.reason?.code,
                message: settlement.reason?.text ?? settlement.recordID,
                durationMS: end.durationMS, backoffMS: settlement.backoffMS,
                nextRunAt: settlement.nextRunAt, at: end.at.wall.description)
            guard isMoved else { continue }
            settled += 1
            guard settlement.to == .done || settlement.to == .failed else { continue }
            jobs.insert(settlement.jobID)
            if settlement.pausesBatch, let batch = settlement.batchID {
                try hold(batch: batch, for: settlement.jobID, at: end.at.wall)
            }
        }
        try completeJobs(jobs, at: end.at.wall)
        return settled
    }

    private func move(_ settlement: FollowUpSettlement, at now: Timestamp) throws -> Bool {
        let sql = """
            UPDATE follow_ups SET state = ?1, attempts = ?2, run_at = coalesce(?3, run_at),
                doubt = ?4, split = ?5, code = ?6, message = ?7, updated_at = ?10
            WHERE id = ?8 AND call_id IS ?9 AND (state = 'sending' OR state = 'verifying')
            """
        let error = settlement.kept ?? settlement.reason
        try cachedStatement(sql: sql).execute(
            with: settlement.to.rawValue, settlement.attempts, settlement.nextRunAt?.description,
            settlement.doubt?.rawValue, settlement.split, error?.code, error?.message,
            settlement.id, settlement.sentIn, now.description)
        return changesCount == 1
    }

    /// Ends the jobs of which no follow-up is left to do; what failed of them the job tells.
    func completeJobs(_ jobs: Set<Int64>, at now: Timestamp) throws {
        let sql = """
            UPDATE jobs SET state = 'converted', finished_at = ?1, updated_at = ?1,
                after_code = (
                    SELECT code FROM follow_ups
                    WHERE job_id = jobs.id AND state = 'failed' ORDER BY id LIMIT 1),
                after_message = (
                    SELECT group_concat(text, '; ') FROM (
                        SELECT kind || ' ' || object || ': ' || coalesce(message, code) AS text
                        FROM follow_ups
                        WHERE job_id = jobs.id AND state = 'failed' ORDER BY id))
            WHERE id = ?2 AND state = 'finishing' AND NOT EXISTS (
                SELECT 1 FROM follow_ups
                WHERE job_id = jobs.id AND state IN ('waiting', 'sending', 'verifying'))
            RETURNING batch_id
            """
        var batches: Set<Int64> = []
        for job in jobs.sorted() {
            let row = try Row.fetchOne(
                cachedStatement(sql: sql), arguments: [now.description, job])
            if let batch: Int64 = row?["batch_id"] { batches.insert(batch) }
        }
        try finish(batches: batches, at: now)
    }
}
