public import Conversion
import GRDB

/// A job as lists and a lead's page show it.
public struct JobSummary: Sendable, Equatable {
    /// Its number.
    public var id: Int64
    public var lead: String
    /// Where it stands.
    public var state: JobState
    /// Its batch's name.
    public var batch: String?
    /// Attempts that were used.
    public var attempts: Int
    /// Why it, or what was to follow it, failed, or was last put off.
    public var code: String?
    /// In Salesforce's words.
    public var message: String?
    /// When it is, or was, due.
    public var runAt: Timestamp?
    /// When it was added.
    public var createdAt: Timestamp?
    /// When it was settled.
    public var finishedAt: Timestamp?
    /// The account that it was converted into.
    public var accountID: String?
    /// The contact that it was converted into.
    public var contactID: String?
    /// The opportunity that was made.
    public var opportunityID: String?
    /// Whether it was converted, and something that was to follow failed.
    public var hasFailedFollowUp = false
}

/// Where a list goes on: the last job that was shown.
public struct ListPlace: Sendable, Equatable {
    /// The time by which the list is ordered.
    public var time: String
    /// The job's number.
    public var id: Int64

    /// A place.
    public init(time: String, id: Int64) {
        self.time = time
        self.id = id
    }
}

extension Dashboard {
    /// Jobs in a state: those that are queued in the order in which calls take them, others that are
    /// to come in the order in which they are due, settled ones latest first.
    /// - Parameter place: The last job that was shown, with its `finished_at` if it was converted, or
    ///   else its `run_at`.
    public func jobs(
        in state: JobState, after place: ListPlace?, limit: Int
    ) throws -> [JobSummary] {
        if state == .queued { return try queuedJobs(after: place, limit: limit) }
        if state == .converted { return try convertedJobs(after: place, limit: limit) }
        let (index, column) = ("jobs_by_state", "run_at")
        let (comparison, direction) = state.isSettled ? ("<", "DESC") : (">", "ASC")
        let bound = place.map { _ in "AND (jobs.\(column), jobs.id) \(comparison) (?, ?)" } ?? ""
        return try jobs(
            """
            jobs INDEXED BY \(index) LEFT JOIN batches ON batches.id = jobs.batch_id
            WHERE jobs.\(column) IS NOT NULL AND jobs.state = '\(state.rawValue)' \(bound)
            ORDER BY jobs.\(column) \(direction), jobs.id \(direction)
            """, Self.arguments(place), limit)
    }

    /// Of those that are settled nearly all are converted: their order is that of all ends. Where
    /// hardly one is, a page takes several reads.
    private func convertedJobs(after place: ListPlace?, limit: Int) throws -> [JobSummary] {
        var found: [JobSummary] = []
        var place = place
        while true {
            let bound = place.map { _ in "AND (finished_at, id) < (?, ?)" } ?? ""
            let ends = """
                SELECT finished_at, id FROM jobs INDEXED BY jobs_by_end
                WHERE finished_at IS NOT NULL \(bound) ORDER BY finished_at DESC, id DESC
                """
            found += try jobs(
                """
                (\(ends) LIMIT \(Self.endsInARead)) AS page CROSS JOIN jobs ON jobs.id = page.id
                LEFT JOIN batches ON batches.id = jobs.batch_id
                WHERE +jobs.state = 'converted'
                """, Self.arguments(place), limit - found.count)
            let last = try read { database in
                try Row.fetchOne(
                    database.cachedStatement(
                        sql: "\(ends) LIMIT 1 OFFSET \(Self.endsInARead - 1)"),
                    arguments: Self.arguments(place))
            }
            guard found.count < limit, let last else { return found }
            place = ListPlace(time: last[0], id: last[1])
        }
    }

    private static let endsInARead = 5000

    private func queuedJobs(after place: ListPlace?, limit: Int) throws -> [JobSummary] {
        let last = try read { database in
            try place.flatMap { place in
                try Row.fetchOne(
                    database.cachedStatement(sql: QueuedJobs.place), arguments: [place.id])
            }
        }
        let numbers = last.map { QueuedJobs.after(part: $0["part"]) } ?? QueuedJobs.all
        var arguments: [String: (any DatabaseValueConvertible)?] = [:]
        if let last, let place {
            for column in ["id", "priority", "batch", "subject"] {
                arguments[column] = last[column] as DatabaseValue
            }
            arguments["time"] = place.time
        }
        return try jobs(
            """
            (\(numbers) LIMIT \(limit)) AS page CROSS JOIN jobs ON jobs.id = page.id
            LEFT JOIN batches ON batches.id = jobs.batch_id
            """, StatementArguments(arguments), limit)
    }

    /// Jobs of which something failed with a code, of a batch or of all, latest first.
    public func failures(
        _ part: FailedPart = .conversion, code: String?, batch: Int64?, after place: ListPlace?,
        limit: Int
    ) throws -> [JobSummary] {
        let failed = FailedJobs(batch, part)
        let bound = place.map { _ in "AND (jobs.finished_at, jobs.id) < (?, ?)" } ?? ""
        return try jobs(
            """
            \(failed.source) LEFT JOIN batches ON batches.id = jobs.batch_id
            WHERE \(failed.condition) AND \(failed.code) IS ? \(bound)
            ORDER BY jobs.finished_at DESC, jobs.id DESC
            """, [batch, code] + Self.arguments(place), limit)
    }

    /// The last jobs that failed, or what was to follow them, latest first; settled ones only, however
    /// often they failed.
    public func latestFailures(limit: Int) throws -> [JobSummary] {
        let recent = """
            SELECT job_id FROM run_log_rows INDEXED BY run_log_by_trouble
            WHERE outcome <> 'converted' AND outcome = 'failed' ORDER BY started_at DESC LIMIT ?
            """
        let numbers = try read { database in
            try Int64.fetchAll(database.cachedStatement(sql: recent), arguments: [limit * 2])
        }
        var found = try jobs(
            """
            jobs LEFT JOIN batches ON batches.id = jobs.batch_id
            WHERE jobs.id IN (SELECT value FROM json_each(?)) AND (+jobs.state = 'failed' OR +jobs.after_code IS NOT NULL)
            """, [numbers.json], limit * 2)
        found.sort {
            ($0.finishedAt?.milliseconds ?? 0, $0.id) > ($1.finishedAt?.milliseconds ?? 0, $1.id)
        }
        return Array(found.prefix(limit))
    }

    /// The jobs of a lead, newest first.
    public func jobs(of lead: RecordID, limit: Int = 20) throws -> [JobSummary] {
        try jobs(
            """
            jobs LEFT JOIN batches ON batches.id = jobs.batch_id
            WHERE jobs.id IN (SELECT job FROM jobs_of_leads WHERE lead = ?) ORDER BY jobs.id DESC
            """, [lead.short], limit)
    }

    private static func arguments(_ place: ListPlace?) -> StatementArguments {
        place.map { [$0.time, $0.id] } ?? []
    }

    private func jobs(
        _ source: String, _ arguments: StatementArguments, _ limit: Int
    ) throws -> [JobSummary] {
        let sql = """
            SELECT \(JobSummary.columns)
            FROM \(source) LIMIT \(limit)
            """
        return try read { database in
            try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments)
                .compactMap(JobSummary.init)
        }
    }
}

extension JobSummary {
    /// In the order in which a row is read.
    static let columns = """
        jobs.id, jobs.lead_id, jobs.state, batches.name, jobs.attempts,
        coalesce(jobs.after_code, jobs.error_code),
        coalesce(jobs.after_message, jobs.error_message), jobs.run_at, jobs.created_at, jobs.finished_at,
        jobs.result_account_id, jobs.result_contact_id, jobs.result_opportunity_id,
        jobs.after_code IS NOT NULL
        """

    init?(_ row: Row) {
        guard let state = JobState(rawValue: row[2]) else { return nil }
        self.init(
            id: row[0], lead: row[1], state: state, batch: row[3], attempts: row[4], code: row[5],
            message: row[6], runAt: row.time(7), createdAt: row.time(8), finishedAt: row.time(9),
            accountID: row[10], contactID: row[11], opportunityID: row[12],
            hasFailedFollowUp: row[13])
    }
}
