import Conversion
import GRDB

extension Claims {
    /// Puts jobs into a call: in one transaction, which is on disk before the call leaves, the jobs are
    /// `sending`, the call and a run-log row for each are there, and the call's token is spent. Within
    /// `JobQueue.together` several calls share that transaction.
    ///
    /// At one priority each call is shared equally among the batches that have leads due, what one
    /// can't use goes to the others, and leads without a batch count as one batch; within a batch
    /// the order is priority, `run_at`, number. Not offered are jobs of an account, or of a group,
    /// that another call may still be writing to. `choose` says which of the offered travel
    /// together; a batch none of whose jobs may travel leaves its share to those that do.
    /// - Parameter size: How many are offered at first.
    /// - Parameter room: How many leads the call has room for. While there is room, more are offered, up to
    ///   2,000: leads that are sorted by group can't go together until the group has its account.
    /// - Parameter cursor: Whose turn it is; the call says whose it is after it.
    /// - Returns: nil when no job can be sent now.
    public func claim(
        upTo size: Int, room: Int? = nil, _ start: CallStart,
        from cursor: RoundRobinCursor = RoundRobinCursor(),
        choosing choose: ([ClaimedJob]) -> [ClaimedJob]
    ) throws -> ClaimedCall? {
        try claim(.toSend, upTo: size, room: room, start, from: cursor, choosing: choose) {
            database, jobs, cursor in
            var (start, jobs) = (start, jobs)
            if jobs.first?.split != nil { start.size?.reason = .half }
            let first = try database.nextLogNumber()
            let callID = try database.begin(.convert, size: jobs.count, start, logID: first)
            try database.send(jobs.map(\.id), in: callID, logID: first, at: start.at.wall)
            for index in jobs.indices { jobs[index].entry = first + Int64(index) }
            return ClaimedCall(id: callID, jobs: jobs, cursor: cursor)
        }
    }

    /// Selects jobs and has them claimed, in one transaction. Where very many are in the way, it
    /// puts those aside in transactions of their own before, between which others can write.
    func claim<Call>(
        _ kind: WorkKind, upTo size: Int, room: Int? = nil, _ start: CallStart,
        from cursor: RoundRobinCursor, choosing choose: ([ClaimedJob]) -> [ClaimedJob],
        _ claim: (Database, [ClaimedJob], RoundRobinCursor) throws -> Call
    ) throws -> Call? {
        let moment = ClaimMoment(start)
        while true {
            var isUnfinished = false
            let call = try store.write(carefully: { database, isCareful -> Call? in
                try database.takeUp(size, of: kind, at: moment, carefully: isCareful)
                let selector = FairSelector(
                    database: database, kind: kind, policies: try database.policies(),
                    cursor: cursor, moment: moment, isCareful: isCareful)
                let selected = try selector.select(size)
                if case .unfinished = selected { isUnfinished = true }
                guard case .jobs(let offered) = selected else { return nil }
                var jobs = choose(offered)
                if jobs.count < size, let queues = jobs.queues(unlike: offered),
                    case .jobs(let more) = try selector.select(size, from: queues)
                {
                    jobs = choose(more)
                }
                if let room, jobs.count < room, jobs.first?.split == nil, offered.count == size,
                    case .jobs(let more) = try selector.select(Self.mostLookedAt)
                {
                    jobs = choose(jobs + more.fitting(beside: jobs))
                }
                // On the way, a row that no call could carry may have paused its batch.
                let areTheFirst = jobs.elementsEqual(offered) { $0.id == $1.id }
                guard try areTheFirst || database.areQueued(jobs) else {
                    isUnfinished = true
                    return nil
                }
                if isCareful, try database.failInvalidRows(among: jobs, at: moment.now) {
                    isUnfinished = true
                    return nil
                }
                var cursor = cursor
                cursor.advance(past: offered, taking: jobs)
                return try claim(database, jobs, cursor)
            })
            if !isUnfinished { return call }
            if store.isTogether { throw JobQueue.NeedsMoreTransactions() }
        }
    }
}

extension Claims {
    /// Puts jobs into a call that searches for their contacts, or for the accounts of their groups; they
    /// share it as they do a call that converts. Leads of one address go one after the other, and not
    /// offered is a group of which a lead is about to make the account.
    ///
    /// The jobs stay `queued`: it is a read, so nobody is in doubt if no answer comes, and they can
    /// be cancelled meanwhile. One such call of each kind at a time, or they are asked about twice.
    /// - Parameter choose: Which of the offered fit into one call.
    /// - Returns: nil when nothing is to be searched for now.
    public func claimSearch(
        _ kind: SearchKind, upTo size: Int, _ start: CallStart,
        from cursor: RoundRobinCursor = RoundRobinCursor(),
        choosing choose: ([ClaimedJob]) -> [ClaimedJob]
    ) throws -> ClaimedSearch? {
        try claim(.toSearch(kind), upTo: size, start, from: cursor, choosing: choose) {
            database, jobs, cursor in
            let callID = try database.begin(.match, size: jobs.count, start)
            return ClaimedSearch(id: callID, kind: kind, jobs: jobs, cursor: cursor)
        }
    }
}

extension Claims {
    /// So many rows are looked at in one go at most.
    private static let mostLookedAt = 2000

    /// How many jobs, counted up to `most`, could be sent now for which a contact or account was searched
    /// for, and which go before those that still want a search. It looks at those that were searched for
    /// last.
    ///
    /// Those of a lower priority are not counted: they may wait long behind others, and the ones that
    /// want a search must not wait with them.
    public func matchedJobs(countingTo most: Int, _ start: CallStart) throws -> Int {
        func priority(_ kind: WorkKind) -> String {
            """
            coalesce(
                (SELECT priority FROM \(kind.rows) AND run_at <= :now ORDER BY priority DESC LIMIT 1),
                -9e18)
            """
        }
        let sql = """
            SELECT count(*) FROM (
                SELECT 1 FROM jobs
                WHERE id IN (
                        SELECT id FROM jobs INDEXED BY jobs_matched
                        WHERE state = 'queued' AND matched_at IS NOT NULL
                        ORDER BY matched_at DESC LIMIT \(Self.mostLookedAt))
                    AND priority >= max(\(priority(.toSearch(.contact))), \(priority(.toSearch(.account))))
                    AND \(WorkKind.toSend.isWaiting) AND (\(WorkKind.toSend.blockedFor)) IS NULL
                LIMIT :most)
            """
        var arguments = ClaimMoment(start).arguments
        arguments["most"] = most
        return try store.read { database in
            try Int.fetchOne(
                database.cachedStatement(sql: sql), arguments: StatementArguments(arguments)) ?? 0
        }
    }
}

extension [ClaimedJob] {
    /// Others that go with these, one of each batch after the other. Of a group that is in the call, and has
    /// no account yet, nobody else does.
    fileprivate func fitting(beside jobs: [ClaimedJob]) -> [ClaimedJob] {
        let known = Set(jobs.map(\.id))
        let groups = Set(
            jobs.compactMap {
                $0.conversion.accountID == nil ? $0.groupKey.map(FoldedKey.init) : nil
            })
        return filter { job in
            !known.contains(job.id)
                && !(job.groupKey.map { groups.contains(FoldedKey($0)) } ?? false)
        }.inTurn(by: \.queue).sorted { $0.priority > $1.priority }
    }

    /// The queues of these, unless they are all the queues of those.
    fileprivate func queues(unlike offered: [ClaimedJob]) -> Set<BatchQueue>? {
        let queues = Set(map(\.queue))
        return offered.allSatisfy { queues.contains($0.queue) } ? nil : queues
    }
}

extension Database {
    fileprivate func areQueued(_ jobs: [ClaimedJob]) throws -> Bool {
        let sql = """
            SELECT count(*) FROM json_each(?) AS given
            CROSS JOIN jobs ON jobs.id = given.value WHERE state = 'queued'
            """
        return try Int.fetchOne(cachedStatement(sql: sql), arguments: [jobs.map(\.id).json])
            == jobs.count
    }

    /// Writes jobs as sent, which with their call's row is what the run log has of it so far.
    /// - Parameter first: The number of the first job's row in the run log; the others' follow it.
    fileprivate func send(
        _ jobs: [Int64], in callID: Int64, logID first: Int64, at now: Timestamp
    ) throws {
        // OR ROLLBACK, because a broken rule undoes the transaction anyway: then SQLite keeps no
        // journal for the statement.
        let sql = """
            UPDATE OR ROLLBACK jobs
            SET state = 'sending', call_id = ?, log_id = ? + given.key, updated_at = ?
            FROM json_each(?) AS given WHERE jobs.id = given.value
            """
        try cachedStatement(sql: sql).execute(arguments: [
            callID, first, now.description, jobs.json,
        ])
    }
}

extension Claims {
    /// Puts jobs in doubt into a verification, those that waited longest first; written before it
    /// leaves, like a call that converts.
    /// - Parameter choose: Which of those that are offered are asked about together; one at least.
    /// - Returns: nil when none is to be asked about now.
    public func claimVerification(
        upTo size: Int, _ start: CallStart,
        choosing choose: ([InDoubtJob]) -> [InDoubtJob] = { $0 }
    ) throws -> ClaimedVerification? {
        try store.write(carefully: { database, isCareful in
            let offered = try database.inDoubt(size, start.at)
            guard !offered.isEmpty else { return nil }
            var jobs = choose(offered)
            if isCareful { jobs = try database.failInvalidRows(among: jobs, at: start.at.wall) }
            guard !jobs.isEmpty else { return nil }
            let callID = try database.begin(.verify, size: jobs.count, start)
            let first = try database.openLog(
                .verify, of: jobs.map(\.job.id), in: callID, at: start.at.wall)
            for index in jobs.indices { jobs[index].job.entry = first + Int64(index) }
            return ClaimedVerification(id: callID, jobs: jobs)
        })
    }
}

extension Database {
    /// A call whose row is gone, by prune or by hand, counts from when the run log says it was, or else from
    /// when its job came.
    fileprivate func inDoubt(_ size: Int, _ now: Moment) throws -> [InDoubtJob] {
        let sql = """
            SELECT \(JobRow.columns),
                jobs.doubt, jobs.call_id, jobs.error_code, jobs.error_message,
                coalesce(
                    calls.started_at,
                    (SELECT max(started_at) FROM run_log_rows
                    WHERE job_id = jobs.id AND run_log_rows.kind = 'convert'),
                    jobs.created_at) AS started_at,
                coalesce(calls.uptime_ms, 0) AS uptime_ms, coalesce(calls.boot_id, '') AS boot_id,
                coalesce(calls.size, 2) AS size
            FROM jobs
            LEFT JOIN calls ON calls.id = jobs.call_id
            WHERE state = 'verifying' AND run_at <= ? AND jobs.call_id IS NOT NULL
            ORDER BY run_at, jobs.id
            LIMIT ?
            """
        let policies = try policies()
        let statement = try cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: [now.wall.description, size])
        var jobs: [InDoubtJob] = []
        var malformed: [MalformedRow] = []
        while let row = try rows.next() {
            do throws(MalformedRow) {
                jobs.append(InDoubtJob(row, try JobRow.job(row, policies)))
            } catch {
                malformed.append(error)
            }
        }
        for row in malformed { try fail(row, asking: .verify, at: now.wall) }
        return jobs.isEmpty && !malformed.isEmpty ? try inDoubt(size, now) : jobs
    }
}

extension InDoubtJob {
    fileprivate init(_ row: Row, _ job: ClaimedJob) {
        self.init(
            job: job, doubt: VerificationCause(rawValue: row["doubt"]) ?? .noAnswer,
            callID: row["call_id"],
            sentAt: row.moment("started_at"), callSize: row["size"],
            reason: Reason(row["error_code"] ?? "NO_ANSWER", row["error_message"] ?? ""))
    }
}
