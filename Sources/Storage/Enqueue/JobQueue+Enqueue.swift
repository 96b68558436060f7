public import Conversion
import GRDB

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
    public struct Enqueuing {
        let database: Database
        let options: EnqueueOptions
        let batchID: Int64?
        let runAt: String
        var position: Int64
        /// Leads that were added.
        public private(set) var added = 0
        /// Leads that already had an unsettled job.
        public private(set) var skipped = 0

        /// Adds a lead.
        /// - Returns: The job's number; nil when the lead has an unsettled job already.
        @discardableResult
        public mutating func add(_ lead: LeadConversion) throws -> Int64? {
            position += 1
            // Only a second unsettled job is skipped: a row that breaks another rule must be heard.
            let sql = """
                INSERT INTO jobs (lead_id, converted_status, do_not_create_opportunity,
                    opportunity_name, opportunity_id, account_id, contact_id, owner_id,
                    overwrite_lead_source, send_notification_email, batch_id, position, policy,
                    priority, run_at, group_key, match_email, match_account,
                    related_person_account_id)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (substr(lead_id, 1, 15))
                    WHERE finished_at IS NULL DO NOTHING
                """
            guard lead.followUps == nil && lead.extra == nil else { return try addWithMore(lead) }
            try database.cachedStatement(sql: sql).execute(
                with: lead.leadID.description, lead.convertedStatus, lead.doNotCreateOpportunity,
                lead.opportunityName, lead.opportunityID?.description,
                lead.accountID?.description, lead.contactID?.description,
                lead.ownerID?.description, lead.overwriteLeadSource, lead.sendNotificationEmail,
                batchID, batchID == nil ? nil : position, options.policy, options.priority, runAt,
                lead.groupKey, lead.matchEmail, lead.matchesAccount && lead.groupKey != nil,
                lead.relatedPersonAccountID?.description)
            guard database.changesCount > 0 else {
                skipped += 1
                return nil
            }
            added += 1
            return database.lastInsertedRowID
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
            try database.cachedStatement(sql: sql).execute(
                with: more?.afterSet, more?.noteTitle, more?.noteBody, more?.noteOn?.rawValue,
                more?.taskSubject, more?.taskDue, lead.extra, job)
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
            var enqueuing = Enqueuing(
                database: database, options: options,
                batchID: try options.batch.map { try database.batch(named: $0, options) },
                runAt: (options.runAt ?? now).description, position: 0)
            if let batchID = enqueuing.batchID {
                enqueuing.position =
                    try Int64.fetchOne(
                        database,
                        sql: "SELECT coalesce(max(position), 0) FROM jobs WHERE batch_id = ?",
                        arguments: [batchID]) ?? 0
            }
            return try body(&enqueuing)
        }
    }
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

    fileprivate func batch(named name: String, _ options: EnqueueOptions) throws -> Int64 {
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
}
