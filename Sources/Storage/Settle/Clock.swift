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
    /// next verification) waits as long as it would have, and what was due stays due. A later `run_at`
    /// that somebody gave is left as it is, because it names a time and not a pause.
    ///
    /// Of what was due there may be millions, which are written some thousands at a time. Cut short, all of
    /// it begins again: the anchor is written last, and with it what must be moved only once.
    /// - Parameter milliseconds: How far the clock went forward; negative for back.
    public func clockWasSet(by milliseconds: Int64, at now: Moment) throws {
        let before = now.wall + -milliseconds
        if milliseconds < 0 { try keepDue(at: now.wall, asAt: before) }
        let ours = try jobs(Self.jobsThatWaitForUs, [before.description])
        try store.write(carefully: { database, isCareful in
            try database.change(ours, carefully: isCareful, at: now.wall) { jobs in
                try database.shift(jobs, by: milliseconds, from: before, at: now.wall)
            }
            try database.shiftFollowUps(by: milliseconds, from: before, at: now.wall)
            try database.anchorClock(at: now)
        })
    }

    /// Jobs whose time we worked out: in doubt, or to wait beyond ?1 for a reason.
    private static let jobsThatWaitForUs = """
        SELECT id FROM jobs INDEXED BY jobs_by_state WHERE state = 'verifying'
        UNION ALL
        SELECT id FROM jobs INDEXED BY jobs_by_state
        WHERE state = 'held' AND run_at > ?1 AND error_code IS NOT NULL
        UNION ALL
        SELECT jobs.id FROM jobs_queued CROSS JOIN jobs ON jobs.id = jobs_queued.id
        WHERE jobs_queued.run_at > ?1 AND error_code IS NOT NULL
        """

    private func keepDue(at now: Timestamp, asAt before: Timestamp) throws {
        let due = """
            SELECT id FROM jobs_queued WHERE run_at > ?1 AND run_at <= ?2
            UNION ALL
            SELECT id FROM jobs INDEXED BY jobs_by_state
            WHERE (state = 'held' OR state = 'sending') AND run_at > ?1 AND run_at <= ?2
            """
        let jobs = try jobs(due, [now.description, before.description])
        try inSteps(jobs, at: now) { database, jobs in
            let sql = """
                UPDATE jobs SET run_at = ?1, updated_at = ?1
                WHERE id IN (SELECT value FROM json_each(?3))
                    AND state IN ('queued', 'sending', 'held') AND run_at > ?1 AND run_at <= ?2
                """
            try database.cachedStatement(sql: sql).execute(
                arguments: [now.description, before.description, jobs.json])
        }
    }

    /// The machine was started again, and its clock may be behind what it was: what waits for a time that
    /// we worked out ourselves waits no longer from now than it did from when that was written. So no
    /// time of another clock is left when this one is set right, and moves what was written by it. What
    /// was due then is due now. What was written by this clock is not changed again.
    func keepPausesShort(at now: Timestamp) throws {
        let isOfAnotherClock = """
            updated_at > ?1 AND jobs.run_at > ?1
                AND (state = 'verifying'
                    OR state IN ('queued', 'held')
                        AND (error_code IS NOT NULL OR jobs.run_at <= updated_at))
            """
        let late = """
            SELECT id FROM jobs INDEXED BY jobs_by_state
            WHERE (state = 'verifying' OR state = 'held') AND run_at > ?1 AND \(isOfAnotherClock)
            UNION ALL
            SELECT jobs.id FROM jobs_queued CROSS JOIN jobs ON jobs.id = jobs_queued.id
            WHERE jobs_queued.run_at > ?1 AND jobs_queued.run_at <= ?2 AND \(isOfAnotherClock)
            """
        let last = try lastOfOurPauses(at: now)
        try inSteps(try jobs(late, [now.description, last]), at: now) { database, jobs in
            let sql = """
                UPDATE jobs SET run_at = \(Database.asLongAgain), updated_at = ?1
                WHERE id IN (SELECT value FROM json_each(?2)) AND \(isOfAnotherClock)
                """
            try database.cachedStatement(sql: sql).execute(
                arguments: [now.description, jobs.json])
        }
    }

    /// No pause of ours ends later: a day and the longest pause of a policy after the last time that was
    /// written. Millions of jobs may be queued for a later day, and to look at each takes minutes.
    private func lastOfOurPauses(at now: Timestamp) throws -> String {
        let sql = """
            WITH written (at) AS (
                SELECT ?1
                UNION ALL SELECT clock_at FROM queue
                UNION ALL SELECT at FROM operations WHERE id = (SELECT max(id) FROM operations)
                UNION ALL SELECT started_at FROM calls WHERE id = (SELECT max(id) FROM calls)
                UNION ALL SELECT updated_at FROM jobs WHERE id = (SELECT max(id) FROM jobs))
            SELECT max(at) AS at, (SELECT max(max_delay_ms) FROM policies) AS pause FROM written
            """
        let row = try store.read { try Row.fetchOne($0, sql: sql, arguments: [now.description]) }
        guard let row, let last = Timestamp(row["at"] ?? "") else { return "9999" }
        return (last + 86_400_000 + (row["pause"] ?? 0)).description
    }

    private func jobs(_ sql: String, _ arguments: StatementArguments) throws -> [Int64] {
        try store.read { try Int64.fetchAll($0.cachedStatement(sql: sql), arguments: arguments) }
    }

    /// So many jobs in one transaction.
    private static let atOnce = 5000

    /// Changes jobs in one transaction after the other; where a row breaks a rule, each for itself.
    private func inSteps(
        _ jobs: [Int64], at now: Timestamp, _ change: (Database, [Int64]) throws -> Void
    ) throws {
        var rest = jobs[...]
        while !rest.isEmpty {
            let step = Array(rest.prefix(Self.atOnce))
            rest = rest.dropFirst(step.count)
            try store.write(carefully: { database, isCareful in
                try database.change(step, carefully: isCareful, at: now) { jobs in
                    try change(database, jobs)
                }
            })
        }
    }
}

extension Database {
    /// The pause of a row again, from now (?1): at most what it was when it was written.
    fileprivate static let asLongAgain = """
        max(?1, coalesce(
            strftime('%Y-%m-%dT%H:%M:%fZ', ?1, printf(
                '%+.3f seconds', (julianday(run_at) - julianday(updated_at)) * 86400.0)),
            ?1))
        """

    /// A time moved by the modifier ?1, as SQL. No year before 0000 or after 9999: the schema takes none.
    private static func moved(_ time: String) -> String {
        """
        coalesce(
            max(strftime('%Y-%m-%dT%H:%M:%fZ', \(time), ?1), '0000-01-01T00:00:00.000Z'), \(time))
        """
    }

    /// Moves our times with the clock.
    fileprivate func shift(
        _ jobs: [Int64], by milliseconds: Int64, from before: Timestamp, at now: Timestamp
    ) throws {
        let shift = String(modifier: milliseconds)
        let (time, before) = (now.description, before.description)
        try execute(
            sql: """
                UPDATE jobs SET
                    run_at = \(Self.moved("run_at")),
                    updated_at = ?2
                WHERE id IN (SELECT value FROM json_each(?4)) AND (state = 'verifying'
                    OR state IN ('queued', 'held') AND run_at > ?3 AND error_code IS NOT NULL)
                """,
            arguments: [shift, time, before, jobs.json])
    }

    /// Of follow-ups and delays what `shift` is of jobs.
    fileprivate func shiftFollowUps(
        by milliseconds: Int64, from before: Timestamp, at now: Timestamp
    ) throws {
        let shift = String(modifier: milliseconds)
        let (time, before) = (now.description, before.description)
        try execute(
            sql: """
                UPDATE follow_ups SET run_at = \(Self.moved("run_at")), updated_at = ?2
                WHERE state = 'verifying' OR state = 'waiting'
                """,
            arguments: [shift, time])
        try execute(sql: "DELETE FROM delays WHERE until <= ?", arguments: [before])
        try execute(
            sql: "UPDATE delays SET until = \(Self.moved("until"))", arguments: [shift])
    }

    /// Of follow-ups and delays what `Settlements.keepPausesShort` is of jobs.
    func keepFollowUpPausesShort(at now: Timestamp) throws {
        try execute(
            sql: """
                UPDATE follow_ups SET run_at = \(Self.asLongAgain), updated_at = ?1
                WHERE (state = 'verifying' OR state = 'waiting') AND updated_at > ?1 AND run_at > ?1
                """,
            arguments: [now.description])
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
