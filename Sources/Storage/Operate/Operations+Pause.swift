public import Conversion
import GRDB

/// What pausing or resuming did.
public struct PauseChange: Sendable, Equatable {
    /// Whether it was so before.
    public var wasSo: Bool
    /// Jobs that were held, or let go.
    public var changed = 0
    /// The other unsettled jobs, by state: those in a call settle as usual.
    public var left: [JobState: Int] = [:]
    /// Whether the whole queue is paused now.
    public var isQueuePaused: Bool
}

extension Operations {
    /// Pauses or resumes the whole queue, or one batch, whose waiting jobs are held meanwhile.
    /// - Throws: `OperatorError` 66 when there is no such batch.
    @discardableResult
    public func pause(
        _ isPaused: Bool, batch: String?, at now: Timestamp, by person: String? = nil
    ) throws -> PauseChange {
        let operation = Operation(
            isPaused ? .pause : .resume, target: batch.map { "batch \($0)" } ?? "queue", at: now,
            by: person)
        return try store.write { database in
            let change =
                if let batch {
                    try database.pause(isPaused, batch: database.existingBatch(batch), at: now)
                } else {
                    try database.pause(isPaused)
                }
            try database.record(operation, jobs: change.changed)
            return change
        }
    }
}

extension Database {
    fileprivate func pause(_ isPaused: Bool) throws -> PauseChange {
        let wasPaused = try isQueuePaused()
        try execute(sql: "UPDATE queue SET paused = ?", arguments: [isPaused])
        return PauseChange(
            wasSo: wasPaused == isPaused, left: try unsettled("1", []),
            isQueuePaused: isPaused)
    }

    fileprivate func pause(
        _ isPaused: Bool, batch: Int64, at now: Timestamp
    ) throws -> PauseChange {
        let wasPaused = try Bool.fetchOne(
            self, sql: "SELECT paused FROM batches WHERE id = ?", arguments: [batch])
        try execute(
            sql: "UPDATE batches SET paused = ?, paused_by = NULL WHERE id = ?",
            arguments: [isPaused, batch])
        let states = isPaused ? ["queued", "held"] : ["held", "queued"]
        try execute(
            sql: """
                UPDATE jobs SET state = ?, updated_at = ?, matched = \(Self.matchedAfterAPause)
                WHERE batch_id = ? AND state = ?
                """,
            arguments: [states[1], now.description, batch, states[0]])
        var change = PauseChange(
            wasSo: wasPaused == isPaused, changed: changesCount, isQueuePaused: try isQueuePaused())
        change.left = try unsettled("batch_id = ?", [batch])
        return change
    }

    /// While a job is held, another of its address may make the contact that it did not find.
    static var matchedAfterAPause: String { "nullif(matched, 'nothing')" }

    private func isQueuePaused() throws -> Bool {
        try Bool.fetchOne(self, sql: "SELECT paused FROM queue") ?? false
    }

    /// Jobs that are in a call, or asked about, by state.
    private func unsettled(
        _ condition: String, _ arguments: StatementArguments
    ) throws -> [JobState: Int] {
        let sql = """
            SELECT state, count(*) AS jobs FROM jobs
            WHERE \(condition) AND (state = 'sending' OR state = 'verifying')
            GROUP BY state
            """
        var counts: [JobState: Int] = [:]
        for row in try Row.fetchAll(self, sql: sql, arguments: arguments) {
            if let state = JobState(rawValue: row["state"]) { counts[state] = row["jobs"] }
        }
        return counts
    }
}
