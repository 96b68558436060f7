public import Conversion
import GRDB

extension Settlements {
    /// A moment on both clocks since which the wall clock is known not to have been set; nil on a
    /// new file.
    public func clockAnchor() throws -> Moment? {
        try store.read { database in
            let sql = "SELECT clock_at, clock_uptime_ms, clock_boot_id FROM queue"
            guard let row = try Row.fetchOne(database, sql: sql),
                let at = row.time("clock_at")
            else { return nil }
            return Moment(wall: at, uptimeMS: row["clock_uptime_ms"], bootID: row["clock_boot_id"])
        }
    }

    /// The wall clock was set: what waits for a time that we worked out ourselves (a backoff, the
    /// next question) waits as long as it would have, and what was due stays due. A later `run_at`
    /// that somebody gave is left as it is, because it names a time and not a pause.
    /// - Parameter milliseconds: How far the clock went forward; negative for back.
    public func clockWasSet(by milliseconds: Int64, at now: Moment) throws {
        let shift = String(modifier: milliseconds)
        let time = now.wall.description
        let before = (now.wall + -milliseconds).description
        try store.write { database in
            try database.execute(
                sql: """
                    UPDATE jobs
                    SET run_at = ?1, updated_at = ?1
                    WHERE id IN (SELECT id FROM jobs_unsettled) AND state IN ('queued', 'sending', 'held')
                        AND run_at <= ?2 AND run_at > ?1
                    """,
                arguments: [time, before])
            try database.execute(
                sql: """
                    UPDATE jobs SET
                        run_at = coalesce(
                            -- No year before 0000: the schema takes none.
                            max(
                                strftime('%Y-%m-%dT%H:%M:%fZ', run_at, ?1),
                                '0000-01-01T00:00:00.000Z'),
                            run_at),
                        updated_at = ?2
                    WHERE id IN (SELECT id FROM jobs_unsettled) AND (state = 'verifying'
                        OR state IN ('queued', 'held') AND run_at > ?3 AND error_code IS NOT NULL)
                    """,
                arguments: [shift, time, before])
            try database.execute(
                sql: """
                    UPDATE follow_ups SET
                        run_at = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', run_at, ?1), run_at),
                        updated_at = ?2
                    WHERE state = 'verifying' OR state = 'waiting'
                    """,
                arguments: [shift, time])
            try database.execute(
                sql: "DELETE FROM delays WHERE until <= ?", arguments: [before])
            try database.execute(
                sql: "UPDATE delays SET until = strftime('%Y-%m-%dT%H:%M:%fZ', until, ?)",
                arguments: [shift])
            try database.anchorClock(at: now)
        }
    }
}

extension Database {
    /// The machine was started again, and its clock may be behind what it was: what waits for a time that
    /// we worked out ourselves waits no longer from now than it did from when that was written. So no
    /// time of another clock is left when this one is set right, and moves what was written by it. What
    /// was due then is due now.
    func keepPausesShort(at now: Timestamp) throws {
        let again = """
            max(?1, coalesce(
                strftime('%Y-%m-%dT%H:%M:%fZ', ?1, printf(
                    '%+.3f seconds', (julianday(run_at) - julianday(updated_at)) * 86400.0)),
                ?1))
            """
        let time = now.description
        try execute(
            sql: """
                UPDATE jobs
                SET run_at = \(again), updated_at = ?1
                WHERE id IN (SELECT id FROM jobs_unsettled) AND updated_at > ?1 AND run_at > ?1
                    AND (state = 'verifying'
                        OR state IN ('queued', 'held')
                            AND (error_code IS NOT NULL OR run_at <= updated_at))
                """,
            arguments: [time])
        try execute(
            sql: """
                UPDATE follow_ups SET run_at = \(again), updated_at = ?1
                WHERE (state = 'verifying' OR state = 'waiting') AND updated_at > ?1 AND run_at > ?1
                """,
            arguments: [time])
        try execute(
            sql: "UPDATE delays SET until = ?1 WHERE until > ?1",
            arguments: [(now + Settlement.longestRelatedWaitMS).description])
    }

    func anchorClock(at now: Moment) throws {
        try execute(
            sql: "UPDATE queue SET clock_at = ?, clock_uptime_ms = ?, clock_boot_id = ?",
            arguments: [now.wall.description, now.uptimeMS, now.bootID])
    }
}

extension String {
    /// A SQLite date modifier: `+1.500 seconds`.
    fileprivate init(modifier milliseconds: Int64) {
        let size = milliseconds.magnitude
        let fraction = String(1000 + size % 1000).dropFirst()
        self = "\(milliseconds < 0 ? "-" : "+")\(size / 1000).\(fraction) seconds"
    }
}
