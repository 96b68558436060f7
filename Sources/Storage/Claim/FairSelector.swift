import Conversion
import GRDB

/// Selects the jobs that are next: at the highest priority first, and there of each batch as many,
/// in turn; what one batch can't use is divided among the others.
///
/// It looks at the front of each batch in turn and never behind it, so that a million jobs in a
/// thousand batches cost a call of a hundred some hundred rows. What stands at a front and can't go
/// is put aside once there is much of it, so that no claim meets it again.
struct FairSelector {
    let database: Database
    let kind: WorkKind
    let policies: [String: RetryPolicy]
    let cursor: RoundRobinCursor
    let moment: ClaimMoment
    /// Whether each row is written for itself, and fails if it breaks a rule.
    var isCareful = false

    /// What there is to take.
    enum SelectedJobs {
        case jobs([ClaimedJob])
        case none
        /// So many could not go that the rest is for another transaction to see.
        case unfinished
    }

    /// So many rows that can't go are passed over each time.
    private static let mostSkipped = 300

    /// The next jobs. Those that no call could carry are settled on the way.
    func select(_ size: Int, from queues: Set<BatchQueue>? = nil) throws -> SelectedJobs {
        var failed = 0
        while true {
            var selection = Selection(room: size)
            try fill(&selection, from: queues)
            if selection.jobs.isEmpty && selection.heldJobs > 0 { return .unfinished }
            for row in selection.malformed {
                try database.fail(row, asking: .convert, at: moment.now)
            }
            failed += selection.malformed.count
            if failed >= Selection.mostMalformed { return .unfinished }
            if selection.blocked.count > Self.mostSkipped {
                try database.putAside(selection.blocked)
                if selection.isTruncated { return .unfinished }
            }
            // One that fails may have stopped its batch, and others of it may have been selected.
            guard selection.malformed.isEmpty else { continue }
            return selection.jobs.isEmpty ? .none : .jobs(selection.jobs)
        }
    }

    /// The numbers of the next jobs, whether they can go or not.
    func ids(_ size: Int) throws -> [Int64] {
        var selection = Selection(room: size)
        try fill(&selection, from: nil)
        return selection.jobs.map(\.id) + selection.malformed.map(\.id)
    }

    private func fill(_ selection: inout Selection, from queues: Set<BatchQueue>?) throws {
        let lowest = queues?.map(\.priority).min() ?? .min
        var bound = Int64.max
        while !selection.isComplete, let priority = try highestPriority(upTo: bound) {
            var waiting = WaitingQueues(priority, from: cursor.first(at: priority))
            try distribute(&waiting, within: queues, &selection)
            guard priority > lowest else { return }
            bound = priority - 1
        }
    }

    /// One round gives all the same number. Batches that run out drop out; the rest is divided among the
    /// others.
    private func distribute(
        _ waiting: inout WaitingQueues, within queues: Set<BatchQueue>?,
        _ selection: inout Selection
    ) throws {
        func next() throws -> [QueueFront] {
            let found = try waiting.next(selection.room, of: self)
            let mayGo = try found.filter { try !hold($0, &selection) }
            return mayGo.filter { queues?.contains($0) ?? true }.map { QueueFront(queue: $0) }
        }
        var active = try next()
        var served: [QueueFront] = []
        while !selection.isComplete, !active.isEmpty || !waiting.isEmpty {
            let perBatch = max(1, selection.room / max(1, active.count))
            for var front in active where !selection.isComplete {
                let taken = try selection.collect(perBatch, from: &front, of: self)
                if taken == perBatch { served.append(front) }
            }
            // Those that had no turn yet come before a second turn of the others.
            active = waiting.isEmpty ? [] : try next()
            if waiting.isEmpty && active.isEmpty { swap(&active, &served) }
        }
    }
}

/// The batches that have jobs waiting at one priority, from the one whose turn it is and around.
private struct WaitingQueues {
    private let priority: Int64
    private var ranges: [ClosedRange<Int64>]

    init(_ priority: Int64, from first: Int64) {
        self.priority = priority
        ranges = [first ... .max] + (first > .min ? [.min...first - 1] : [])
    }

    var isEmpty: Bool { ranges.isEmpty }

    /// The next of them, so many if there are.
    mutating func next(_ most: Int, of selector: FairSelector) throws -> [BatchQueue] {
        var found: [Int64] = []
        while let range = ranges.first, found.count < most {
            let batches = try selector.batches(at: priority, within: range, most - found.count)
            found += batches
            if let last = batches.last, found.count == most, last < range.upperBound {
                ranges[0] = last + 1...range.upperBound
            } else {
                ranges.removeFirst()
            }
        }
        return found.map { BatchQueue(priority: priority, batch: $0) }
    }
}

/// The jobs of one batch at one priority that were not looked at yet.
private struct QueueFront {
    let queue: BatchQueue
    var last: (runAt: String, id: Int64) = ("", 0)
    var isExhausted = false
}

/// What was selected so far.
private struct Selection {
    private(set) var room: Int
    private(set) var jobs: [ClaimedJob] = []
    private(set) var malformed: [MalformedRow] = []
    /// Jobs that can't go now, and what they wait for.
    private(set) var blocked: [(id: Int64, subject: String)] = []
    /// Rows that could not be taken, in one transaction.
    private static let most = 5000
    /// Rows that no call could carry, in one transaction: each is settled, which takes its time.
    fileprivate static let mostMalformed = 500
    /// Jobs that were held, because their batch is paused.
    fileprivate(set) var heldJobs = 0

    init(room: Int) {
        self.room = room
    }

    var isTruncated: Bool {
        blocked.count >= Self.most || malformed.count >= Self.mostMalformed || heldJobs >= Self.most
    }
    var isComplete: Bool { room == 0 || isTruncated }

    /// - Returns: How many were taken.
    mutating func collect(
        _ wanted: Int, from front: inout QueueFront, of selector: FairSelector
    ) throws -> Int {
        let before = jobs.count
        while jobs.count - before < wanted, !front.isExhausted, !isComplete {
            // Where many can't go, few at a time would take many queries.
            let most = wanted - (jobs.count - before) + min(blocked.count, 500)
            try collect(wanted - (jobs.count - before), of: most, from: &front, selector)
        }
        return jobs.count - before
    }

    private mutating func collect(
        _ wanted: Int, of most: Int, from front: inout QueueFront, _ selector: FairSelector
    ) throws {
        let rows = try selector.front(of: front.queue, after: front.last, most)
        let end = jobs.count + wanted
        var read = 0
        while jobs.count < end, let row = try rows.next() {
            read += 1
            let id: Int64 = row[0]
            front.last = (row["run_at"], id)
            if let subject: String = row["blocked_for"] {
                blocked.append((id, subject))
                // Those behind it have a later time still.
                if subject == "time" { return front.isExhausted = true }
                continue
            }
            do throws(MalformedRow) {
                jobs.append(
                    try JobRow.job(
                        row, selector.policies, takesExtra: selector.moment.takesExtra))
                room -= 1
            } catch {
                malformed.append(error)
            }
        }
        if jobs.count < end && read < most { front.isExhausted = true }
    }
}

/// What stands at the front of each batch.
extension FairSelector {
    fileprivate func highestPriority(upTo bound: Int64) throws -> Int64? {
        let sql = """
            SELECT priority FROM \(kind.rows) AND priority <= :bound
            ORDER BY priority DESC LIMIT 1
            """
        return try Int64.fetchOne(
            database.cachedStatement(sql: sql), arguments: arguments(["bound": bound]))
    }

    /// The batches within these numbers that have jobs waiting. It leaps from the front of one to
    /// the front of the next: DISTINCT would look at every job between.
    fileprivate func batches(
        at priority: Int64, within range: ClosedRange<Int64>, _ most: Int
    ) throws -> [Int64] {
        let sql = """
            WITH RECURSIVE queues (batch) AS (
                SELECT (
                    SELECT coalesce(batch_id, 0) FROM \(kind.rows) AND priority = :priority
                        AND coalesce(batch_id, 0) >= :first
                    ORDER BY coalesce(batch_id, 0) LIMIT 1)
                UNION ALL
                SELECT (
                    SELECT coalesce(batch_id, 0) FROM \(kind.rows) AND priority = :priority
                        AND coalesce(batch_id, 0) > queues.batch
                    ORDER BY coalesce(batch_id, 0) LIMIT 1)
                FROM queues WHERE batch < :last)
            SELECT batch FROM queues WHERE batch <= :last LIMIT :most
            """
        return try Int64.fetchAll(
            database.cachedStatement(sql: sql),
            arguments: arguments([
                "priority": priority, "first": range.lowerBound, "last": range.upperBound,
                "most": most,
            ]))
    }

    /// A batch is paused before its jobs are held, of which it may have a million: none of them leaves
    /// meanwhile. The command that holds them may have been interrupted.
    /// - Returns: Whether the batch is paused.
    private func hold(_ queue: BatchQueue, _ selection: inout Selection) throws -> Bool {
        guard queue.batch != 0 else { return false }
        let isPaused = "SELECT paused = 1 FROM batches WHERE id = ?"
        guard
            try Bool.fetchOne(
                database.cachedStatement(sql: isPaused), arguments: [queue.batch]) ?? false
        else { return false }
        let waiting = """
            SELECT id FROM \(kind.rows) AND priority = :priority AND coalesce(batch_id, 0) = :batch
            LIMIT 1000
            """
        let jobs = try Int64.fetchAll(
            database.cachedStatement(sql: waiting),
            arguments: arguments(["priority": queue.priority, "batch": queue.batch]))
        selection.heldJobs += jobs.count
        try database.hold(jobs, at: moment.now, carefully: isCareful)
        return true
    }

    fileprivate func front(
        of queue: BatchQueue, after last: (runAt: String, id: Int64), _ most: Int
    ) throws -> RowCursor {
        // The planner would rather sort: it does not know that the first hundred are all we want.
        let sql = """
            SELECT \(JobRow.columns), jobs.run_at AS run_at, \(kind.blockedFor) AS blocked_for
            FROM \(kind.rows) AND priority = :priority AND coalesce(batch_id, 0) = :batch
                AND (run_at, id) > (:runAt, :id)
            ORDER BY run_at, id
            LIMIT :most
            """
        return try Row.fetchCursor(
            database.cachedStatement(sql: sql),
            arguments: arguments([
                "priority": queue.priority, "batch": queue.batch, "runAt": last.runAt,
                "id": last.id, "most": most,
            ]))
    }

    private func arguments(
        _ own: [String: (any DatabaseValueConvertible)?]
    ) -> StatementArguments {
        var all = own
        all.merge(moment.arguments) { own, _ in own }
        all["subject"] = kind.subject
        return StatementArguments(all)
    }
}
