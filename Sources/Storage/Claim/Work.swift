public import Conversion
import GRDB

/// What there is to do.
public struct Work: Sendable, Equatable {
    /// Jobs that wait to be sent and whose time has come, counted as far as was asked.
    public var dueJobs: Int
    /// When the first of them was due.
    public var dueSince: Timestamp?
    /// Jobs are in doubt, and the time to ask has come.
    public var questionsAreDue: Bool
    /// When the time of the next job comes that has not come yet.
    public var nextAt: Timestamp?
    /// Whether contacts are to be looked for, now or later; jobs that were put aside may want it.
    public var hasUnmatched: Bool
    /// Whether the whole queue is paused.
    public var isPaused: Bool

    /// Whether jobs wait to be sent and their time has come.
    public var jobsAreDue: Bool { dueJobs > 0 }

    /// Whether some job could still move on its own.
    public var isLeft: Bool { jobsAreDue || questionsAreDue || nextAt != nil }
}

extension Claims {
    /// Looks at what there is to do, without a claim on it; counts due jobs up to `most`.
    public func work(at now: Moment, countingTo most: Int) throws -> Work {
        try store.read { database in
            let sql = """
                SELECT
                    (SELECT min(run_at) FROM jobs WHERE state = 'queued') AS first_at,
                    (SELECT min(run_at) FROM jobs WHERE state = 'queued' AND run_at > :now)
                        AS next_at,
                    (SELECT min(run_at) FROM jobs WHERE state = 'verifying') AS question_at,
                    (SELECT min(until) FROM delays WHERE until > :now) AS delay_ends_at,
                    (SELECT count(*) FROM (
                        SELECT 1 FROM jobs INDEXED BY jobs_by_state
                        WHERE state = 'queued' AND run_at <= :now LIMIT :most)) AS due,
                    EXISTS (
                        SELECT 1 FROM jobs INDEXED BY jobs_to_match
                        WHERE \(WorkKind.toMatch.isWaiting))
                    OR EXISTS (
                        SELECT 1 FROM jobs INDEXED BY jobs_deferred
                        WHERE state = 'queued' AND deferred_for > '') AS has_unmatched,
                    (SELECT paused FROM queue) AS paused
                """
            let time = now.wall.description
            let statement = try database.cachedStatement(sql: sql)
            guard let row = try Row.fetchOne(statement, arguments: ["now": time, "most": most])
            else { throw DatabaseError.noRow }
            let due: Int = row["due"]
            let first: String? = row["first_at"]
            let question: String? = row["question_at"]
            let delayEnds: String? = due == 0 ? nil : row["delay_ends_at"]
            let next: String? = row["next_at"]
            let later = [next, question, delayEnds].compactMap(\.self)
            return Work(
                dueJobs: due,
                // A time that can't be read has come, so that it keeps no other job from leaving.
                dueSince: due == 0
                    ? nil : first.flatMap { Timestamp($0) } ?? Timestamp(milliseconds: 0),
                questionsAreDue: question.map { $0 <= time } ?? false,
                nextAt: later.filter { $0 > time }.min().flatMap { Timestamp($0) },
                hasUnmatched: row["has_unmatched"], isPaused: row["paused"] ?? false)
        }
    }
}

extension DatabaseError {
    fileprivate static let noRow = DatabaseError(message: "A query of one row gave none.")
}
