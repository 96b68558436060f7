public import Conversion
import GRDB

/// What there is to do.
public struct Work: Sendable, Equatable {
    /// Jobs that wait to be sent and whose time has come, counted as far as was asked.
    public var dueJobs: Int
    /// When the first of them was due.
    public var dueSince: Timestamp?
    /// Jobs are in doubt, and the time to ask has come.
    public var verificationsAreDue: Bool
    /// When the time of the next job comes that has not come yet.
    public var nextAt: Timestamp?
    /// What is to be searched for, now or later; jobs that were put aside may want either.
    public var searches: Set<SearchKind>
    /// Whether the whole queue is paused.
    public var isPaused: Bool

    /// Whether follow-ups wait to be sent or asked about, now or later.
    public var hasFollowUps = false
    /// Whether a failure has paused a batch of which not all jobs are held yet.
    public var hasJobsToHold = false

    /// Whether jobs wait to be sent and their time has come.
    public var jobsAreDue: Bool { dueJobs > 0 }

    /// Whether some job could still move on its own.
    public var isLeft: Bool { jobsAreDue || verificationsAreDue || hasFollowUps || nextAt != nil }
}

extension Claims {
    /// A time that can't be read is work left all the same; so long it looks again whether it has come.
    private static let lookAgainMS: Int64 = 5000

    /// Looks at what there is to do, without a claim on it; counts due jobs up to `most`.
    public func work(at now: Moment, countingTo most: Int) throws -> Work {
        try store.read { database in
            let sql = """
                SELECT
                    count(*) AS due, min(run_at) AS first_at,
                    (SELECT min(run_at) FROM \(WorkKind.later) AND run_at > :now)
                        AS next_at,
                    (SELECT min(run_at) FROM jobs WHERE state = 'verifying') AS verification_at,
                    (SELECT min(until) FROM delays WHERE until > :now) AS delay_ends_at,
                    EXISTS (
                        SELECT 1 FROM follow_ups INDEXED BY follow_ups_open
                        WHERE state = 'waiting' OR state = 'verifying') AS has_follow_ups,
                    (SELECT min(run_at) FROM follow_ups INDEXED BY follow_ups_open
                        WHERE (state = 'waiting' OR state = 'verifying') AND run_at > :now)
                        AS follow_up_at,
                    EXISTS (
                        SELECT 1 FROM \(WorkKind.toSearch(.contact).rows)) AS has_unmatched,
                    EXISTS (
                        SELECT 1 FROM \(WorkKind.toSearch(.account).rows)) AS has_unmatched_accounts,
                    EXISTS (
                        SELECT 1 FROM \(WorkKind.putAside))
                    OR EXISTS (
                        SELECT 1 FROM \(WorkKind.later)) AS has_deferred,
                    (SELECT paused FROM queue) AS paused,
                    \(Database.hasJobsToHold) AS has_jobs_to_hold
                FROM (SELECT run_at FROM jobs_queued WHERE run_at <= :now LIMIT :most)
                """
            let time = now.wall.description
            let statement = try database.cachedStatement(sql: sql)
            guard let row = try Row.fetchOne(statement, arguments: ["now": time, "most": most])
            else { throw DatabaseError.noRow }
            let due: Int = row["due"]
            let first: String? = row["first_at"]
            let verification: String? = row["verification_at"]
            let delayEnds: String? = due == 0 ? nil : row["delay_ends_at"]
            let next = try [
                row["next_at"], due < most ? database.nextDueAfterClockSet(after: time) : nil,
            ]
            .compactMap(\.self).min()
            let isWanted: [SearchKind: Bool] = [
                .contact: row["has_unmatched"], .account: row["has_unmatched_accounts"],
            ]
            let hasDeferred: Bool = row["has_deferred"]
            let followUp: String? = row["follow_up_at"]
            let later = [next, verification, delayEnds, followUp].compactMap(\.self)
            return Work(
                dueJobs: due,
                // A time that can't be read has come, so that it keeps no other job from leaving.
                dueSince: due == 0
                    ? nil : first.flatMap { Timestamp($0) } ?? Timestamp(milliseconds: 0),
                verificationsAreDue: verification.map { $0 <= time } ?? false,
                nextAt: later.filter { $0 > time }.min().map {
                    Timestamp($0) ?? now.wall + Self.lookAgainMS
                },
                searches: Set(SearchKind.allCases.filter { hasDeferred || isWanted[$0] == true }),
                isPaused: row["paused"] ?? false, hasFollowUps: row["has_follow_ups"],
                hasJobsToHold: row["has_jobs_to_hold"])
        }
    }
}

extension Database {
    /// When the first job is due that is not, though it was not put aside for its time: after the
    /// clock was set back. Where less than a call's worth is due there are few such rows to look at.
    fileprivate func nextDueAfterClockSet(after now: String) throws -> String? {
        let sql = """
            SELECT min(run_at) FROM (
                SELECT run_at FROM \(WorkKind.toSend.rows) AND run_at > :now
                UNION ALL
                SELECT run_at FROM \(WorkKind.toSearch(.contact).rows) AND run_at > :now
                UNION ALL
                SELECT run_at FROM \(WorkKind.toSearch(.account).rows) AND run_at > :now
                UNION ALL
                SELECT run_at FROM \(WorkKind.putAside)
                    AND run_at > :now)
            """
        return try String.fetchOne(cachedStatement(sql: sql), arguments: ["now": now])
    }
}

/// What is in doubt, where no other job is left that could still move on its own.
public struct DoubtsLeft: Sendable, Equatable {
    /// Jobs whose conversion is in doubt.
    public var jobs: [Int64]
    public var followUps: [Int64]
}

extension Claims {
    /// What is in doubt, if nothing else is left that could still move on its own; at most `most` of
    /// each and one more.
    /// - Returns: nil when something else is left.
    public func allThatIsLeft(most: Int) throws -> DoubtsLeft? {
        try store.read { database in
            guard try !database.someCanMove() else { return nil }
            return try database.doubts(most)
        }
    }
}

/// What waits for readings, where nothing else is left that could still move on its own.
public struct ReadsLeft: Sendable, Equatable {
    /// Whether there are jobs in doubt, jobs that want a contact or an account searched for, and follow-ups
    /// in doubt, in this order.
    public var kinds: [Bool]
    /// Which are in doubt, as far as was asked and one more of each.
    public var doubts: DoubtsLeft
}

extension Claims {
    /// What waits for readings, if nothing else is left that could still move on its own.
    /// - Returns: nil when something else is left.
    public func readsLeft(most: Int = 0) throws -> ReadsLeft? {
        let (wantsContact, wantsAccount) = (WorkKind.wantsContact, WorkKind.wantsAccount)
        return try store.read { database in
            guard try !database.someCanMove(besides: "\(wantsContact) OR \(wantsAccount)") else {
                return nil
            }
            let free = """
                SELECT 1 FROM jobs_unsettled CROSS JOIN jobs USING (id)
                WHERE state = 'queued' AND NOT \(WorkKind.waitsForOthers)
                """
            let sql = """
                SELECT
                    EXISTS (SELECT 1 FROM jobs WHERE state = 'verifying'),
                    EXISTS (\(free) AND \(wantsContact)), EXISTS (\(free) AND \(wantsAccount)),
                    EXISTS (SELECT 1 FROM follow_ups WHERE state = 'verifying')
                """
            guard let row = try Row.fetchOne(database, sql: sql) else { return nil }
            return ReadsLeft(kinds: (0...3).map { row[$0] }, doubts: try database.doubts(most))
        }
    }
}

extension Database {
    fileprivate func doubts(_ most: Int) throws -> DoubtsLeft {
        func inDoubt(_ table: String) throws -> [Int64] {
            let sql = "SELECT id FROM \(table) WHERE state = 'verifying' LIMIT ?"
            return try Int64.fetchAll(self, sql: sql, arguments: [most + 1])
        }
        return DoubtsLeft(jobs: try inDoubt("jobs"), followUps: try inDoubt("follow_ups"))
    }

    /// Whether some job or follow-up is left that could still move on its own, and is not in doubt. One that
    /// waits for the group or the address of another can't before that one does.
    /// - Parameter others: Which queued jobs are not meant, as SQL.
    fileprivate func someCanMove(besides others: String = "FALSE") throws -> Bool {
        let sql = """
            SELECT EXISTS (
                SELECT 1 FROM jobs_unsettled CROSS JOIN jobs USING (id)
                WHERE state NOT IN ('held', 'verifying', 'finishing')
                    AND NOT (state = 'queued' AND (\(others) OR \(WorkKind.waitsForOthers))))
            OR EXISTS (
                SELECT 1 FROM follow_ups WHERE state = 'waiting' OR state = 'sending')
            """
        return try Bool.fetchOne(self, sql: sql) ?? true
    }
}

extension DatabaseError {
    fileprivate static let noRow = DatabaseError(message: "A query of one row gave none.")
}
