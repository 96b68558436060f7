import Conversion
import GRDB

extension Database {
    /// Writes down what follows these conversions, in the transaction that settles them.
    func beginFollowUps(of settlements: [Settlement], at now: Timestamp) throws {
        guard !settlements.isEmpty else { return }
        // One that was converted by a call of which nobody saw the answer may have been so in an earlier
        // life of this file, which has left its note already.
        let (doubtful, clear) = settlements.reduce(into: ([Int64](), [Int64]())) { jobs, settled in
            if settled.from == .verifying {
                jobs.0.append(settled.jobID)
            } else {
                jobs.1.append(settled.jobID)
            }
        }
        try addFollowUps(of: clear, askingFirst: false, at: now)
        try addFollowUps(of: doubtful, askingFirst: true, at: now)
        try completeJobs(Set(settlements.map(\.jobID)), at: now)
    }

    /// What is not there yet of each job's follow-ups. One whose record the conversion did not make has
    /// failed at once.
    private func addFollowUps(
        of jobs: [Int64], askingFirst: Bool, at now: Timestamp
    ) throws {
        guard !jobs.isEmpty else { return }
        let sql = """
            INSERT OR IGNORE INTO follow_ups (job_id, batch_id, priority, kind, object, record_id,
                account_id, state, doubt, run_at, updated_at, code, message)
            SELECT job_id, batch_id, priority, kind, object, record, result_account_id,
                CASE WHEN record IS NULL THEN 'failed'
                    WHEN :asks AND kind <> 'set' THEN 'verifying' ELSE 'waiting' END,
                iif(record IS NOT NULL AND :asks AND kind <> 'set', 'restart', NULL), :now, :now,
                iif(record IS NULL, 'NO_' || upper(object), NULL),
                iif(record IS NULL, 'The conversion made no ' || lower(object)
                    || ' and joined none.', NULL)
            FROM (
                SELECT jobs.id AS job_id, batch_id, priority, result_account_id, wanted.kind,
                    wanted.object,
                    CASE wanted.object WHEN 'Account' THEN result_account_id
                        WHEN 'Contact' THEN result_contact_id
                        ELSE result_opportunity_id END AS record
                FROM json_each(:jobs) AS given
                CROSS JOIN jobs ON jobs.id = given.value
                CROSS JOIN (
                    SELECT 1 AS place, 'set' AS kind, 'Account' AS object
                    UNION ALL SELECT 2, 'set', 'Contact' UNION ALL SELECT 3, 'set', 'Opportunity'
                    UNION ALL SELECT 4, 'note', 'Contact' UNION ALL SELECT 5, 'note', 'Account'
                    UNION ALL SELECT 6, 'note', 'Opportunity' UNION ALL SELECT 7, 'task', 'Contact'
                ) AS wanted
                WHERE CASE wanted.kind
                    WHEN 'set' THEN json_type(after_set, '$.' || wanted.object) IS NOT NULL
                    WHEN 'note' THEN note_body IS NOT NULL
                        AND coalesce(note_on, 'contact') = lower(wanted.object)
                    ELSE task_subject IS NOT NULL END
                ORDER BY given.key, wanted.place)
            """
        try cachedStatement(sql: sql).execute(arguments: [
            "jobs": jobs.json, "asks": askingFirst, "now": now.description,
        ])
    }

    /// Goes on with what is missing of a converted job; what is done stays done.
    /// - Returns: false when the lead has another unsettled job.
    func retryFollowUps(of job: Int64, in batch: Int64?, at now: Timestamp) throws -> Bool {
        try supersedeSettledJobs(before: job)
        let sql = """
            UPDATE OR IGNORE jobs SET state = 'finishing', after_code = NULL, after_message = NULL,
                updated_at = ?1, finished_at = NULL, superseded = 0
            WHERE id = ?2
            """
        try cachedStatement(sql: sql).execute(arguments: [now.description, job])
        guard changesCount == 1 else { return false }
        try reopen(batch: batch)
        // One in doubt is asked about again. The others are made new, as the job asks for them now.
        try execute(
            sql: """
                UPDATE follow_ups SET state = 'verifying', attempts = 0, split = NULL, run_at = ?1,
                    updated_at = ?1
                WHERE job_id = ?2 AND state = 'failed' AND doubt IS NOT NULL
                """,
            arguments: [now.description, job])
        try execute(
            sql: "DELETE FROM follow_ups WHERE job_id = ? AND state = 'failed'", arguments: [job])
        try addFollowUps(of: [job], askingFirst: true, at: now)
        try completeJobs([job], at: now)
        return true
    }

    /// Takes over the follow-ups of a daemon that ended. Notes and tasks are asked about, those that
    /// were waiting, too: this file may be a copy, and the original has sent them since. Fields are set
    /// again once a call that set them can no longer be running.
    /// - Parameter isSameBoot: Whether the machine has not been started again since.
    func recoverFollowUps(at now: Moment, lifetimeSinceClaimMS: Int64, isSameBoot: Bool) throws {
        try execute(
            sql: """
                UPDATE follow_ups SET state = 'verifying', doubt = 'crash',
                    run_at = iif(kind = 'set', ?2, ?1), updated_at = ?1
                WHERE state = 'sending'
                """,
            arguments: [now.wall.description, (now.wall + lifetimeSinceClaimMS).description])
        // As with jobs: whose fault it was is forgotten.
        try execute(
            sql: """
                UPDATE follow_ups SET doubt = 'crash'
                WHERE state = 'verifying' AND doubt = 'no_answer' AND kind <> 'set'
                """)
        // The clock that tells how long ago that call was began again with the machine.
        if !isSameBoot {
            try execute(
                sql: """
                    UPDATE follow_ups SET run_at = ?2, updated_at = ?1
                    WHERE state = 'verifying' AND kind = 'set' AND doubt <> 'answered'
                        AND run_at < ?2
                    """,
                arguments: [now.wall.description, (now.wall + lifetimeSinceClaimMS).description])
        }
        try execute(
            sql: """
                UPDATE follow_ups SET state = 'verifying', doubt = 'restart', run_at = ?1,
                    updated_at = ?1
                WHERE state = 'waiting' AND kind <> 'set'
                """,
            arguments: [now.wall.description])
    }
}
