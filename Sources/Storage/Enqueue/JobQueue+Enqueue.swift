public import Conversion
import GRDB
import SQLiteTriggers

/// Where and when the leads of one enqueue are to run.
public struct EnqueueOptions: Sendable {
    /// The batch that they join; made if there is none of that name.
    public var batch: String?
    /// The retry policy of each lead, by name.
    public var policy: String?
    /// Higher goes first.
    public var priority = 0
    /// Not before; nil is now.
    public var runAt: Timestamp?
    /// The command that runs when the batch has finished; nil leaves it as it is.
    public var onFinish: CommandText?

    /// No batch, the default policy, priority 0, now.
    public init() {}
}

extension JobQueue {
    /// One transaction that adds leads; see `enqueue(_:at:_:)`.
    ///
    /// The triggers are off meanwhile: for each row they would cost more than the row itself. What
    /// they do is done here, for all rows at once where it is the same for all.
    public struct Enqueuing {
        fileprivate let database: Database
        fileprivate let insert: Statement
        fileprivate let options: EnqueueOptions
        fileprivate let batchID: Int64?
        fileprivate let times: EnqueueTimes
        fileprivate let state: JobState
        fileprivate var position: Int64
        /// Leads that were added.
        public private(set) var added = 0
        /// Leads that already had an unsettled job.
        public private(set) var skipped = 0

        // Only a second unsettled job is skipped: a row that breaks another rule must be heard.
        fileprivate static let sql = """
            INSERT INTO jobs (lead_id, converted_status, do_not_create_opportunity,
                opportunity_name, opportunity_id, account_id, contact_id, owner_id,
                overwrite_lead_source, send_notification_email, batch_id, position, policy,
                priority, run_at, group_key, match_email, state, deferred_for, created_at,
                updated_at, match_account, related_person_account_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (substr(lead_id, 1, 15))
                WHERE finished_at IS NULL DO NOTHING
            """

        /// Adds a lead.
        /// - Returns: The job's number; nil when the lead has an unsettled job already.
        @discardableResult
        public mutating func add(_ lead: LeadConversion) throws -> Int64? {
            position += 1
            guard lead.followUps == nil && lead.extra == nil else { return try addWithMore(lead) }
            try insert.execute(
                with: lead.leadID.description, lead.convertedStatus, lead.doNotCreateOpportunity,
                lead.opportunityName, lead.opportunityID?.description,
                lead.accountID?.description, lead.contactID?.description,
                lead.ownerID?.description, lead.overwriteLeadSource, lead.sendNotificationEmail,
                batchID, batchID == nil ? nil : position, options.policy, options.priority,
                times.runAt, lead.groupKey, lead.matchEmail, state.rawValue, times.deferredFor,
                times.createdAt, times.createdAt, lead.matchesAccount && lead.groupKey != nil,
                lead.relatedPersonAccountID?.description)
            guard database.changesCount > 0 else {
                skipped += 1
                return nil
            }
            added += 1
            let job = database.lastInsertedRowID
            if lead.groupKey != nil, lead.accountID == nil { try database.joinGroup(job) }
            return job
        }

        /// A lead that asks for more than its conversion, which few do: the statement of the others
        /// need not bind what they lack.
        private mutating func addWithMore(_ lead: LeadConversion) throws -> Int64? {
            position -= 1
            var plain = lead
            plain.followUps = nil
            plain.extra = nil
            guard let job = try add(plain) else { return nil }
            let more = lead.followUps
            let sql = """
                UPDATE jobs SET after_set = ?, note_title = ?, note_body = ?, note_on = ?,
                    task_subject = ?, task_due = ?, extra = ?
                WHERE id = ?
                """
            try database.withTriggers {
                try database.cachedStatement(sql: sql).execute(
                    with: more?.afterSet, more?.noteTitle, more?.noteBody, more?.noteOn?.rawValue,
                    more?.taskSubject, more?.taskDue, lead.extra, job)
            }
            return job
        }
    }

    /// Adds leads in one transaction: all that `body` adds, or, if it throws, none.
    /// - Throws: What `body` throws; `OperatorError` 66 for an unknown policy.
    public func enqueue<Result>(
        _ options: EnqueueOptions, at now: Timestamp, _ body: (inout Enqueuing) throws -> Result
    ) throws -> Result {
        try write { database in
            if let policy = options.policy { try database.require(policy: policy) }
            let batch = try options.batch.map { try database.batch(named: $0, options) }
            let times = try EnqueueTimes(options.runAt ?? now, database)
            return try database.withoutTriggers {
                var enqueuing = Enqueuing(
                    database: database, insert: try database.makeStatement(sql: Enqueuing.sql),
                    options: options, batchID: batch?.id, times: times,
                    state: batch?.isPaused == true ? .held : .queued,
                    position: batch?.lastPosition ?? 0)
                let result = try body(&enqueuing)
                if let batch { try database.count(enqueuing.added, in: batch.id) }
                return result
            }
        }
    }
}

/// The times of jobs that are enqueued together.
private struct EnqueueTimes {
    let runAt: String
    let createdAt: String
    /// Jobs of a later time are put aside at once, as a trigger does with those of others.
    var deferredFor: String? { runAt > createdAt ? "time" : nil }

    init(_ runAt: Timestamp, _ database: Database) throws {
        self.runAt = runAt.description
        let sql = "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
        createdAt = try String.fetchOne(database, sql: sql) ?? self.runAt
    }
}

/// The batch that leads join.
private struct JoinedBatch {
    let id: Int64
    let isPaused: Bool
    /// The place of its last lead.
    let lastPosition: Int64
}

extension JobQueue {
    /// How many leads a batch has; nil when there is none of that name.
    public func leads(inBatch name: String) throws -> Int? {
        let sql = "SELECT total FROM batches WHERE name = ?"
        return try read { try Int.fetchOne($0, sql: sql, arguments: [name]) }
    }

    /// Runs SQL as people write it in the sqlite3 shell, in one transaction.
    public func run(sql: String) throws {
        try write { try $0.execute(sql: sql) }
    }
}

extension Database {
    fileprivate func require(policy: String) throws {
        let sql = "SELECT EXISTS (SELECT 1 FROM policies WHERE name = ?)"
        guard try Bool.fetchOne(self, sql: sql, arguments: [policy]) == true else {
            throw OperatorError(
                .notFound, "There is no policy named \(policy).",
                remedy: "Make it with: leadconvert policy set \(policy)")
        }
    }

    fileprivate func batch(
        named name: String, _ options: EnqueueOptions
    ) throws -> JoinedBatch {
        let id = try batchID(named: name, options)
        let sql = """
            SELECT paused, (SELECT coalesce(max(position), 0) FROM jobs WHERE batch_id = batches.id)
            FROM batches WHERE id = ?
            """
        let row = try Row.fetchOne(self, sql: sql, arguments: [id])
        return JoinedBatch(id: id, isPaused: row?[0] ?? false, lastPosition: row?[1] ?? 0)
    }

    private func batchID(named name: String, _ options: EnqueueOptions) throws -> Int64 {
        let command = options.onFinish?.description
        let find = "SELECT id FROM batches WHERE name = ?"
        guard let id = try Int64.fetchOne(self, sql: find, arguments: [name]) else {
            try execute(
                sql: "INSERT INTO batches (name, policy, on_finish) VALUES (?, ?, ?)",
                arguments: [name, options.policy, command])
            return lastInsertedRowID
        }
        if let command {
            try execute(
                sql: "UPDATE batches SET on_finish = ? WHERE id = ?", arguments: [command, id])
        }
        return id
    }

    fileprivate func count(_ added: Int, in batch: Int64) throws {
        guard added > 0 else { return }
        try execute(
            sql: "UPDATE batches SET total = total + ?, finished_at = NULL WHERE id = ?",
            arguments: [added, batch])
    }

    fileprivate func joinGroup(_ job: Int64) throws {
        let sql = """
            UPDATE jobs SET account_id = \(Self.accountOfGroup), joined_account = 1
            WHERE id = ? AND \(Self.joinsItsGroup) AND \(Self.accountOfGroup) IS NOT NULL
            """
        try cachedStatement(sql: sql).execute(with: job)
    }

    /// Runs what the rules of the schema's triggers are to hold for.
    fileprivate func withTriggers<Result>(_ body: () throws -> Result) throws -> Result {
        try setTriggers(enabled: true)
        let result = Swift.Result { try body() }
        try setTriggers(enabled: false)
        return try result.get()
    }

    fileprivate func withoutTriggers<Result>(_ body: () throws -> Result) throws -> Result {
        try setTriggers(enabled: false)
        let result = Swift.Result { try body() }
        try setTriggers(enabled: true)
        return try result.get()
    }

    private func setTriggers(enabled: Bool) throws {
        let code = set_triggers_enabled(sqliteConnection, enabled ? 1 : 0)
        guard code == ResultCode.SQLITE_OK.rawValue else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
    }
}
