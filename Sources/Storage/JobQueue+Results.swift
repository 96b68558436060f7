import GRDB

/// How far the results of a batch were read.
public struct ResultsPlace: Sendable {
    fileprivate var position: Int64?
    fileprivate var id: Int64 = 0
    /// The newest job of the queue at the last look: what is newer has joined since.
    fileprivate var newest: Int64 = 0
    /// Jobs that joined the batch before this place and have not been given.
    fileprivate var late: [Int64] = []

    /// Before the first.
    public init() {}
}

extension JobQueue {
    /// The jobs of a batch in input order, with what they came to, one at a time: `lead_id`,
    /// `state`, the result ids, the error, and `already_converted` (0/1).
    /// - Returns: Whether all of them are settled.
    /// - Throws: `OperatorError` 66 when there is no such batch.
    public func readResults(
        batch: String, columns: ([String]) throws -> Void = { _ in },
        _ body: (TableRow) throws -> Void
    ) throws -> Bool {
        try read { database in
            let id = try database.existingBatch(batch)
            let rows = try database.results("batch_id = ? ORDER BY position, id", [id])
            try columns(rows.names)
            while let row = try rows.next() { try body(row.result) }
            return try database.isSettled(batch: id)
        }
    }

    /// Results as they come, each job's once: those behind `place` in input order, as far as all
    /// before them are settled; and before them, as soon as they are settled, those of jobs that
    /// joined the batch before `place` when it had moved on.
    /// - Returns: Whether all jobs of the batch are settled.
    /// - Throws: `OperatorError` 66 when there is no such batch.
    public func readResults(
        batch: String, from place: inout ResultsPlace, columns: ([String]) throws -> Void,
        _ body: (TableRow) throws -> Void
    ) throws -> Bool {
        try read { database in
            let id = try database.existingBatch(batch)
            try database.giveLate(of: id, from: &place, to: body)
            // SQL alone may leave out the position; such jobs come first.
            if place.position == nil {
                let rows = try database.results(
                    "batch_id = ? AND position IS NULL AND id > ? ORDER BY id", [id, place.id])
                try columns(rows.names)
                guard try rows.give(from: &place, to: body) else { return false }
            }
            let rows = try database.results(
                "batch_id = ? AND (position, id) > (?, ?) ORDER BY position, id",
                [id, place.position ?? .min, place.position == nil ? 0 : place.id])
            guard try rows.give(from: &place, to: body) else { return false }
            return try database.isSettled(batch: id)
        }
    }
}

/// A job's result and its place.
private struct PlacedResult {
    let result: TableRow
    let isSettled: Bool
    let position: Int64?
    let id: Int64
}

/// The results of a batch as a query gives them.
private struct PlacedResults {
    /// The columns of a result.
    let names: [String]
    private let rows: RowCursor

    init(_ statement: Statement, _ arguments: StatementArguments) throws {
        // Behind them stand three columns of our own.
        names = statement.columnNames.dropLast(3)
        rows = try Row.fetchCursor(statement, arguments: arguments)
    }

    func next() throws -> PlacedResult? {
        try rows.next().map { row in
            let own = names.count
            return PlacedResult(
                result: TableRow(row, columns: names), isSettled: row[own],
                position: row[own + 1], id: row[own + 2])
        }
    }

    /// Gives the settled ones as far as all before them are, and moves the place along.
    /// - Returns: Whether that was all.
    func give(from place: inout ResultsPlace, to body: (TableRow) throws -> Void) throws -> Bool {
        while let row = try next() {
            guard row.isSettled else { return false }
            try body(row.result)
            (place.position, place.id) = (row.position, row.id)
        }
        return true
    }
}

extension Database {
    /// Gives what is settled of the jobs that joined before the place.
    ///
    /// Numbers of jobs only grow, so those that joined since the last look are found without a
    /// look at the others.
    fileprivate func giveLate(
        of batch: Int64, from place: inout ResultsPlace, to body: (TableRow) throws -> Void
    ) throws {
        if let position = place.position {
            let sql = """
                SELECT id FROM jobs
                WHERE id > ? AND +batch_id = ? AND (position IS NULL OR position < ?)
                """
            place.late += try Int64.fetchAll(
                cachedStatement(sql: sql), arguments: [place.newest, batch, position])
        }
        place.newest = try Int64.fetchOne(self, sql: "SELECT max(id) FROM jobs") ?? 0
        guard !place.late.isEmpty else { return }
        let rows = try results(
            """
            id IN (SELECT value FROM json_each(?)) AND +finished_at IS NOT NULL
            ORDER BY position, id
            """, [place.late.json])
        var given: Set<Int64> = []
        while let row = try rows.next() {
            try body(row.result)
            given.insert(row.id)
        }
        place.late.removeAll(where: given.contains)
    }

    fileprivate func results(
        _ condition: String, _ arguments: StatementArguments
    ) throws -> PlacedResults {
        let sql = """
            SELECT lead_id, state, result_account_id, result_contact_id, result_opportunity_id,
                error_code, error_message,
                state = 'converted' AND coalesce((
                    SELECT outcome FROM run_log
                    WHERE job_id = jobs.id ORDER BY run_log.id DESC LIMIT 1
                ), '') = 'already_converted' AS already_converted,
                finished_at IS NOT NULL, position, id
            FROM jobs
            WHERE \(condition)
            """
        return try PlacedResults(makeStatement(sql: sql), arguments)
    }

    fileprivate func isSettled(batch: Int64) throws -> Bool {
        let sql = """
            SELECT NOT EXISTS (
                SELECT 1 FROM jobs
                WHERE batch_id = ? AND finished_at IS NULL)
            """
        return try Bool.fetchOne(self, sql: sql, arguments: [batch]) ?? false
    }
}
