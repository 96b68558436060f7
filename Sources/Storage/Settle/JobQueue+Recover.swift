public import Conversion
import GRDB

extension JobQueue {
    /// What a daemon that ended left in flight.
    public struct Leftover: Sendable, Equatable {
        /// Jobs whose call's answer nobody saw.
        public var jobs: Int
        /// Calls that never ended.
        public var calls: Int
    }

    /// Takes over from a daemon that ended, however it did: what it had in flight may have reached
    /// Salesforce, so it goes to `verifying` and is asked about at once; no attempt is used up.
    ///
    /// To be called under the `DaemonLock`, before the first claim.
    public func recover(at now: Moment) throws -> Leftover {
        let sentence = "The daemon ended before the answer came."
        return try write { database in
            let time = now.wall.description
            try database.execute(
                sql: """
                    UPDATE run_log SET finished_at = ?1, outcome = 'unknown',
                        code = 'DAEMON_ENDED', message = ?2, next_run_at = ?1
                    WHERE finished_at IS NULL
                    """,
                arguments: [time, sentence])
            try database.execute(
                sql: """
                    UPDATE jobs SET state = 'verifying', doubt = 'crash',
                        may_be_converted = 1, run_at = ?1,
                        error_code = 'DAEMON_ENDED', error_message = ?2, updated_at = ?1
                    WHERE state = 'sending'
                    """,
                arguments: [time, sentence])
            let jobs = database.changesCount
            try database.execute(
                sql: """
                    UPDATE calls SET finished_at = ?1, code = 'DAEMON_ENDED', message = ?2
                    WHERE finished_at IS NULL
                    """,
                arguments: [time, sentence])
            let calls = database.changesCount
            let boot = try String.fetchOne(database, sql: "SELECT clock_boot_id FROM queue")
            if boot != now.bootID { try database.anchorClock(at: now) }
            return Leftover(jobs: jobs, calls: calls)
        }
    }
}
