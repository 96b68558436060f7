import Conversion
import GRDB

// A rule of the schema that one row breaks undoes the transaction that writes to it, and with that what
// calls came to for all their other jobs. So a transaction that was refused is made once more with each
// job for itself, and the one whose row it is fails alone.

extension JobQueue {
    /// Runs one writing transaction, and where a row broke a rule another, in which `body` is to be careful.
    func write<Result>(
        carefully body: (_ database: Database, _ isCareful: Bool) throws -> Result
    ) throws -> Result {
        // Asked before: a rule that is broken may have ended the transaction.
        let isTogether = isTogether
        do {
            return try write { try body($0, false) }
        } catch let error as OperatorError where error.status == .dataRefused && !isTogether {
            return try write { try body($0, true) }
        }
    }
}

extension Database {
    /// Runs `body`, and undoes what it did if it breaks a rule. None of its statements may be one that
    /// rolls back the transaction.
    /// - Parameter isTrial: Whether to undo it in any case.
    /// - Returns: The rule as SQLite names it; nil when none was broken.
    func ruleBroken(isTrial: Bool = false, by body: () throws -> Void) throws -> String? {
        do {
            try inSavepoint {
                try body()
                return isTrial ? .rollback : .commit
            }
            return nil
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            return error.message ?? "\(error.extendedResultCode)"
        }
    }

    /// Runs `body`, which writes to one row what has to be written. Where a trigger that somebody added
    /// refuses that, `body` runs again without triggers: one row must not stop all others.
    func withoutTriggersIfRefused(_ body: () throws -> Void) throws {
        guard try ruleBroken(by: body) != nil else { return }
        let wereEnabled = try setTriggers(enabled: false)
        let outcome = Result(catching: body)
        try setTriggers(enabled: wereEnabled)
        try outcome.get()
    }

    /// Changes jobs that are queued or held.
    /// - Parameter isCareful: Whether each is changed for itself, and one whose row breaks a rule fails.
    func change(
        _ jobs: [Int64], carefully isCareful: Bool, at now: Timestamp,
        _ body: ([Int64]) throws -> Void
    ) throws {
        guard isCareful else { return try body(jobs) }
        for job in jobs {
            guard let rule = try ruleBroken(by: { try body([job]) }) else { continue }
            try failInvalidRow(job, breaking: rule, at: now)
        }
    }

    /// Fails those of the jobs that could not be written as sent.
    /// - Returns: Whether there were any.
    func failInvalidRows(among jobs: [ClaimedJob], at now: Timestamp) throws -> Bool {
        let sql = "UPDATE jobs SET state = 'sending', call_id = 0 WHERE id = ?"
        var hasFailed = false
        for job in jobs {
            let rule = try ruleBroken(isTrial: true) {
                try cachedStatement(sql: sql).execute(arguments: [job.id])
            }
            guard let rule else { continue }
            try failInvalidRow(job.id, breaking: rule, at: now)
            hasFailed = true
        }
        return hasFailed
    }

    /// Fails those of the jobs in doubt of which no verification could be written down.
    /// - Returns: The others.
    func failInvalidRows(among jobs: [InDoubtJob], at now: Timestamp) throws -> [InDoubtJob] {
        try jobs.filter { job in
            let rule = try ruleBroken(isTrial: true) { try log(.verify, of: job.job.id, at: now) }
            guard let rule else { return true }
            let reason = Reason.rowRefused(rule)
            let malformed = MalformedRow(
                id: job.job.id, batchID: job.job.batchID, code: reason.code,
                sentence: reason.message, pausesBatch: job.job.policy.onFailure == .pause)
            try fail(malformed, asking: .verify, isLogged: false, at: now)
            return false
        }
    }

    /// Fails those of the follow-ups that could not be written as sent, or as asked about.
    /// - Returns: The others.
    func failInvalidRows(
        among followUps: [ClaimedFollowUp], at now: Timestamp
    ) throws -> [ClaimedFollowUp] {
        let send = "UPDATE follow_ups SET state = 'sending', call_id = 0 WHERE id = ?"
        let fail = """
            UPDATE follow_ups SET state = 'failed', code = ?, message = ?, updated_at = ?
            WHERE id = ?
            """
        return try followUps.filter { followUp in
            let rule = try ruleBroken(isTrial: true) {
                try cachedStatement(sql: send).execute(arguments: [followUp.id])
                try log(.note, of: followUp.jobID, at: now)
            }
            guard let rule else { return true }
            let reason = Reason.rowRefused(rule)
            try withoutTriggersIfRefused {
                try execute(
                    sql: fail,
                    arguments: [reason.code, reason.message, now.description, followUp.id])
            }
            try completeJobs([followUp.jobID], at: now)
            return false
        }
    }

    /// A row in the run log, without a clause that would roll back more than itself.
    private func log(_ kind: CallKind, of job: Int64, at now: Timestamp) throws {
        let sql = """
            INSERT INTO run_log_rows (id, job_id, lead_id, batch_id, attempt, kind, started_at)
            SELECT ?, id, lead_id, batch_id, attempts + 1, ?, ? FROM jobs WHERE id = ?
            """
        try cachedStatement(sql: sql).execute(arguments: [
            nextLogNumber(), kind.rawValue, now.description, job,
        ])
    }

    /// Fails a job that is queued or held.
    func failInvalidRow(_ job: Int64, breaking rule: String, at now: Timestamp) throws {
        let sql = """
            SELECT batch_id, coalesce(
                policy, (SELECT policy FROM batches WHERE id = batch_id), 'default') AS policy
            FROM jobs WHERE id = ?
            """
        guard let row = try Row.fetchOne(self, sql: sql, arguments: [job]) else { return }
        let policy = try policies()[row["policy"]] ?? RetryPolicy()
        let reason = Reason.rowRefused(rule)
        let malformed = MalformedRow(
            id: job, batchID: row["batch_id"], code: reason.code, sentence: reason.message,
            pausesBatch: policy.onFailure == .pause)
        try fail(malformed, asking: .convert, at: now)
    }
}

extension Database {
    /// Fails a job that was sending when its daemon ended; that call may have converted its lead.
    func failInFlight(_ job: Int64, breaking rule: String, at now: Timestamp) throws {
        let reason = Reason.rowRefused(rule)
        try withoutTriggersIfRefused {
            try execute(
                sql: """
                    UPDATE jobs SET state = 'failed', doubt = NULL, may_be_converted = 1,
                        error_code = ?1, error_message = ?2, updated_at = ?3, finished_at = ?3
                    WHERE id = ?4
                    """,
                arguments: [reason.code, reason.message, now.description, job])
        }
    }
}

// MARK: What a call came to

extension Database {
    /// Settles a call one job after the other. Its end is written with each of them, and only the first
    /// time takes.
    /// - Returns: How many jobs, or follow-ups, were settled.
    func settleCarefully(_ call: SettledCall) throws -> Int {
        try withoutTriggersIfRefused { try keepLog(of: call.settlements.map(\.jobID)) }
        var settled = try settle(SettledCall(call.end), inOne: false)
        for settlement in call.settlements {
            settled += try settleAlone(call.end, { $0.settlements = [settlement] }) {
                try settleInvalidRow(settlement, call.end, breaking: $0)
            }
        }
        for finding in call.findings {
            settled += try settleAlone(call.end, { $0.findings = [finding] }) {
                try failInvalidRow(finding.jobID, breaking: $0, at: call.end.at.wall)
            }
        }
        for followUp in call.followUps {
            settled += try settleAlone(call.end, { $0.followUps = [followUp] }) {
                try settleInvalidRow(followUp, call.end, breaking: $0)
            }
        }
        return settled
    }

    private func settleAlone(
        _ end: CallEnd, _ part: (inout SettledCall) -> Void,
        orElse fail: (_ rule: String) throws -> Void
    ) throws -> Int {
        var alone = SettledCall(end)
        part(&alone)
        var settled = 0
        if let rule = try ruleBroken(by: { settled = try settle(alone, inOne: false) }) {
            try fail(rule)
            return 1
        }
        return settled
    }

    /// Writes what a call came to for one job, in the fewest words: whether it is converted, and into
    /// what. A lead that is not, or not surely, may still have been by that call.
    func settleInvalidRow(_ job: Settlement, _ end: CallEnd, breaking rule: String) throws {
        func write(_ records: ConvertedRecords?) throws {
            try withoutTriggersIfRefused { try settle(job, end, breaking: rule, records) }
        }
        guard try ruleBroken(by: { try write(job.records) }) != nil else { return }
        // An index that somebody added to the results: the run log has them all the same.
        try write(nil)
    }

    private func settle(
        _ job: Settlement, _ end: CallEnd, breaking rule: String, _ records: ConvertedRecords?
    ) throws {
        let reason = Reason.rowRefused(rule)
        let isConverted = job.records != nil
        try execute(
            sql: """
                UPDATE jobs SET state = ?1, doubt = NULL, updated_at = ?2, finished_at = ?2,
                    may_be_converted = may_be_converted OR ?3, error_code = ?4, error_message = ?5,
                    result_account_id = ?6, result_contact_id = ?7, result_opportunity_id = ?8,
                    after_code = ?12, after_message = ?13
                WHERE id = ?9 AND state = ?10 AND call_id = ?11
                """,
            arguments: [
                isConverted ? "converted" : "failed", end.at.wall.description, !isConverted,
                isConverted ? nil : reason.code, isConverted ? nil : reason.message,
                records?.accountID, records?.contactID, records?.opportunityID,
                job.jobID, job.from.rawValue, job.sentIn,
                job.to == .finishing ? reason.code : nil,
                job.to == .finishing ? reason.message : nil,
            ])
        guard changesCount == 1 else { return }
        try closeLog(
            job.entry, isConverted ? .converted : .failed, code: reason.code,
            message: reason.message, durationMS: end.durationMS, records: job.records,
            at: end.at.wall.description)
        if let batch = job.batchID { try finish(batches: [batch], at: end.at.wall) }
    }

    /// Leaves a follow-up to a person; retried, it is asked about first where that can be done.
    func settleInvalidRow(
        _ followUp: FollowUpSettlement, _ end: CallEnd, breaking rule: String
    ) throws {
        var failed = followUp
        failed.outcome = .failed
        failed.to = .failed
        failed.doubt = .crash
        failed.attempts = 0
        failed.reason = .rowRefused(rule)
        failed.kept = nil
        try withoutTriggersIfRefused { _ = try settle([failed], end) }
    }
}

extension Reason {
    fileprivate static func rowRefused(_ rule: String) -> Reason {
        Reason(
            ours: "ROW_REFUSED",
            "What was to be written of this job breaks a rule of the queue's file: \(rule). Put the job "
                + "right, or look the lead up in Salesforce, then retry.")
    }
}
