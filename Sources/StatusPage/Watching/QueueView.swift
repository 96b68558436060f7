public import Conversion
public import Storage

/// The queue as it was when it was last looked at.
public struct Snapshot: Sendable {
    /// When that was.
    public var at: Timestamp
    /// Grows whenever something has changed.
    public var version = 0
    /// Jobs by state.
    public var counts: [JobState: Int] = [:]
    /// The queue as a whole; nil before the first look.
    public var state: QueueState?
    /// Batches that have work left, then the newest.
    public var batches: [BatchSummary] = []
    /// Failed jobs by code.
    public var failures: [FailureGroup] = []
    /// The last jobs that failed.
    public var latestFailures: [JobSummary] = []
    public var operations: [OperationRow] = []
    /// What happened over time.
    public var activity: Activity
    /// Whether the day before has been read for the charts.
    public var isCaughtUp = false
    /// Bytes of the file and its write-ahead log.
    public var sizes: (file: Int64, log: Int64) = (0, 0)

    public var ratePerSecond: Double { activity.ratePerSecond(at: at) }

    /// Seconds until all is done at that rate; nil when nothing moves.
    public var etaSeconds: Double? {
        counts.etaSeconds(atRate: ratePerSecond, isMoving: state?.isMoving == true)
    }
}

/// Looks at a queue again and again. A look is cheap: what was settled since the last one is added
/// up, and what has to be counted is counted only so often that it takes a fiftieth of all time.
public struct QueueView {
    /// The last look.
    public private(set) var snapshot: Snapshot
    private let dashboard: Dashboard
    private let batches: Int
    private var lastAttempt: Int64 = 0
    private var openAttempts: Set<Int64> = []
    private var lastCall: Int64 = 0
    private var openCalls: Set<Int64> = []
    private var countAt = ContinuousClock.now
    private var mustCount = true
    private var isBegun = false
    private var seenMinute: Int64 = 0
    private var seenVersion: Int64 = -1
    private let history: Int64

    /// Rows in one read.
    private static let rows = 1000
    /// How long a look may read the past: a fiftieth of all time, at a look a second.
    private static let historyBudget = Duration.milliseconds(20)

    /// A view on a queue.
    /// - Parameter history: For how many milliseconds back the charts are to be filled.
    /// - Parameter batches: How many batches are counted.
    public init(
        _ dashboard: Dashboard, history: Int64 = 86_400_000, batches: Int = 12, at now: Timestamp
    ) {
        self.dashboard = dashboard
        self.history = history
        self.batches = batches
        snapshot = Snapshot(at: now, activity: Activity(from: now))
    }

    /// Looks at the queue.
    /// - Parameter counting: Whether all is counted again, however lately it was.
    public mutating func look(at now: Timestamp, counting: Bool = false) throws {
        let changes = try dashboard.changes()
        let hasChanged = changes != seenVersion || counting || !snapshot.isCaughtUp
        seenVersion = changes
        if hasChanged { try follow(at: now) }
        let state = try dashboard.state(at: now)
        if state != snapshot.state { snapshot.version += 1 }
        snapshot.state = state
        mustCount = mustCount || hasChanged
        if counting || mustCount && ContinuousClock.now >= countAt { try count() }
        let minute = now.milliseconds / 60_000
        if hasChanged || minute != seenMinute { snapshot.version += 1 }
        seenMinute = minute
        snapshot.activity.forget(before: now)
        snapshot.at = now
    }

    private mutating func count() throws {
        mustCount = false
        let clock = ContinuousClock()
        let start = clock.now
        snapshot.counts = try dashboard.countJobs()
        snapshot.failures = try dashboard.failuresByCode()
        snapshot.batches = try dashboard.batches(limit: batches)
        snapshot.latestFailures = try dashboard.latestFailures(limit: 8)
        snapshot.operations = try dashboard.operations(limit: 8)
        snapshot.sizes = dashboard.fileSizes()
        let end = clock.now
        snapshot.version += 1
        countAt = end + max(.milliseconds(500), (end - start) * 50)
    }

    /// Adds up what was settled since the last look.
    private mutating func follow(at now: Timestamp) throws {
        if !isBegun {
            (lastAttempt, lastCall) = try dashboard.lastNumbers(before: now + -history)
            isBegun = true
        }
        for row in try dashboard.attempts(Array(openAttempts)) where row.finishedAt != nil {
            openAttempts.remove(row.id)
            snapshot.activity.see(row)
        }
        for call in try dashboard.calls(Array(openCalls)) where call.finishedAt != nil {
            openCalls.remove(call.id)
            snapshot.activity.see(call)
        }
        let deadline = ContinuousClock.now + Self.historyBudget
        while ContinuousClock.now < deadline {
            let rows = try dashboard.attempts(above: lastAttempt, limit: Self.rows)
            for row in rows {
                if row.finishedAt == nil { openAttempts.insert(row.id) }
                snapshot.activity.see(row)
            }
            let calls = try dashboard.calls(above: lastCall, limit: Self.rows)
            for call in calls {
                if call.finishedAt == nil { openCalls.insert(call.id) }
                snapshot.activity.see(call)
            }
            lastAttempt = rows.last?.id ?? lastAttempt
            lastCall = calls.last?.id ?? lastCall
            snapshot.isCaughtUp = rows.count < Self.rows && calls.count < Self.rows
            if snapshot.isCaughtUp { return }
        }
    }
}
