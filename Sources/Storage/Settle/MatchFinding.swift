public import Conversion
import GRDB

/// What searching for a job's contact, or for the account of its group, came to.
public struct MatchFinding: Sendable, Equatable {
    /// What was found.
    public enum Result: Sendable, Equatable {
        /// There is none: the lead makes a new one.
        case nothing
        /// The one that the lead is converted into, and its account.
        case contact(RecordID, account: RecordID)
        /// A person account, which is its own contact: the lead is converted into the account alone.
        case personAccount(RecordID)
        /// The account that the whole group joins.
        case account(RecordID)
        /// No answer came, or a refusal of all searches: it is searched for again, then.
        case postponed(Reason, until: Timestamp)
        /// No answer comes for this lead, while others get theirs: an attempt is used, and it is
        /// searched for again after a pause.
        case retry(Reason, backoffMS: Int64, until: Timestamp)
        /// Nothing that it could be converted into.
        case unfit(Reason)
    }

    public var jobID: Int64
    public var batchID: Int64?
    /// The account within which it was searched for, if any.
    public var accountID: RecordID?
    /// Its group, if any.
    public var groupKey: String?
    /// What its contact was searched for by.
    public var contactKey: ContactKey?
    /// What was searched for.
    public var search: SearchKind
    /// What was found.
    public var result: Result
    /// Whether the rest of its batch is to be held if it fails.
    public var pausesBatch: Bool
    /// Attempts used, this search included if it used one.
    public var attempts: Int

    /// A finding.
    public init(_ job: ClaimedJob, _ result: Result, of search: SearchKind = .contact) {
        jobID = job.id
        batchID = job.batchID
        accountID = job.conversion.accountID
        groupKey = job.groupKey
        contactKey = job.contactKey
        self.search = search
        self.result = result
        pausesBatch = job.policy.onFailure == .pause
        attempts = job.attempts
    }

    /// Whether its job still waits for what was searched for; one that was cancelled or that joined an
    /// account meanwhile does not.
    fileprivate var isWaiting: String {
        switch search {
        case .contact: "state IN ('queued', 'held') AND matched IS NULL"
        case .account:
            """
            state IN ('queued', 'held') AND match_account = 1 AND account_id IS NULL
                AND matched_account IS NULL
            """
        }
    }
}

extension Database {
    /// Writes down what was found, unless the job was cancelled or joined another account meanwhile, or
    /// somebody has corrected what it is searched for by.
    func apply(_ finding: MatchFinding, _ end: CallEnd) throws {
        let time = end.at.wall.description
        guard try isStillLookedFor(finding) else { return }
        switch finding.result {
        case .nothing:
            try applyNothing(finding, at: time)
        case .contact(let contact, let account):
            try apply(contact, of: account, finding, at: time)
        case .personAccount(let account):
            try apply(personAccount: account, finding, at: time)
        case .account(let account):
            try apply(account, finding, at: time)
        case .postponed(let reason, let until):
            _ = try postpone(finding, reason, until, at: time)
        case .retry(let reason, let backoffMS, let until):
            try retry(finding, reason, backoffMS, until, end)
        case .unfit(let reason):
            try fail(finding, reason, end)
        }
    }

    /// Whether the job is searched for by what was asked about. An account is its group's, whatever has
    /// become of the job that brought it.
    private func isStillLookedFor(_ finding: MatchFinding) throws -> Bool {
        let (column, key): (String, String?) =
            switch (finding.search, finding.contactKey, finding.result) {
            case (.account, _, .account): ("group_key", nil)
            case (.account, _, _): ("group_key", finding.groupKey)
            case (.contact, .email(let address), _): ("match_email", address)
            case (.contact, .id(let contact), _): ("duplicate_contact_id", contact.description)
            case (.contact, nil, _): ("match_email", nil)
            }
        guard let key else { return true }
        let sql = "SELECT 1 FROM jobs WHERE id = ? AND \(column) = ?"
        return try Bool.fetchOne(cachedStatement(sql: sql), arguments: [finding.jobID, key])
            ?? false
    }

    // MARK: Contacts

    private func apply(
        _ contact: RecordID, of account: RecordID, _ finding: MatchFinding, at time: String
    ) throws {
        let sql = """
            UPDATE jobs SET
                matched = CASE WHEN account_id IS NULL
                    THEN 'contact_and_account' ELSE 'contact' END,
                account_id = coalesce(account_id, ?1), contact_id = ?2, updated_at = ?3,
                matched_at = ?3
            WHERE id = ?4 AND \(finding.isWaiting)
                AND (account_id IS NULL OR substr(account_id, 1, 15) = substr(?1, 1, 15))
            """
        try cachedStatement(sql: sql).execute(arguments: [
            account.description, contact.description, time, finding.jobID,
        ])
    }

    private func apply(
        personAccount account: RecordID, _ finding: MatchFinding, at time: String
    ) throws {
        let sql = """
            UPDATE jobs SET
                matched = CASE WHEN account_id IS NULL THEN 'account' ELSE 'nothing' END,
                account_id = coalesce(account_id, ?1), updated_at = ?2, matched_at = ?2
            WHERE id = ?3 AND \(finding.isWaiting)
                AND (account_id IS NULL OR substr(account_id, 1, 15) = substr(?1, 1, 15))
            """
        try cachedStatement(sql: sql).execute(arguments: [
            account.description, time, finding.jobID,
        ])
    }

    // MARK: Nothing, or an account

    private func applyNothing(_ finding: MatchFinding, at time: String) throws {
        let sql =
            switch finding.search {
            case .contact:
                // What it joins instead is what the group has by now.
                """
                UPDATE jobs SET matched = 'nothing', updated_at = ?1, matched_at = ?1,
                    joined_account = CASE WHEN match_account = 1 AND account_id IS NULL
                        THEN \(Self.accountOfGroup) IS NOT NULL ELSE joined_account END,
                    account_id = coalesce(
                        account_id, CASE WHEN match_account = 1 THEN \(Self.accountOfGroup) END)
                WHERE id = ?2 AND \(finding.isWaiting)
                """
            case .account:
                """
                UPDATE jobs SET matched_account = 'nothing', updated_at = ?1, matched_at = ?1
                WHERE id = ?2 AND \(finding.isWaiting) AND \(Self.groupIsNotBusy)
                """
            }
        try cachedStatement(sql: sql).execute(arguments: [time, finding.jobID])
    }

    private func apply(_ account: RecordID, _ finding: MatchFinding, at time: String) throws {
        let sql = """
            UPDATE jobs INDEXED BY jobs_to_join
            SET account_id = ?1, matched_account = 'account', updated_at = ?2,
                matched_at = ?2, deferred_for = nullif(deferred_for, 'maker ' || lower(?3))
            WHERE group_key = ?3 AND group_key IS NOT NULL AND account_id IS NULL
                AND finished_at IS NULL AND state IN ('queued', 'held')
                AND \(Self.joinsItsGroup) AND \(Self.groupIsNotBusy)
            """
        try cachedStatement(sql: sql).execute(arguments: [
            account.description, time, finding.groupKey,
        ])
    }

    /// A lead of the group that did not want the search may have left meanwhile, and make an account:
    /// the others wait for that.
    private static let groupIsNotBusy = """
        NOT EXISTS (
            SELECT 1 FROM jobs AS other INDEXED BY jobs_busy_groups
            WHERE other.group_key = jobs.group_key AND other.group_key IS NOT NULL
                AND \(WorkKind.isInFlight("other")) AND other.state <> 'finishing')
        """

    // MARK: No answer, or one that does not fit

    /// - Returns: Whether it still waited for what was searched for.
    private func postpone(
        _ finding: MatchFinding, _ reason: Reason, _ until: Timestamp, at time: String
    ) throws -> Bool {
        let sql = """
            UPDATE jobs SET run_at = ?1, error_code = ?2, error_message = ?3, updated_at = ?4,
                deferred_for = \(Self.deferred(until: "?1", at: "?4"))
            WHERE id = ?5 AND \(finding.isWaiting)
            """
        try cachedStatement(sql: sql).execute(arguments: [
            until.description, reason.code, reason.message, time, finding.jobID,
        ])
        return changesCount == 1
    }

    /// The row of the log is of the attempt that the search has used.
    private func retry(
        _ finding: MatchFinding, _ reason: Reason, _ backoffMS: Int64, _ until: Timestamp,
        _ end: CallEnd
    ) throws {
        let time = end.at.wall.description
        guard try postpone(finding, reason, until, at: time) else { return }
        let entry = try openLog(.convert, of: [finding.jobID], in: end.callID, at: end.at.wall)
        try closeLog(
            entry, .retry, code: reason.code, message: reason.message, durationMS: end.durationMS,
            backoffMS: backoffMS, nextRunAt: until, at: time)
        try use(finding.attempts, of: finding.jobID)
    }

    private func fail(_ finding: MatchFinding, _ reason: Reason, _ end: CallEnd) throws {
        guard try isStillOf(finding.accountID, finding.jobID) else { return }
        let hasFailed = try fail(
            finding.jobID, in: finding.batchID, reason, by: end.callID, at: end.at.wall)
        guard hasFailed else { return }
        try use(finding.attempts, of: finding.jobID)
        guard finding.pausesBatch, let batch = finding.batchID else { return }
        try hold(batch: batch, for: finding.jobID, at: end.at.wall)
    }

    /// Whether the job has joined no account since: then it is searched for again.
    private func isStillOf(_ account: RecordID?, _ job: Int64) throws -> Bool {
        let sql = "SELECT 1 FROM jobs WHERE id = ? AND substr(account_id, 1, 15) IS ?"
        return try Bool.fetchOne(cachedStatement(sql: sql), arguments: [job, account?.short])
            ?? false
    }

    private func use(_ attempts: Int, of job: Int64) throws {
        let sql = "UPDATE jobs SET attempts = ? WHERE id = ?"
        try cachedStatement(sql: sql).execute(arguments: [attempts, job])
    }
}
