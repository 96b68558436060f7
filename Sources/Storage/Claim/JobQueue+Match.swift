import Conversion
import GRDB

extension JobQueue {
    /// Puts jobs into a call that looks for their contacts; they share it as they do a call that
    /// converts, and leads of one address go one after the other.
    ///
    /// The jobs stay `queued`: it is a read, so nobody is in doubt if no answer comes, and they can
    /// be cancelled meanwhile. One such call at a time, or they are asked about twice.
    /// - Parameter choose: Which of the offered fit into one call.
    /// - Returns: nil when no contact is to be looked for now.
    public func claimMatch(
        upTo size: Int, _ start: CallStart, from rotation: Rotation = Rotation(),
        choosing choose: ([ClaimedJob]) -> [ClaimedJob]
    ) throws -> ClaimedMatch? {
        try claim(.toMatch, upTo: size, at: start.at.wall, from: rotation, choosing: choose) {
            database, jobs, rotation in
            let callID = try database.begin(.match, size: jobs.count, start)
            return ClaimedMatch(id: callID, jobs: jobs, rotation: rotation)
        }
    }
}

extension Database {
    /// Whether the job has joined no account since: within that, it is looked for anew.
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
