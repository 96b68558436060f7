public import Conversion
import GRDB

/// How far the results of a batch were read.
public struct ResultsPlace: Sendable {
    fileprivate var position: Int64?
    fileprivate var id: Int64 = 0
    /// The newest job of the queue at the last look: what is newer has joined since.
    fileprivate var newest: Int64 = 0
    /// Jobs that joined the batch before this place and have not been given.
    fileprivate var late: [Int64] = []
    /// Whether it stops at the first job that is not settled.
    fileprivate var waits = true
    /// Whether all that was given was settled.
    fileprivate var isSettled = true

    /// Before the first.
    public init() {}
}

extension Reports {
    /// How many leads a batch was given, and how many of them the queue still has.
    public func leads(ofBatch name: String) throws -> (total: Int, present: Int) {
        let sql = """
            SELECT total, (SELECT count(*) FROM jobs WHERE batch_id = batches.id) AS present
            FROM batches WHERE name = ?
            """
        return try store.read { database in
            let row = try Row.fetchOne(database, sql: sql, arguments: [name])
            return (row?["total"] ?? 0, row?["present"] ?? 0)
        }
    }

    /// The jobs of a batch in input order, with what they came to, one at a time: `lead_id`,
    /// `state`, the result ids, the error, and `already_converted` (0/1).
    /// - Returns: Whether all of them are settled.
    /// - Throws: `OperatorError` 66 when there is no such batch.
    public func readResults(
        batch: String, columns: ([String]) throws -> Void = { _ in },
        _ body: (TableRow) throws -> Void
    ) throws -> Bool {
        var place = ResultsPlace()
        place.waits = false
        return try readResults(batch: batch, from: &place, columns: columns, body)
    }

    /// The result of one job: of that number, or else the latest of that lead.
    /// - Returns: Whether it is settled.
    /// - Throws: `OperatorError` 66 when there is no such job.
    public func readResult(
        job: Int64?, lead: RecordID?, columns: ([String]) throws -> Void = { _ in },
        _ body: (TableRow) throws -> Void
    ) throws -> Bool {
        let found = try store.read { database in
            let (condition, arguments): (String, StatementArguments) =
                if let lead {
                    (
                        "id = (SELECT max(job) FROM jobs_of_leads WHERE lead = ?)",
                        [lead.short]
                    )
                } else {
                    ("id = ?", [job])
                }
            let rows = try database.results(condition, arguments)
            guard let row = try rows.next() else {
                throw try database.noSuch(lead.map { "job for lead \($0)" } ?? "job \(job ?? 0)")
            }
            return (names: rows.names, row: row)
        }
        try columns(found.names)
        try body(found.row.result)
        return found.row.isSettled
    }

    /// The columns of a result.
    public func resultColumns() throws -> [String] {
        try store.read { try $0.results("id = 0", []).names }
    }

    /// The next results of a batch in input order, settled or not.
    /// - Throws: `OperatorError` 66 when there is no such batch.
    public func nextResults(
        batch: String, from place: inout ResultsPlace
    ) throws -> ResultsPage {
        place.waits = false
        return try store.read { try $0.page(of: try $0.existingBatch(batch), from: &place) }
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
        let id = try store.read { try $0.existingBatch(batch) }
        try columns(try resultColumns())
        try store.read { try $0.late(of: id, from: &place) }.forEach(body)
        // A page at a time, each in a transaction of its own, like all that may be printed slowly.
        while true {
            let page = try store.read { try $0.page(of: id, from: &place) }
            try page.rows.forEach(body)
            if let isSettled = page.isSettled { return isSettled }
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
            PlacedResult(
                result: TableRow(row, columns: names), isSettled: row["is_settled"],
                position: row["position"], id: row["id"])
        }
    }
}

/// Results that are read in one transaction: some hundreds.
public struct ResultsPage: Sendable {
    /// How many there are at most of each kind.
    fileprivate static let size = 500

    /// In input order.
    public fileprivate(set) var rows: [TableRow] = []
    /// Whether all jobs are settled; nil where there are more pages.
    public fileprivate(set) var isSettled: Bool?
    fileprivate var isFull = false

    /// Appends them as far as they are to be given, and moves the place along.
    fileprivate mutating func append(_ results: PlacedResults, _ place: inout ResultsPlace) throws {
        var count = 0
        while isSettled == nil, let row = try results.next() {
            guard row.isSettled || !place.waits else { return isSettled = false }
            rows.append(row.result)
            count += 1
            place.isSettled = place.isSettled && row.isSettled
            (place.position, place.id) = (row.position, row.id)
        }
        isFull = count == Self.size
    }
}

extension Database {
    /// What is to be given next.
    fileprivate func page(
        of batch: Int64, from place: inout ResultsPlace
    ) throws -> ResultsPage {
        var page = ResultsPage()
        // SQL alone may leave out the position; such jobs come first.
        if place.position == nil {
            let rows = try results(
                "batch_id = ? AND position IS NULL AND id > ? ORDER BY id LIMIT ?",
                [batch, place.id, ResultsPage.size])
            try page.append(rows, &place)
        }
        if page.isSettled == nil && !page.isFull {
            let rows = try results(
                "batch_id = ? AND (position, id) > (?, ?) ORDER BY position, id LIMIT ?",
                [
                    batch, place.position ?? .min, place.position == nil ? 0 : place.id,
                    ResultsPage.size,
                ])
            try page.append(rows, &place)
        }
        if page.isSettled == nil && !page.isFull {
            page.isSettled = place.waits ? try isSettled(batch: batch) : place.isSettled
        }
        return page
    }

    /// What is settled of the jobs that joined before the place.
    ///
    /// Numbers of jobs only grow, so those that joined since the last look are found without a
    /// look at the others.
    fileprivate func late(
        of batch: Int64, from place: inout ResultsPlace
    ) throws -> [TableRow] {
        if let position = place.position {
            let sql = """
                SELECT id FROM jobs
                WHERE id > ? AND +batch_id = ? AND (position IS NULL OR position < ?)
                """
            place.late += try Int64.fetchAll(
                cachedStatement(sql: sql), arguments: [place.newest, batch, position])
        }
        place.newest = try Int64.fetchOne(self, sql: "SELECT max(id) FROM jobs") ?? 0
        guard !place.late.isEmpty else { return [] }
        let rows = try results(
            """
            id IN (SELECT value FROM json_each(?)) AND +finished_at IS NOT NULL
            ORDER BY position, id
            """, [place.late.json])
        var given: [TableRow] = []
        while let row = try rows.next() {
            given.append(row.result)
            place.late.removeAll { $0 == row.id }
        }
        return given
    }

    fileprivate func results(
        _ condition: String, _ arguments: StatementArguments
    ) throws -> PlacedResults {
        let sql = """
            SELECT lead_id, state, result_account_id, result_contact_id, result_opportunity_id,
                error_code, error_message,
                state = 'converted' AND log_id IS NULL AND coalesce((
                    SELECT outcome FROM run_log_rows
                    WHERE job_id = jobs.id AND outcome IN ('converted', 'already_converted')
                    ORDER BY run_log_rows.id DESC LIMIT 1
                ), '') = 'already_converted' AS already_converted,
                after_code, after_message,
                CASE WHEN after_code IS NOT NULL THEN '[' || coalesce(
                    \(Self.failedFollowUps),
                    \(Self.error("after_code", "after_message"))) || ']' END AS after_errors,
                finished_at IS NOT NULL AS is_settled, position, id
            FROM jobs
            WHERE \(condition)
            """
        return try PlacedResults(makeStatement(sql: sql), arguments)
    }

    /// What failed of a job's follow-ups, an object each, in their order; null where there are none.
    private static let failedFollowUps = """
        (SELECT group_concat(error, ', ') FROM (
            SELECT \(error("code", "kind || ' ' || object || ': ' || coalesce(message, code)")) AS error
            FROM follow_ups WHERE job_id = jobs.id AND state = 'failed' ORDER BY follow_ups.id))
        """

    private static func error(_ code: String, _ message: String) -> String {
        #"'{"statusCode": ' || json_quote(\#(code)) || ', "message": ' || json_quote(\#(message)) || '}'"#
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
