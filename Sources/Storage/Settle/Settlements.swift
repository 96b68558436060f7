import Conversion
import GRDB

/// What a call that has ended came to.
public struct SettledCall: Sendable {
    public var end: CallEnd
    /// What became of jobs.
    public var settlements: [Settlement] = []
    /// What searching for contacts or accounts came to, in a call that did that.
    public var findings: [MatchFinding] = []
    /// What became of follow-ups, in a call that was about those.
    public var followUps: [FollowUpSettlement] = []

    /// A call that changes no job yet.
    public init(_ end: CallEnd) { self.end = end }
}

extension Settlements {
    /// Settles calls: outcomes, next states, run-log rows, the calls' rows and the org's usage, all in
    /// one transaction.
    ///
    /// A job that is not where the settlement expects it has moved on; it is left alone, and so is
    /// its run-log row.
    /// - Returns: For each call, how many jobs or follow-ups were settled.
    @discardableResult
    public func settle(_ calls: [SettledCall]) throws -> [Int] {
        try store.write(carefully: { database, isCareful in
            try calls.map { isCareful ? try database.settleCarefully($0) : try database.settle($0) }
        })
    }
}

extension Database {
    /// - Parameter inOne: Whether plain conversions are written together.
    func settle(_ call: SettledCall, inOne: Bool = true) throws -> Int {
        let end = call.end
        let time = end.at.wall.description
        var finishing: [Settlement] = []
        var joined = JoinedGroups()
        var (plain, others) = call.settlements.plainConversions(by: end.callID)
        if try !inOne || !areSending(plain, in: end.callID) {
            (plain, others) = ([], call.settlements)
        }
        try keepLog(of: others.filter { $0.from == .sending }.map(\.jobID))
        // Before the jobs: it is a part of what the run log says of plain conversions.
        try self.end(end)
        try convert(plain, end)
        var settled = plain.count
        var batches = Set(plain.compactMap(\.batchID))
        for settlement in others {
            guard try move(settlement, at: time) else {
                try recordLateAnswer(settlement, end)
                continue
            }
            settled += 1
            try closeLog(
                settlement.entry, settlement.outcome, code: settlement.reason?.code,
                message: settlement.reason?.text, durationMS: end.durationMS,
                backoffMS: settlement.backoffMS, nextRunAt: settlement.nextRunAt,
                records: settlement.records, at: time)
            if let redirection = settlement.redirection {
                try redirect(settlement.jobID, redirection, at: time)
            }
            try updateRelatedJobs(of: settlement, &joined, at: time)
            if settlement.to == .finishing { finishing.append(settlement) }
            guard let batchID = settlement.batchID, settlement.to.isSettled else { continue }
            batches.insert(batchID)
            if settlement.pausesBatch {
                try hold(batch: batchID, for: settlement.jobID, at: end.at.wall)
            }
        }
        try finish(batches: batches, at: end.at.wall)
        for finding in call.findings { try apply(finding, end) }
        try beginFollowUps(of: finishing, at: end.at.wall)
        return settled + (try settle(call.followUps, end))
    }
}

extension Database {
    fileprivate func move(_ job: Settlement, at time: String) throws -> Bool {
        // A job that comes back to a batch which was paused meanwhile is held like the others. And what
        // Salesforce did counts, even if an UPDATE by hand says meanwhile that the job waits.
        let sql = """
            UPDATE jobs SET
                state = CASE
                    WHEN ?1 = 'queued' AND (state = 'held'
                        OR (SELECT paused FROM batches WHERE id = batch_id) = 1)
                    THEN 'held' ELSE ?1 END,
                attempts = ?2, run_at = coalesce(?3, run_at), doubt = ?4, split = ?5,
                deferred_for = iif(?1 = 'queued', \(Self.deferred(until: "?3", at: "?11")), deferred_for),
                may_be_converted = may_be_converted OR coalesce(?4 IN ('no_answer', 'answered'), 0),
                error_code = ?6, error_message = ?7, result_account_id = ?8,
                result_contact_id = ?9, result_opportunity_id = ?10, updated_at = ?11,
                finished_at = ?12, after_code = ?16, after_message = ?17
            WHERE id = ?13 AND call_id = ?15
                AND (state = ?14
                    OR ?14 IN ('sending', 'verifying') AND state IN ('queued', 'held')
                        AND EXISTS (
                            SELECT 1 FROM run_log_rows WHERE id = ?18 AND finished_at IS NULL))
            """
        let error = job.jobReason ?? job.reason
        try cachedStatement(sql: sql).execute(
            with: job.to.rawValue, job.attempts, job.nextRunAt?.description, job.doubt?.rawValue,
            job.split, error?.code, error?.message, job.records?.accountID,
            job.records?.contactID, job.records?.opportunityID, time,
            job.to.isSettled ? time : nil, job.jobID, job.from.rawValue, job.sentIn,
            job.afterReason?.code, job.afterReason?.message, job.entry)
        return changesCount == 1
    }

    /// An answer for a job that an UPDATE by hand had sent again meanwhile: the run log has it, and the job
    /// remembers that it may be converted by us.
    private func recordLateAnswer(_ job: Settlement, _ end: CallEnd) throws {
        guard try isLogOpen(job.entry) else { return }
        try closeLog(
            job.entry, job.outcome, code: job.reason?.code, message: job.reason?.text,
            durationMS: end.durationMS, records: job.records, at: end.at.wall.description)
        guard job.records != nil || job.doubt == .noAnswer || job.doubt == .answered else { return }
        try execute(
            sql: "UPDATE jobs SET may_be_converted = 1 WHERE id = ? AND finished_at IS NULL",
            arguments: [job.jobID])
    }

    /// Marks the batches of which no job is left unsettled; their commands are to run, again if
    /// they ran when the batch finished before.
    func finish(batches: Set<Int64>, at now: Timestamp) throws {
        let sql = """
            UPDATE batches SET finished_at = ?1, on_finish_started_at = NULL,
                on_finish_finished_at = NULL, on_finish_exit = NULL, on_finish_message = NULL
            WHERE id = ?2 AND finished_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM jobs
                WHERE batch_id = ?2 AND finished_at IS NULL)
            """
        for batch in batches {
            try cachedStatement(sql: sql).execute(arguments: [now.description, batch])
        }
    }
}

/// Groups whose leads were told of an account, so that each of a hundred leads that were converted into it
/// does not look at all the others again.
struct JoinedGroups {
    private struct Join: Hashable {
        var account: String
        var isOfContact: Bool
    }

    private var joins: [FoldedKey: Set<Join>] = [:]

    /// - Returns: Whether the group was not yet told of this account.
    mutating func insert(_ group: String, _ account: String, isOfContact: Bool) -> Bool {
        joins[FoldedKey(group), default: []].insert(
            Join(account: account, isOfContact: isOfContact)
        ).inserted
    }

    /// A lead has come back to the group, and may have to join, too.
    mutating func forget(_ group: String) { joins[FoldedKey(group)] = nil }
}

/// What becomes of one lead concerns those that share its account, or are to.
extension Database {
    /// - Parameter joined: The groups that have joined accounts in this call.
    func updateRelatedJobs(
        of job: Settlement, _ joined: inout JoinedGroups, at time: String
    ) throws {
        if let until = job.relatedJobsWaitUntil { try delayRelatedJobs(of: job, until, at: time) }
        guard let group = job.groupKey else { return }
        if job.to == .queued { joined.forget(group) }
        guard let account = job.records?.accountID,
            joined.insert(group, account, isOfContact: job.namesContact)
        else { return }
        try join(account, group, isOfContact: job.namesContact, at: time)
    }

    /// The rest of the group goes to the account that is there now; not those whose account is looked
    /// for, where a contact has brought it. Who joins waits for no lead that makes one.
    func join(
        _ account: String, _ group: String, isOfContact: Bool, at time: String
    ) throws {
        let sql = """
            UPDATE jobs INDEXED BY jobs_to_join
            SET account_id = ?1, joined_account = 1, updated_at = ?3,
                deferred_for = nullif(deferred_for, 'maker ' || lower(?2))
            WHERE group_key = ?2 AND group_key IS NOT NULL AND account_id IS NULL
                AND finished_at IS NULL AND state IN ('queued', 'held')
                AND ?1 GLOB '001*' AND length(?1) IN (15, 18) AND \(Self.joinsItsGroup)
                AND (match_account = 0 OR ?4 = 0)
            """
        try cachedStatement(sql: sql).execute(arguments: [account, group, time, isOfContact])
    }

    /// Whether a job goes into the account of its group: one whose contact is searched for first may find
    /// another account by it.
    static let joinsItsGroup = "(match_account = 0 OR \(WorkKind.hasContact))"

    /// The account that was last made, or joined, by a lead of the group; null where there is none, or
    /// where it is gone, as the job itself or a lead that went without it has found out. One that a
    /// contact has brought counts for nobody whose account is searched for.
    static let accountOfGroup = """
        (SELECT result_account_id FROM jobs AS first INDEXED BY jobs_by_group
        WHERE first.group_key = jobs.group_key AND first.group_key IS NOT NULL
            AND (first.state = 'converted' OR first.state = 'finishing')
            AND result_account_id GLOB '001*' AND length(result_account_id) IN (15, 18)
            AND (jobs.match_account = 0 OR first.contact_id IS NULL)
            AND first.result_account_id IS NOT jobs.dropped_account_id
            AND NOT (first.result_account_id IS jobs.account_id AND \(accountIsGone))
            AND NOT EXISTS (
                SELECT 1 FROM jobs AS other INDEXED BY jobs_that_dropped_accounts
                WHERE other.group_key = jobs.group_key AND other.dropped_account_id IS NOT NULL
                    AND other.dropped_account_id = first.result_account_id
                    AND other.state IN ('converted', 'finishing'))
        ORDER BY first.id DESC LIMIT 1)
        """

    /// Whether the job was refused as one is whose account was deleted or merged.
    static let accountIsGone =
        "coalesce(jobs.error_code IN ('ENTITY_IS_DELETED', 'INVALID_CROSS_REFERENCE_KEY'), 0)"

    /// A lock on an account is there for all of its leads: sent sooner, they would meet it, too.
    private func delayRelatedJobs(of job: Settlement, _ until: Timestamp, at time: String) throws {
        try cachedStatement(sql: "DELETE FROM delays WHERE until <= ?").execute(arguments: [time])
        let sql = """
            INSERT INTO delays (subject, until)
            SELECT 'account ' || substr(?1, 1, 15), ?3 WHERE ?1 IS NOT NULL
            UNION ALL SELECT 'group ' || lower(?2), ?3 WHERE ?2 IS NOT NULL
            ON CONFLICT (subject) DO UPDATE SET until = max(until, excluded.until)
            """
        try cachedStatement(sql: sql)
            .execute(arguments: [job.accountID, job.groupKey, until.description])
    }
}
