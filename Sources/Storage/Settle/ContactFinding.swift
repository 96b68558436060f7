public import Conversion
import GRDB

/// What looking for a job's contact came to.
public struct ContactFinding: Sendable, Equatable {
    /// What was found.
    public enum Result: Sendable, Equatable {
        /// No contact has the address: the lead makes a new one.
        case nothing
        /// The one that the lead is converted into, and its account.
        case contact(RecordID, account: RecordID)
        /// A person account, which is its own contact: the lead is converted into the account alone.
        case personAccount(RecordID)
        /// No answer came: it is looked for again, then.
        case postponed(Reason, until: Timestamp)
        /// No answer comes for this lead, while others get theirs: an attempt is used, and it is
        /// looked for again after a pause.
        case retry(Reason, backoffMS: Int64, until: Timestamp)
        /// Nothing that it could be converted into.
        case unfit(Reason)
    }

    /// The job.
    public var jobID: Int64
    /// Its batch.
    public var batchID: Int64?
    /// The account within which it was looked for, if any.
    public var accountID: RecordID?
    /// What was found.
    public var result: Result
    /// Whether the rest of its batch is to be held if it fails.
    public var pausesBatch: Bool
    /// Attempts used, this search included if it used one.
    public var attempts: Int

    /// A finding.
    public init(_ job: ClaimedJob, _ result: Result) {
        jobID = job.id
        batchID = job.batchID
        accountID = job.conversion.accountID
        self.result = result
        pausesBatch = job.policy.onFailure == .pause
        attempts = job.attempts
    }
}

extension Database {
    /// Whether the job has joined no account since: then it is looked for again.
    private func isStillOf(_ account: RecordID?, _ job: Int64) throws -> Bool {
        let sql = "SELECT 1 FROM jobs WHERE id = ? AND substr(account_id, 1, 15) IS ?"
        let arguments: StatementArguments = [
            job, account.map { String($0.description.prefix(15)) },
        ]
        return try Bool.fetchOne(cachedStatement(sql: sql), arguments: arguments) ?? false
    }

    /// Writes down what was found, unless the job was cancelled or joined another account meanwhile.
    func take(_ finding: ContactFinding, _ end: CallEnd) throws {
        let time = end.at.wall.description
        switch finding.result {
        case .nothing:
            let sql = """
                UPDATE jobs SET matched = 'nothing', updated_at = ?
                WHERE id = ? AND state IN ('queued', 'held') AND matched IS NULL
                """
            try cachedStatement(sql: sql).execute(arguments: [time, finding.jobID])
        case .contact(let contact, let account):
            let sql = """
                UPDATE jobs SET
                    matched = CASE WHEN account_id IS NULL
                        THEN 'contact_and_account' ELSE 'contact' END,
                    account_id = coalesce(account_id, ?1), contact_id = ?2, updated_at = ?3
                WHERE id = ?4 AND state IN ('queued', 'held') AND matched IS NULL
                    AND (account_id IS NULL OR substr(account_id, 1, 15) = substr(?1, 1, 15))
                """
            try cachedStatement(sql: sql).execute(arguments: [
                account.description, contact.description, time, finding.jobID,
            ])
        case .personAccount(let account):
            let sql = """
                UPDATE jobs SET
                    matched = CASE WHEN account_id IS NULL THEN 'account' ELSE 'nothing' END,
                    account_id = coalesce(account_id, ?1), updated_at = ?2
                WHERE id = ?3 AND state IN ('queued', 'held') AND matched IS NULL
                    AND (account_id IS NULL OR substr(account_id, 1, 15) = substr(?1, 1, 15))
                """
            try cachedStatement(sql: sql).execute(arguments: [
                account.description, time, finding.jobID,
            ])
        case .postponed(let reason, let until):
            _ = try postpone(finding, reason, until, at: time)
        case .retry(let reason, let backoffMS, let until):
            try retry(finding, reason, backoffMS, until, end)
        case .unfit(let reason):
            try fail(finding, reason, end)
        }
    }

    /// - Returns: Whether it still waited for its contact.
    private func postpone(
        _ finding: ContactFinding, _ reason: Reason, _ until: Timestamp, at time: String
    ) throws -> Bool {
        let sql = """
            UPDATE jobs SET run_at = ?, error_code = ?, error_message = ?, updated_at = ?
            WHERE id = ? AND state IN ('queued', 'held') AND matched IS NULL
            """
        try cachedStatement(sql: sql).execute(arguments: [
            until.description, reason.code, reason.message, time, finding.jobID,
        ])
        return changesCount == 1
    }

    /// The row of the log is of the attempt that the search has used.
    private func retry(
        _ finding: ContactFinding, _ reason: Reason, _ backoffMS: Int64, _ until: Timestamp,
        _ end: CallEnd
    ) throws {
        let time = end.at.wall.description
        guard try postpone(finding, reason, until, at: time) else { return }
        let entry = try openLog(.convert, of: [finding.jobID], in: end.callID, at: end.at.wall)
        try execute(
            sql: """
                UPDATE run_log SET finished_at = ?, duration_ms = ?, outcome = 'retry', code = ?,
                    message = ?, backoff_ms = ?, next_run_at = ?
                WHERE id = ?
                """,
            arguments: [
                time, end.durationMS, reason.code, reason.message, backoffMS, until.description,
                entry,
            ])
        try use(finding.attempts, of: finding.jobID)
    }

    private func fail(_ finding: ContactFinding, _ reason: Reason, _ end: CallEnd) throws {
        guard try isStillOf(finding.accountID, finding.jobID) else { return }
        let hasFailed = try fail(
            finding.jobID, in: finding.batchID, reason, by: end.callID, at: end.at.wall)
        guard hasFailed else { return }
        try use(finding.attempts, of: finding.jobID)
        guard finding.pausesBatch, let batch = finding.batchID else { return }
        try hold(batch: batch, for: finding.jobID, at: end.at.wall)
    }

    private func use(_ attempts: Int, of job: Int64) throws {
        let sql = "UPDATE jobs SET attempts = ? WHERE id = ?"
        try cachedStatement(sql: sql).execute(arguments: [attempts, job])
    }
}
