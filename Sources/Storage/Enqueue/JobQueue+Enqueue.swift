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
    ///
    /// The triggers are off meanwhile: for each row they would cost more than the row itself. What
    /// they do is done here, for all rows at once where it is the same for all.
    public struct Enqueuing {
        fileprivate let database: Database
        fileprivate let statements: EnqueueStatements
        fileprivate let options: EnqueueOptions
        fileprivate let batchID: Int64?
        fileprivate let times: EnqueueTimes
        fileprivate let state: JobState
        fileprivate var position: Int64
        /// Leads that are to be added together.
        private var pending: [PlacedLead] = []
        private let places = InputPlaces()
        /// Leads that were added.
        public private(set) var added = 0
        /// Leads that already had an unsettled job.
        public private(set) var skipped = 0
        /// Rows that were not added because an earlier one names their lead. The caller takes them out once
        /// it has told of them.
        public var repeated: [RepeatedRow] = []

        /// The schema's bound. Where somebody has given a job that place, those behind share it: the
        /// order in a batch is by place, then by number.
        private static let lastPosition: Int64 = 1_000_000_000_000_000

        fileprivate init(
            _ database: Database, _ options: EnqueueOptions, _ times: EnqueueTimes,
            joining batch: JoinedBatch?
        ) throws {
            self.database = database
            statements = EnqueueStatements(
                one: try database.makeStatement(sql: EnqueueStatements.sql(rows: 1)),
                many: try database.makeStatement(
                    sql: EnqueueStatements.sql(rows: EnqueueStatements.many)))
            self.options = options
            self.times = times
            batchID = batch?.id
            state = batch?.isPaused == true ? .held : .queued
            position = batch?.lastPosition ?? 0
        }

        /// Whether `added`, `skipped` and `repeated` tell of every lead that was appended.
        public var isFlushed: Bool { pending.isEmpty }

        /// Adds a lead together with others; `added`, `skipped` and `repeated` tell of it once `flush`
        /// has been called, or the transaction is over.
        /// - Parameter place: Where it stands in its input, in which no other row may name it; nil where it
        ///   may be named again, and is skipped then.
        public mutating func append(_ lead: LeadConversion, at place: Int? = nil) throws {
            pending.append(PlacedLead(lead: lead, place: place))
            if pending.count == EnqueueStatements.many { try flush() }
        }

        /// Adds what was appended.
        public mutating func flush() throws {
            let leads = pending
            pending.removeAll(keepingCapacity: true)
            if leads.count == EnqueueStatements.many, leads.allSatisfy({ $0.lead.isPlain }) {
                try insert(leads, statements.many)
            } else {
                for lead in leads { try addOne(lead) }
            }
        }

        /// Adds a lead at once.
        /// - Returns: The job's number; nil when the lead has an unsettled job already.
        @discardableResult
        public mutating func add(_ lead: LeadConversion) throws -> Int64? {
            try flush()
            return try addOne(PlacedLead(lead: lead, place: nil))
        }

        @discardableResult
        private mutating func addOne(_ lead: PlacedLead) throws -> Int64? {
            guard lead.lead.isPlain else { return try addWithMore(lead) }
            let before = added
            try insert([lead], statements.one)
            return added == before ? nil : database.lastInsertedRowID
        }

        private mutating func insert(_ leads: [PlacedLead], _ statement: Statement) throws {
            let last =
                leads.contains(where: { $0.lead.mayJoinGroup }) ? try database.lastJob() : nil
            let first = position
            try execute(statement, leads)
            var new = database.changesCount
            if new == leads.count {
                // Numbered as they stand.
                let next = database.lastInsertedRowID + 1
                try record(leads, next - Int64(new)..<next)
            } else {
                // Leads may have settled jobs, which don't keep them from another.
                if try database.supersedeSettledJobs(of: leads.map(\.lead)) > 0 {
                    position = first
                    try execute(statement, leads)
                    new += database.changesCount
                }
                let repeated = try record(leads, database.lastJobs(of: leads.map(\.lead)))
                skipped += leads.count - new - repeated
            }
            added += new
            if let last { try database.joinGroups(after: last) }
        }

        /// Remembers where leads stand that now have these jobs.
        /// - Returns: How many an earlier row names.
        @discardableResult
        private mutating func record(
            _ leads: [PlacedLead], _ jobs: some Sequence<Int64>
        ) throws -> Int {
            let before = repeated.count
            for (lead, job) in zip(leads, jobs) {
                guard let place = lead.place else { continue }
                if let first = try places.place(of: job) {
                    repeated.append(RepeatedRow(place: place, first: first))
                } else {
                    try places.record(job, at: place)
                }
            }
            return repeated.count - before
        }

        private mutating func execute(_ statement: Statement, _ leads: [PlacedLead]) throws {
            try statement.execute { binder in
                binder.bind(batchID)
                binder.bind(options.policy)
                binder.bind(options.priority)
                binder.bind(times.runAt)
                binder.bind(state.rawValue)
                binder.bind(times.deferredFor)
                binder.bind(times.createdAt)
                for lead in leads {
                    position = min(position + 1, Self.lastPosition)
                    lead.lead.bind(to: &binder, position: batchID == nil ? nil : position)
                }
            }
        }

        /// A lead that asks for more than its conversion, which few do: the statement of the others
        /// need not bind what they lack.
        private mutating func addWithMore(_ lead: PlacedLead) throws -> Int64? {
            var plain = lead
            plain.lead.followUps = nil
            plain.lead.extra = nil
            guard let job = try addOne(plain) else { return nil }
            let more = lead.lead.followUps
            let sql = """
                UPDATE jobs SET after_set = ?, note_title = ?, note_body = ?, note_on = ?,
                    task_subject = ?, task_due = ?, extra = ?
                WHERE id = ?
                """
            try database.withTriggers {
                try database.cachedStatement(sql: sql).execute(
                    with: more?.afterSet, more?.noteTitle, more?.noteBody, more?.noteOn?.rawValue,
                    more?.taskSubject, more?.taskDue, lead.lead.extra, job)
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
                var enqueuing = try Enqueuing(database, options, times, joining: batch)
                let result = try body(&enqueuing)
                try enqueuing.flush()
                if let batch { try database.count(enqueuing.added, in: batch.id) }
                return result
            }
        }
    }
}

/// A lead, and where it stands in its input, if it must not be named twice there.
private struct PlacedLead {
    var lead: LeadConversion
    let place: Int?
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
        try write { database in try database.withTriggers { try database.execute(sql: sql) } }
    }
}

extension Database {
    fileprivate func require(policy: String) throws {
        let sql = "SELECT EXISTS (SELECT 1 FROM policies WHERE name = ?)"
        guard try Bool.fetchOne(self, sql: sql, arguments: [policy]) == true else {
            throw OperatorError(
                .notFound, "There is no policy named \(policy).",
                remedy: "Make it with: leadconvert policy set \(policy.shellQuoted) \(try option)")
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

    /// Puts later jobs into the accounts that their groups have by now.
    fileprivate func joinGroups(after job: Int64) throws {
        let sql = """
            UPDATE jobs SET account_id = \(Self.accountOfGroup), joined_account = 1
            WHERE id > ? AND group_key IS NOT NULL AND account_id IS NULL
                AND \(Self.joinsItsGroup) AND \(Self.accountOfGroup) IS NOT NULL
            """
        try cachedStatement(sql: sql).execute(with: job)
    }

    /// - Returns: How many jobs were the last of their leads, and settled.
    fileprivate func supersedeSettledJobs(of leads: [LeadConversion]) throws -> Int {
        let sql = """
            UPDATE jobs SET superseded = id
            WHERE substr(lead_id, 1, 15) IN (SELECT value FROM json_each(?))
                AND superseded = 0 AND finished_at IS NOT NULL
            """
        try cachedStatement(sql: sql).execute(with: leads.shortIDs)
        return changesCount
    }

    /// The unsettled jobs of leads that each have one.
    fileprivate func lastJobs(of leads: [LeadConversion]) throws -> [Int64] {
        let sql = """
            SELECT jobs.id FROM json_each(?) AS given
            CROSS JOIN jobs ON substr(lead_id, 1, 15) = given.value AND superseded = 0
            ORDER BY given.key
            """
        return try Int64.fetchAll(
            cachedStatement(sql: sql), arguments: [leads.shortIDs])
    }

    /// Runs what the rules of the schema's triggers are to hold for.
    fileprivate func withTriggers<Result>(_ body: () throws -> Result) throws -> Result {
        try with(triggers: true, body)
    }

    fileprivate func withoutTriggers<Result>(_ body: () throws -> Result) throws -> Result {
        try with(triggers: false, body)
    }

    private func with<Result>(triggers isOn: Bool, _ body: () throws -> Result) throws -> Result {
        let wasOn = try setTriggers(enabled: isOn)
        let result = Swift.Result { try body() }
        try setTriggers(enabled: wasOn)
        return try result.get()
    }
}

extension [LeadConversion] {
    /// What tells their leads from all others, as a JSON array.
    fileprivate var shortIDs: String {
        "[\(map { "\"\($0.leadID.short)\"" }.joined(separator: ","))]"
    }
}
