import Conversion
import GRDB

/// What becomes of one lead concerns those that share its account, or are to.
extension Database {
    func updateRelatedJobs(of job: Settlement, at time: String) throws {
        if let until = job.relatedJobsWaitUntil { try delayRelatedJobs(of: job, until, at: time) }
        guard let group = job.groupKey, let account = job.records?.accountID else { return }
        try join(account, group, at: time)
    }

    /// The rest of the group goes to the account that is there now.
    private func join(_ account: String, _ group: String, at time: String) throws {
        let sql = """
            UPDATE jobs SET account_id = ?1, updated_at = ?3
            WHERE group_key = ?2 AND state IN ('queued', 'held') AND account_id IS NULL
                AND ?1 GLOB '001*' AND length(?1) IN (15, 18)
            """
        try cachedStatement(sql: sql).execute(arguments: [account, group, time])
    }

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
