public import Conversion
import GRDB

/// The numbers of the whole queue.
public struct QueueStatus: Sendable, Equatable {
    /// Jobs by state; every state is there.
    public var counts: [JobState: Int]
    /// Leads settled a second, over the last minute in which some were.
    public var ratePerSecond: Double
    /// Seconds until all that is unsettled will be done at that rate; nil when nothing moves.
    public var etaSeconds: Double?
    /// Whether the whole queue is paused.
    public var isPaused: Bool
    /// What it waits for, and until when, as the daemon last said.
    public var waitingFor: WaitReason?
    public var waitingUntil: Timestamp?
    /// The limiter and the org's usage; nil before the first call.
    public var limiter: LimiterState?
    /// The daemon that works on it now.
    public var daemon: DaemonLock.Holder?
}

extension Reports {
    /// The numbers of the whole queue; nothing is changed by looking.
    public func status(at now: Timestamp) throws -> QueueStatus {
        let daemon = DaemonLock.holder(queue: store.path)
        return try store.read { database in
            let counts = try database.countJobs()
            let rate = try database.settledPerSecond(at: now)
            let queue = try Row.fetchOne(
                database, sql: "SELECT paused, waiting_for, waiting_until FROM queue")
            let isPaused: Bool = queue?["paused"] ?? false
            let waitingFor = (queue?["waiting_for"] as String?).flatMap(WaitReason.init)
            let isMoving = daemon != nil && !isPaused && waitingFor?.stopsAll != true
            return QueueStatus(
                counts: counts, ratePerSecond: rate,
                etaSeconds: counts.etaSeconds(atRate: rate, isMoving: isMoving),
                isPaused: isPaused, waitingFor: daemon == nil ? nil : waitingFor,
                waitingUntil: daemon == nil ? nil : queue?.time("waiting_until"),
                limiter: try database.limiter(), daemon: daemon)
        }
    }
}

extension JobState {
    /// All but the two that most jobs are in: of these `jobs_by_state` has the jobs.
    static let few = allCases.filter { $0 != .queued && $0 != .converted }

    /// The condition that a job is in this state, as SQLite finds its index by it; of the converted
    /// there is none.
    var condition: String {
        self == .queued ? "id IN (SELECT id FROM jobs_queued)" : "state = '\(rawValue)'"
    }
}

extension Database {
    /// Jobs by state; every state is there.
    fileprivate func countJobs() throws -> [JobState: Int] {
        var counts = Dictionary(uniqueKeysWithValues: JobState.allCases.map { ($0, 0) })
        let sql = """
            SELECT state, count(*) AS jobs FROM jobs INDEXED BY jobs_by_state
            WHERE \(JobState.few.map(\.condition).joined(separator: " OR "))
            GROUP BY state
            """
        for row in try Row.fetchAll(self, sql: sql) {
            if let state = JobState(rawValue: row["state"]) { counts[state] = row["jobs"] }
        }
        counts[.queued] = try Int.fetchOne(self, sql: "SELECT count(*) FROM jobs_queued") ?? 0
        let settledSQL = """
            SELECT count(*) FROM jobs INDEXED BY jobs_by_end WHERE finished_at IS NOT NULL
            """
        let settled = try Int.fetchOne(self, sql: settledSQL) ?? 0
        counts[.converted] =
            settled - counts.filter { $0.key.isSettled }.values.reduce(0, +)
        return counts
    }

    /// Over the last minute, or since the first of its leads was settled if that is shorter.
    fileprivate func settledPerSecond(at now: Timestamp) throws -> Double {
        let sql = """
            SELECT count(*) AS jobs, min(finished_at) AS first FROM jobs INDEXED BY jobs_by_end
            WHERE finished_at >= ? AND state <> 'cancelled'
            """
        let since = now + -60_000
        guard let row = try Row.fetchOne(self, sql: sql, arguments: [since.description]),
            let first = row.time("first")
        else { return 0 }
        return Double(row["jobs"] as Int) / (Double(max(1000, now - first)) / 1000)
    }
}
