public import Conversion
import GRDB

extension Settlements {
    /// What a daemon that ended left in flight.
    public struct Leftover: Sendable, Equatable {
        /// Jobs whose call's answer nobody saw.
        public var jobs: Int
        /// Calls that never ended.
        public var calls: Int
        /// The last job of an older copy, if the file is or was one: calls that it does not know of may
        /// have converted the leads of that job and of those before it.
        public var olderCopyUpTo: Int64?
        /// Whether it has just been found to be one.
        public var isOlderCopy = false
    }

    /// Takes over from a daemon that ended, however it did: what it had in flight may have reached
    /// Salesforce, so it goes to `verifying` and is asked about at once; no attempt is used up.
    ///
    /// To be called under the `DaemonLock`, before the first claim.
    /// - Parameters:
    ///   - lastCall: The last call that was made on a file of this name, if the lock is not to say so.
    ///   - lifetimeSinceClaimMS: Milliseconds after its claim in which a call may be running.
    public func recover(
        at now: Moment, lastCall: Int64? = nil, lifetimeSinceClaimMS: Int64 = 0
    ) throws -> Leftover {
        let sentence = "The daemon ended before the answer came."
        let boot = try store.read {
            try String.fetchOne($0, sql: "SELECT clock_boot_id FROM queue")
        }
        if boot != now.bootID { try keepPausesShort(at: now.wall) }
        return try store.write(carefully: { database, isCareful in
            let isOlderCopy = try database.isOlderCopy(than: lastCall ?? store.lastCall, store)
            if isOlderCopy { try database.recordOlderCopy() }
            let sending = try Int64.fetchAll(
                database, sql: "SELECT id FROM jobs WHERE state = 'sending'")
            try database.withoutTriggersIfRefused { try database.keepLog(of: sending) }
            let time = now.wall.description
            try database.execute(
                sql: """
                    UPDATE run_log_rows SET finished_at = ?1, outcome = 'unknown',
                        code = 'DAEMON_ENDED', message = ?2,
                        next_run_at = iif(kind = 'set', ?3, ?1)
                    WHERE finished_at IS NULL
                    """,
                arguments: [time, sentence, (now.wall + lifetimeSinceClaimMS).description])
            try database.putInDoubt(sending, sentence, at: now.wall, carefully: isCareful)
            if boot != now.bootID {
                try database.keepFollowUpPausesShort(at: now.wall)
                try database.anchorClock(at: now)
            }
            try database.recoverFollowUps(
                at: now, lifetimeSinceClaimMS: lifetimeSinceClaimMS,
                isSameBoot: boot == now.bootID && !isOlderCopy)
            try database.execute(
                sql: """
                    UPDATE calls SET finished_at = ?1, code = 'DAEMON_ENDED', message = ?2
                    WHERE finished_at IS NULL
                    """,
                arguments: [time, sentence])
            let calls = database.changesCount
            try database.finishBatches(at: now.wall)
            return Leftover(
                jobs: sending.count, calls: calls,
                olderCopyUpTo: try Int64.fetchOne(
                    database, sql: "SELECT older_copy_up_to FROM queue"),
                isOlderCopy: isOlderCopy)
        })
    }
}

extension Database {
    /// Whether calls were made of which this file does not know. Where nothing is known of any, a file
    /// that has some came from elsewhere; those of `leadconvert` convert nobody.
    fileprivate func isOlderCopy(than lastCall: Int64?, _ store: JobQueue) throws -> Bool {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'calls'"
        let own = try Int64.fetchOne(self, sql: sql) ?? 0
        if let lastCall {
            // Those of leadconvert may have counted on from an older copy.
            let ofOthers = "SELECT kind IN (\(CallKind.besideTheDaemon)) FROM calls WHERE id = ?"
            let isOthers = try Bool.fetchOne(self, sql: ofOthers, arguments: [lastCall])
            return lastCall > own || isOthers == true
        }
        guard store.isLocked, own > 0 else { return false }
        let converting = """
            SELECT count(*) < ? OR count(*) FILTER (
                WHERE kind NOT IN ('token', \(CallKind.besideTheDaemon))) > 0
            FROM calls
            """
        return try Bool.fetchOne(self, sql: converting, arguments: [own]) ?? true
    }

    /// - Parameter isCareful: Whether each is written for itself, and one whose row breaks a rule fails.
    fileprivate func putInDoubt(
        _ jobs: [Int64], _ sentence: String, at now: Timestamp, carefully isCareful: Bool
    ) throws {
        func update(_ jobs: [Int64]) throws {
            try execute(
                sql: """
                    UPDATE jobs SET state = 'verifying', doubt = 'crash',
                        may_be_converted = 1, run_at = ?1,
                        error_code = 'DAEMON_ENDED', error_message = ?2, updated_at = ?1
                    WHERE id IN (SELECT value FROM json_each(?3))
                    """,
                arguments: [now.description, sentence, jobs.json])
        }
        // Whether the lead or the org was to blame for it is forgotten: it uses no attempt.
        func forget(_ jobs: [Int64]) throws {
            let sql = "UPDATE jobs SET doubt = 'crash' WHERE id IN (SELECT value FROM json_each(?))"
            try execute(sql: sql, arguments: [jobs.json])
        }
        let unanswered = try Int64.fetchAll(
            self, sql: "SELECT id FROM jobs WHERE state = 'verifying' AND doubt = 'no_answer'")
        guard isCareful else {
            try update(jobs)
            return try forget(unanswered)
        }
        for job in jobs {
            let rule = try ruleBroken { try withoutTriggersIfRefused { try update([job]) } }
            if let rule { try failInFlight(job, breaking: rule, at: now) }
        }
        for job in unanswered { try withoutTriggersIfRefused { try forget([job]) } }
    }

    /// Batches of which somebody has settled the last job by hand.
    fileprivate func finishBatches(at now: Timestamp) throws {
        let sql = """
            SELECT id FROM batches WHERE finished_at IS NULL AND EXISTS (
                SELECT 1 FROM jobs WHERE batch_id = batches.id)
            """
        try finish(batches: Set(try Int64.fetchAll(self, sql: sql)), at: now)
    }

    fileprivate func recordOlderCopy() throws {
        let last = "(SELECT seq FROM sqlite_sequence WHERE name = 'jobs')"
        try execute(sql: "UPDATE queue SET older_copy_up_to = \(last)")
    }
}
