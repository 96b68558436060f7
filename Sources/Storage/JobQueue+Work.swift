public import Conversion
import GRDB

/// What there is to do, at a glance.
public struct Work: Sendable, Equatable {
    /// Jobs that wait to be sent and whose time has come, counted as far as was asked.
    public var dueJobs: Int
    /// When the first of them was due.
    public var dueSince: Timestamp?
    /// Jobs are in doubt, and the time to ask has come.
    public var questionsAreDue: Bool
    /// When the time of the next job comes that has not come yet.
    public var nextAt: Timestamp?
    /// Whether contacts are to be looked for, now or later.
    public var hasUnmatched: Bool
    /// Whether the whole queue is paused.
    public var isPaused: Bool

    /// Whether jobs wait to be sent and their time has come.
    public var jobsAreDue: Bool { dueJobs > 0 }

    /// Whether some job could still move on its own.
    public var isLeft: Bool { jobsAreDue || questionsAreDue || nextAt != nil }
}

extension JobQueue {
    /// Looks at what there is to do, without a claim on it; counts due jobs up to `most`.
    public func work(at now: Moment, countingTo most: Int) throws -> Work {
        try read { database in
            let sql = """
                SELECT
                    (SELECT min(run_at) FROM jobs WHERE state = 'queued'),
                    (SELECT min(run_at) FROM jobs WHERE state = 'verifying'),
                    (SELECT paused FROM queue),
                    (SELECT count(*) FROM (
                        SELECT 1 FROM jobs INDEXED BY jobs_by_state
                        WHERE state = 'queued' AND run_at <= ?1 LIMIT ?2)),
                    EXISTS (
                        SELECT 1 FROM jobs INDEXED BY jobs_to_match
                        WHERE state = 'queued' AND match_email IS NOT NULL AND matched IS NULL),
                    (SELECT min(run_at) FROM jobs WHERE state = 'queued' AND run_at > ?1)
                """
            let statement = try database.cachedStatement(sql: sql)
            let arguments: StatementArguments = [now.wall.description, most]
            guard let row = try Row.fetchOne(statement, arguments: arguments) else {
                throw DatabaseError.noRow
            }
            let queued = row[0] as String?
            let doubtful = row[1] as String?
            let time = now.wall.description
            let due: Int = row[3]
            return Work(
                dueJobs: due, dueSince: due == 0 ? nil : queued.flatMap { Timestamp($0) },
                questionsAreDue: doubtful.map { $0 <= time } ?? false,
                nextAt: [row[5], doubtful].compactMap(\.self).filter { $0 > time }.min()
                    .flatMap { Timestamp($0) },
                hasUnmatched: row[4], isPaused: row[2] ?? false)
        }
    }
}

extension DatabaseError {
    fileprivate static let noRow = DatabaseError(message: "A query of one row gave none.")
}
