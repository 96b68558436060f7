import Conversion
import GRDB

/// What becomes of one lead concerns those that share its account, or are to.
extension Database {
    func tellKin(of job: Settlement, at time: String) throws {
        if let until = job.relatedJobsWaitUntil { try delayKin(of: job, until, at: time) }
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
    private func delayKin(of job: Settlement, _ until: Timestamp, at time: String) throws {
        let delay = "UPDATE jobs SET run_at = ?1, delayed_by = ?2, updated_at = ?3"
        let later = "state = 'queued' AND run_at < ?1 AND id <> ?2"
        if let account = job.accountID {
            let sql = """
                \(delay)
                WHERE account_id IS NOT NULL AND substr(account_id, 1, 15) = substr(?4, 1, 15)
                    AND \(later)
                """
            try cachedStatement(sql: sql)
                .execute(arguments: [until.description, job.jobID, time, account])
        }
        if let group = job.groupKey {
            let sql = "\(delay) WHERE group_key = ?4 AND \(later)"
            try cachedStatement(sql: sql)
                .execute(arguments: [until.description, job.jobID, time, group])
        }
    }
}
