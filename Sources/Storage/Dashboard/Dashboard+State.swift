public import Conversion
import GRDB

/// What the queue as a whole is doing.
public struct QueueState: Sendable, Equatable {
    /// A request to Salesforce that is out.
    public struct OpenCall: Sendable, Equatable {
        /// Its number.
        public var id: Int64
        /// What it asks for: a word of `calls.kind`.
        public var kind: String
        /// How many leads it carries.
        public var size: Int
        /// When it left.
        public var startedAt: Timestamp?
    }

    /// Whether the whole queue is paused.
    public var isPaused: Bool
    /// What it waits for, as the daemon last said.
    public var waitingFor: WaitReason?
    /// Until when.
    public var waitingUntil: Timestamp?
    /// Since when.
    public var waitingSince: Timestamp?
    /// The bucket; nil before the first call.
    public var limiter: LimiterState?
    /// When the job was due that has been due longest; nil when none is.
    public var oldestDueAt: Timestamp?
    /// Requests in flight, oldest first.
    public var openCalls: [OpenCall]
    /// What the last request for a session came to: its code, or nil when it succeeded or there was
    /// none.
    public var loginFault: String?
    /// The daemon that works on it now.
    public var daemon: DaemonLock.Holder?

    /// Whether leads are being converted, as far as anybody can tell.
    public var isMoving: Bool { daemon != nil && !isPaused && waitingFor?.stopsAll != true }
}

/// A row of `operations`.
public struct OperationRow: Sendable, Equatable {
    /// When.
    public var at: Timestamp?
    /// Who.
    public var by: String
    /// What: a word of `operations.action`.
    public var action: String
    public var target: String
    /// How many jobs it changed.
    public var jobs: Int
}

extension Dashboard {
    /// What the queue as a whole is doing.
    public func state(at now: Timestamp) throws -> QueueState {
        let daemon = DaemonLock.holder(queue: path)
        return try read { database in
            let queue = try Row.fetchOne(
                database.cachedStatement(
                    sql: "SELECT paused, waiting_for, waiting_until, waiting_since FROM queue"))
            let due = try database.oldestDue(at: now)
            // A daemon that has ended waits for nothing.
            let isRunning = daemon != nil
            return QueueState(
                isPaused: queue?[0] ?? false,
                waitingFor: isRunning ? (queue?[1] as String?).flatMap(WaitReason.init) : nil,
                waitingUntil: isRunning ? queue?.time(2) : nil,
                // A daemon that has just started took over what the one before waited for.
                waitingSince: daemon.flatMap { daemon in
                    queue?.time(3).map { max($0, daemon.since) }
                },
                limiter: try database.limiter(), oldestDueAt: due,
                openCalls: isRunning ? try database.openCalls() : [],
                loginFault: try database.loginFault(), daemon: daemon)
        }
    }

    /// What people did last, newest first.
    public func operations(limit: Int) throws -> [OperationRow] {
        try read { database in
            let sql = "SELECT at, by, action, target, jobs FROM operations ORDER BY id DESC LIMIT ?"
            return try Row.fetchAll(database.cachedStatement(sql: sql), arguments: [limit]).map {
                OperationRow(
                    at: $0.time(0), by: $0[1], action: $0[2], target: $0[3],
                    jobs: $0[4])
            }
        }
    }
}

extension Database {
    /// Since when the queued job has been due that has been so for longest.
    ///
    /// At one priority and of one batch it is the first, so it leaps from one of these fronts to the
    /// next. Where there are more than a thousand of them it leaves the last ones out.
    fileprivate func oldestDue(at now: Timestamp) throws -> Timestamp? {
        let front = "SELECT id FROM \(WorkKind.toSend.rows)"
        let sql = """
            WITH RECURSIVE fronts (id) AS (
                SELECT id FROM (
                    \(front) ORDER BY priority DESC, coalesce(batch_id, 0), run_at, id LIMIT 1)
                UNION ALL
                SELECT coalesce(
                    (\(front) AND priority = last.priority
                        AND coalesce(batch_id, 0) > coalesce(last.batch_id, 0)
                        ORDER BY coalesce(batch_id, 0), run_at, id LIMIT 1),
                    (\(front) AND priority < last.priority
                        ORDER BY priority DESC, coalesce(batch_id, 0), run_at, id LIMIT 1))
                FROM fronts JOIN jobs AS last ON last.id = fronts.id
                LIMIT 1000)
            SELECT min(run_at) FROM (
                SELECT run_at FROM fronts CROSS JOIN jobs ON jobs.id = fronts.id
                UNION ALL
                SELECT * FROM (SELECT run_at FROM \(WorkKind.toSearch(.contact).rows) LIMIT 1000)
                UNION ALL
                SELECT * FROM (SELECT run_at FROM \(WorkKind.toSearch(.account).rows) LIMIT 1000)
                UNION ALL
                SELECT * FROM (SELECT run_at FROM \(WorkKind.putAside)
                    LIMIT 1000)
                UNION ALL
                SELECT * FROM (SELECT run_at FROM \(WorkKind.later) ORDER BY run_at LIMIT 1))
            WHERE run_at <= ?
            """
        return try String.fetchOne(cachedStatement(sql: sql), arguments: [now.description])
            .flatMap { Timestamp($0) }
    }
}

extension Database {
    fileprivate func openCalls() throws -> [QueueState.OpenCall] {
        let sql = """
            SELECT id, kind, size, started_at FROM calls INDEXED BY calls_open
            WHERE finished_at IS NULL ORDER BY id LIMIT 50
            """
        return try Row.fetchAll(cachedStatement(sql: sql)).map {
            QueueState.OpenCall(
                id: $0[0], kind: $0[1], size: $0[2], startedAt: $0.time(3))
        }
    }

    /// The last request for a session is among the last requests, or long gone and of no interest.
    fileprivate func loginFault() throws -> String? {
        let sql = """
            SELECT code FROM (SELECT kind, code, finished_at FROM calls ORDER BY id DESC LIMIT 200)
            WHERE kind = 'token' AND finished_at IS NOT NULL LIMIT 1
            """
        return try String.fetchOne(cachedStatement(sql: sql))
    }
}
