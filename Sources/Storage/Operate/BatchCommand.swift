public import Conversion
import Foundation
import GRDB

/// The command of a batch that has finished: it is to run, or runs.
public struct BatchCommand: Sendable, Equatable {
    /// How a run ended.
    public struct End: Sendable, Equatable {
        /// The status, as a shell tells it.
        public var exit: Int32
        /// What there is to say beside it.
        public var message: String?

        public init(exit: Int32, _ message: String? = nil) {
            self.exit = exit
            self.message = message
        }
    }

    public var batchID: Int64
    /// Its name.
    public var batch: String
    /// The command as it was given; nil when it, or the batch's name, is not UTF-8 or holds a zero
    /// byte.
    public var text: String?
    /// How often it was started so far.
    public var runs: Int64
    /// When it was started for this finish; what was started and has no end was cut off.
    public var startedAt: String?
}

// The command of a batch runs at least once for each time that the batch finishes. Its start is
// written before it starts and its end once it has ended: what has a start and no end when a daemon
// takes over was cut off, and is started again.
extension BatchCommands {
    /// Whether a command is to run, or runs.
    public func hasCommands() throws -> Bool {
        let sql = """
            SELECT EXISTS (
                SELECT 1 FROM batches
                WHERE on_finish IS NOT NULL AND finished_at IS NOT NULL
                    AND on_finish_finished_at IS NULL)
            """
        return try store.read { try Bool.fetchOne($0.cachedStatement(sql: sql)) ?? false }
    }

    /// The command to run next, of the batch that finished first.
    /// - Parameter batches: Those whose commands run already.
    public func nextCommand(except batches: [Int64]) throws -> BatchCommand? {
        let sql = """
            SELECT id, CAST(name AS BLOB) AS name, CAST(on_finish AS BLOB) AS command,
                on_finish_runs,
                on_finish_started_at
            FROM batches
            WHERE on_finish IS NOT NULL AND finished_at IS NOT NULL
                AND on_finish_finished_at IS NULL AND id NOT IN (SELECT value FROM json_each(?))
            ORDER BY finished_at
            LIMIT 1
            """
        return try store.read { database in
            let row = try Row.fetchOne(
                database.cachedStatement(sql: sql), arguments: [batches.json])
            return row.map { row in
                BatchCommand(
                    batchID: row["id"], name: row["name"], command: row["command"],
                    runs: row["on_finish_runs"], startedAt: row["on_finish_started_at"])
            }
        }
    }

    /// Writes down that a command starts, before it does.
    /// - Returns: The command as it starts; nil when it is not to run any more, since the batch
    ///   goes on.
    public func start(_ command: BatchCommand, at now: Timestamp) throws -> BatchCommand? {
        guard let text = command.text else { return nil }
        var command = command
        let sql = """
            UPDATE batches SET on_finish_runs = on_finish_runs + 1, on_finish_started_at = ?
            WHERE id = ? AND on_finish_runs = ? AND on_finish = ? AND finished_at IS NOT NULL
                AND on_finish_finished_at IS NULL
            """
        let arguments: StatementArguments = [
            now.description, command.batchID, command.runs, text,
        ]
        let isDue = try store.write { database in
            try database.execute(sql: sql, arguments: arguments)
            return database.changesCount == 1
        }
        command.runs += 1
        command.startedAt = now.description
        return isDue ? command : nil
    }

    /// Writes down why a command is not started. It goes by nothing but the batch's number: whatever
    /// else stands in the row, this must end what `nextCommand` gives.
    public func refuse(_ command: BatchCommand, _ sentence: String, at now: Timestamp) throws {
        let sql = """
            UPDATE batches SET
                on_finish_finished_at = ?, on_finish_exit = 126, on_finish_message = ?
            WHERE id = ? AND finished_at IS NOT NULL AND on_finish_finished_at IS NULL
            """
        let arguments: StatementArguments = [now.description, sentence, command.batchID]
        try store.write { try $0.execute(sql: sql, arguments: arguments) }
    }

    /// Writes down how a command ended.
    ///
    /// A batch that has finished again since then has its command run again, and this end is of no
    /// more interest.
    public func end(_ command: BatchCommand, _ end: BatchCommand.End, at now: Timestamp) throws {
        let sql = """
            UPDATE batches SET
                on_finish_finished_at = ?, on_finish_exit = ?, on_finish_message = ?
            WHERE id = ? AND on_finish_runs = ? AND on_finish_started_at IS ?
            """
        let arguments: StatementArguments = [
            now.description, end.exit, end.message, command.batchID, command.runs,
            command.startedAt,
        ]
        try store.write { try $0.execute(sql: sql, arguments: arguments) }
    }
}

extension BatchCommand {
    /// A command as its row holds it. SQLite takes any bytes for text, and Swift would repair them
    /// or cut them off at a zero: another command, of another batch.
    fileprivate init(batchID: Int64, name: Data, command: Data, runs: Int64, startedAt: String?) {
        self.batchID = batchID
        self.runs = runs
        self.startedAt = startedAt
        batch = String(decoding: name, as: UTF8.self)
        text = Self.text(name) == nil ? nil : Self.text(command)
    }

    private static func text(_ bytes: Data) -> String? {
        bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
    }
}
