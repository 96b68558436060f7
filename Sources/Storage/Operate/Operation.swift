public import Conversion
import GRDB

/// The number of a row in `operations`.
public struct OperationID: Hashable, Sendable {
    let number: Int64
}

/// What somebody does to the queue.
public struct Operation: Sendable {
    /// The words of `operations.action`.
    public enum Action: String, Sendable, CaseIterable {
        /// Failed jobs run again.
        case retry
        /// Jobs that were not sent are taken back.
        case cancel
        /// The queue, or a batch, is paused.
        case pause
        /// The queue, or a batch, goes on.
        case resume
        /// Old jobs are deleted.
        case prune
    }

    let action: Action
    let target: String
    let at: Timestamp
    /// The person who asked for it; nil when nobody did: then nothing is recorded.
    let person: String?

    init(_ action: Action, target: String, at now: Timestamp, by person: String?) {
        self.action = action
        self.target = target
        at = now
        self.person = person
    }

    init(
        _ action: Action, of selections: [JobSelection], at now: Timestamp, by person: String?
    ) {
        // Somebody may name a thousand leads; the first few say which command it was.
        let named = selections.prefix(3).map(\.description).joined(separator: ", ")
        let more = selections.count > 3 ? " and \(selections.count - 3) more" : ""
        self.init(action, target: named + more, at: now, by: person)
    }
}

extension Operations {
    /// Records an operation that takes more than one transaction; each adds its jobs to it.
    public func begin(
        _ action: Operation.Action, target: String, at now: Timestamp, by person: String
    ) throws -> OperationID {
        let operation = Operation(action, target: target, at: now, by: person)
        return try store.write { try $0.insert(operation, by: person, jobs: 0) }
    }
}

extension Database {
    /// Records what was done, in the transaction that does it.
    /// - Parameter id: Its row, if it has one already.
    @discardableResult
    func record(
        _ operation: Operation, jobs: Int, as id: OperationID? = nil
    ) throws -> OperationID? {
        guard let person = operation.person else { return nil }
        guard let id else { return try insert(operation, by: person, jobs: jobs) }
        try add(jobs: jobs, to: id)
        return id
    }

    /// Adds jobs to an operation that was begun before.
    func add(jobs: Int, to operation: OperationID) throws {
        try cachedStatement(sql: "UPDATE operations SET jobs = jobs + ? WHERE id = ?")
            .execute(arguments: [jobs, operation.number])
    }

    fileprivate func insert(
        _ operation: Operation, by person: String, jobs: Int
    ) throws -> OperationID {
        let sql = "INSERT INTO operations (at, by, action, target, jobs) VALUES (?, ?, ?, ?, ?)"
        try execute(
            sql: sql,
            arguments: [
                operation.at.description, person, operation.action.rawValue, operation.target, jobs,
            ])
        return OperationID(number: lastInsertedRowID)
    }
}
