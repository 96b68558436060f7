public import Conversion
import GRDB

/// Which jobs to list.
public struct JobFilter: Sendable {
    public var state: JobState?
    /// Of the batch of this name.
    public var batch: String?
    public var lead: RecordID?
    /// At most so many, the newest.
    public var limit: Int?

    /// All jobs.
    public init() {}
}

/// Which rows of the run log to list.
public struct LogFilter: Sendable {
    public var job: Int64?
    public var lead: RecordID?
    /// Of the batch of this name.
    public var batch: String?
    /// Begun at this time or later.
    public var since: Timestamp?
    /// That came to this.
    public var outcome: Outcome?
    /// At most so many, the newest.
    public var limit: Int?

    /// The whole log.
    public init() {}
}

extension Reports {
    /// Jobs, oldest first: the names of their columns, then one job at a time.
    /// - Throws: `OperatorError` 66 when the lead has no job, or the batch does not exist.
    public func readJobs(
        _ filter: JobFilter, columns: ([String]) throws -> Void = { _ in },
        _ body: (TableRow) throws -> Void
    ) throws {
        var query = TableQuery(
            """
            id, lead_id, converted_status, do_not_create_opportunity, opportunity_name,
            opportunity_id, account_id, contact_id, owner_id, overwrite_lead_source,
            send_notification_email, batch_id, position, policy, priority, run_at, state,
            attempts, result_account_id, result_contact_id, result_opportunity_id, error_code,
            error_message, created_at, updated_at, finished_at, after_set, note_title, note_body,
            note_on, task_subject, task_due, extra, after_code, after_message, group_key,
            match_email, match_account, related_person_account_id
            """, from: "jobs", limit: filter.limit)
        // Numbers come out of the subquery in order, so that nothing has to be sorted. Only the
        // narrowest condition is looked up: the plus keeps the planner from the others.
        if let lead = filter.lead {
            try store.read { try $0.require(lead: lead) }
            query.add("id IN (SELECT job FROM jobs_of_leads WHERE lead = ?)", lead.short)
        }
        if let batch = filter.batch {
            let id = try store.read { try $0.existingBatch(batch) }
            query.add(
                filter.lead == nil
                    ? "id IN (SELECT id FROM jobs WHERE batch_id = ?)" : "+batch_id = ?", id)
        }
        if let state = filter.state {
            let isAlone = filter.lead == nil && filter.batch == nil
            query.add(isAlone ? state.ids(newest: filter.limit) : "+state = ?", state.rawValue)
        }
        try stream(query, columns, body)
    }

    /// The run log, oldest first: the names of its columns, then one row at a time.
    /// - Throws: `OperatorError` 66 when the job or the batch does not exist, or the lead has no job.
    public func readLog(
        _ filter: LogFilter, columns: ([String]) throws -> Void = { _ in },
        _ body: (TableRow) throws -> Void
    ) throws {
        let isOfAnyJob = filter.job == nil && filter.lead == nil && filter.batch == nil
        // What came to anything else than a conversion has a row of its own, and an index.
        let isTrouble = isOfAnyJob && filter.outcome ?? .converted != .converted
        var query = TableQuery(
            """
            id, job_id, lead_id, batch_id, attempt, call_id, kind, started_at, finished_at,
            duration_ms, outcome, code, message, backoff_ms, next_run_at, account_id,
            contact_id, opportunity_id
            """, from: isTrouble ? "run_log_rows" : "run_log", limit: filter.limit)
        if let job = filter.job {
            try store.read { try $0.require(job: job) }
            query.add("job_id = ?", job)
        }
        // Through the jobs, which have indexes on lead and batch; the log has none.
        if let lead = filter.lead {
            // One without rows may still wait for its turn; one without a job is a mistake.
            try store.read { try $0.require(lead: lead) }
            query.add("job_id IN (SELECT job FROM jobs_of_leads WHERE lead = ?)", lead.short)
        }
        if let batch = filter.batch {
            query.add(
                "job_id IN (SELECT id FROM jobs WHERE batch_id = ?)",
                try store.read { try $0.existingBatch(batch) })
        }
        if let outcome = filter.outcome {
            query.add(
                isTrouble ? "outcome <> 'converted' AND outcome = ?" : "+outcome = ?",
                outcome.rawValue)
        }
        if let since = filter.since {
            query.add(isOfAnyJob ? "started_at >= ?" : "+started_at >= ?", since.description)
        }
        // Rows are written as they start, so this is their order too, and the indexes have it.
        if isTrouble || isOfAnyJob && filter.since != nil {
            query.order = ["started_at", "id"]
        }
        if isOfAnyJob && !isTrouble && filter.since != nil { query.index = "run_log_by_time" }
        try stream(query, columns, body)
    }

    /// The calls, oldest first, one at a time.
    public func readCalls(_ body: (TableRow) throws -> Void) throws {
        let query = TableQuery(
            """
            id, kind, size, started_at, finished_at, duration_ms, http_status, code, message,
            waited_ms, waited_for, usage_current, usage_limit, size_limit, size_reason
            """, from: "calls", limit: nil)
        try stream(query, { _ in }, body)
    }

    /// Reads in pages, each in a transaction of its own: printing the rows may take hours over
    /// it, and a transaction that long keeps the write-ahead log from being used again. Which rows it
    /// is to be is settled at the first look.
    private func stream(
        _ query: TableQuery, _ columns: ([String]) throws -> Void,
        _ body: (TableRow) throws -> Void
    ) throws {
        try columns(try store.read { try $0.page(query, of: []) }.columns)
        guard query.isUnlimited else {
            var ids = try store.read { database in
                // What SQLite has to sort may not fit into memory.
                try database.execute(sql: "PRAGMA temp_store = FILE")
                return try database.numbers(query.sqlOfIDs, query.arguments)
            }
            while !ids.isEmpty {
                let page = ids.take(TableQuery.page)
                try store.read { try $0.page(query, of: page[...]) }.rows.forEach(body)
            }
            return
        }
        let end = try store.read { try Int64.fetchOne($0, sql: query.sqlOfLastID) } ?? 0
        var last: Int64 = 0
        while last < end {
            let (ids, rows) = try store.read { database in
                let ids = try Int64.fetchAll(
                    database.cachedStatement(sql: query.sqlOfNextIDs), arguments: [last, end])
                return (ids, try database.page(query, of: ids[...]).rows)
            }
            try rows.forEach(body)
            last = ids.last ?? end
        }
    }
}

extension Database {
    /// The number of a batch that must be there.
    func existingBatch(_ name: String) throws -> Int64 {
        let sql = "SELECT id FROM batches WHERE name = ?"
        guard let id = try Int64.fetchOne(self, sql: sql, arguments: [name]) else {
            throw OperatorError(
                .notFound, "There is no batch named \(name).",
                remedy: "See them with: sqlite3 \(try path.shellQuoted) "
                    + "'SELECT * FROM batch_progress'")
        }
        return id
    }

    /// - Throws: `OperatorError` 66 when there is no such job, nor any trace of one.
    fileprivate func require(job: Int64) throws {
        let sql = """
            SELECT EXISTS (SELECT 1 FROM jobs WHERE id = ?1)
                OR EXISTS (SELECT 1 FROM run_log WHERE job_id = ?1)
            """
        guard try Bool.fetchOne(self, sql: sql, arguments: [job]) == true else {
            throw try noSuch("job \(job)")
        }
    }

    /// - Throws: `OperatorError` 66 when the lead has no job.
    fileprivate func require(lead: RecordID) throws {
        let sql = "SELECT EXISTS (SELECT 1 FROM jobs_of_leads WHERE lead = ?)"
        guard try Bool.fetchOne(self, sql: sql, arguments: [lead.short]) == true else {
            throw try noSuch("job for lead \(lead)")
        }
    }

    /// What is told of a job that is not there.
    func noSuch(_ job: String) throws -> OperatorError {
        OperatorError(
            .notFound, "There is no \(job).", remedy: "See: leadconvert jobs \(try option)")
    }

    /// The option that names this queue to a command, in whatever folder that is typed.
    var option: String { get throws { "--db \(try path.shellQuoted)" } }

    /// The queue's file, from the root.
    private var path: String {
        get throws {
            try String.fetchOne(self, sql: "SELECT file FROM pragma_database_list") ?? ""
        }
    }

    fileprivate func numbers(_ sql: String, _ arguments: StatementArguments) throws -> RowNumbers {
        var numbers = RowNumbers()
        let cursor = try Int64.fetchCursor(self, sql: sql, arguments: arguments)
        while let number = try cursor.next() { numbers.append(number) }
        return numbers
    }

    fileprivate func page(
        _ query: TableQuery, of ids: ArraySlice<Int64>
    ) throws -> (columns: [String], rows: [TableRow]) {
        let statement = try cachedStatement(sql: query.sqlOfRows)
        let names = statement.columnNames
        let rows = try Row.fetchCursor(statement, arguments: [Array(ids).json])
        var page: [Int64: TableRow] = [:]
        while let row = try rows.next() { page[row[0]] = TableRow(row, columns: names) }
        return (names, ids.compactMap { page[$0] })
    }
}

extension JobState {
    /// The condition that a job is in this state, where there is no other condition.
    fileprivate func ids(newest limit: Int?) -> String {
        switch self {
        case .converted: "+state = ?"
        // Of millions that wait only the newest are sorted out.
        case .queued:
            """
            id IN (
                SELECT id FROM jobs_queued\(limit.map { " ORDER BY id DESC LIMIT \($0)" } ?? ""))
                AND +state = ?
            """
        default: "id IN (SELECT id FROM jobs WHERE \(condition) AND state = ?)"
        }
    }
}
