public import Conversion
import GRDB

/// A lead that has not been sent yet.
public struct WaitingLead: Sendable, Equatable {
    public let job: Int64
    public let lead: RecordID
    /// Whether the job, or its policy's fallback owner, names who is to own what comes of it.
    public let namesOwner: Bool
}

extension Reports {
    /// How many jobs that were not sent yet name each status, the most frequent first.
    public func statusesWaitedFor() throws -> [(status: String, jobs: Int)] {
        try store.read { database in
            let sql = """
                SELECT converted_status, count(*)
                FROM jobs_unsettled CROSS JOIN jobs USING (id) WHERE state IN ('queued', 'held')
                GROUP BY converted_status ORDER BY count(*) DESC, converted_status
                """
            return try Row.fetchAll(database, sql: sql).map { ($0[0], $0[1]) }
        }
    }

    /// Whether any job that was not sent yet asks for an opportunity, or none waits at all.
    public func makesOpportunities() throws -> Bool {
        let waiting = """
            jobs_unsettled CROSS JOIN jobs USING (id) WHERE state IN ('queued', 'held')
            """
        return try store.read { database in
            let sql = """
                SELECT NOT EXISTS (SELECT 1 FROM \(waiting))
                    OR EXISTS (SELECT 1 FROM \(waiting) AND do_not_create_opportunity = 0)
                """
            return try Bool.fetchOne(database, sql: sql) ?? true
        }
    }

    /// Which records any unsettled job has made once its lead is converted.
    public func followUpsAskedFor() throws -> Set<FollowUpKind> {
        let unsettled = """
            EXISTS (
                SELECT 1 FROM jobs_unsettled CROSS JOIN jobs USING (id) WHERE
            """
        return try store.read { database in
            let asks = [FollowUpKind.note: "note_body", .task: "task_subject"]
            return Set(
                try asks.compactMap { kind, column in
                    let sql = "SELECT \(unsettled) \(column) IS NOT NULL)"
                    return try Bool.fetchOne(database, sql: sql) == true ? kind : nil
                })
        }
    }

    /// Whether any job that was not sent yet has the account of its group searched for.
    public func matchesAccounts() throws -> Bool {
        try store.read { database in
            let sql = """
                SELECT EXISTS (
                    SELECT 1 FROM \(WorkKind.toSearch(.account).rows))
                OR EXISTS (
                    SELECT 1 FROM jobs INDEXED BY jobs_by_state
                    WHERE state = 'held' AND match_account = 1)
                """
            return try Bool.fetchOne(database, sql: sql) ?? false
        }
    }

    /// The next jobs, by their numbers, that were not sent yet, of a batch if one is named. A row that
    /// can't be sent as it stands is left out.
    /// - Returns: The jobs, and the number of the last that was looked at; nil at the end.
    /// - Throws: `OperatorError` 66 when there is no such batch.
    public func waitingJobs(
        after job: Int64, of batch: String?, limit: Int
    ) throws -> (jobs: [ClaimedJob], last: Int64?) {
        try store.read { database in
            let batchID = try batch.map { try database.existingBatch($0) }
            let sql = """
                SELECT \(JobRow.columns) FROM jobs
                WHERE id > ?1 AND +state IN ('queued', 'held') AND (?2 IS NULL OR +batch_id = ?2)
                ORDER BY id LIMIT ?3
                """
            let policies = try database.policies()
            let rows = try GRDB.Row.fetchCursor(
                database, sql: sql, arguments: [job, batchID, limit])
            var (jobs, last): ([ClaimedJob], Int64?) = ([], nil)
            while let row = try rows.next() {
                last = row[0]
                do throws(MalformedRow) {
                    jobs.append(try JobRow.job(row, policies))
                } catch {
                    continue
                }
            }
            return (jobs, last)
        }
    }

    /// How many jobs that were not sent yet bring inputs for an Apex action.
    public func jobsWithInputsOfTheirOwn() throws -> Int {
        try store.read { database in
            let sql = """
                SELECT count(*) FROM jobs WHERE state IN ('queued', 'held') AND extra IS NOT NULL
                """
            return try Int.fetchOne(database, sql: sql) ?? 0
        }
    }

    /// Leads that were not sent yet, taken at random.
    public func waitingLeads(sample count: Int) throws -> [WaitingLead] {
        try waitingLeads(
            """
            id IN (SELECT id FROM jobs_unsettled) AND state IN ('queued', 'held')
            ORDER BY random() LIMIT ?
            """, [count]
        )
    }

    /// The next leads, by their jobs' numbers, that were not sent yet.
    public func waitingLeads(after job: Int64, limit: Int) throws -> [WaitingLead] {
        // The plus keeps the planner from sorting all that wait for each of the steps.
        try waitingLeads(
            "id > ? AND +state IN ('queued', 'held') ORDER BY id LIMIT ?", [job, limit])
    }

    private func waitingLeads(
        _ condition: String, _ arguments: StatementArguments
    ) throws -> [WaitingLead] {
        try store.read { database in
            let sql = """
                SELECT id, lead_id, owner_id IS NOT NULL OR EXISTS (
                    SELECT 1 FROM policies WHERE fallback_owner IS NOT NULL AND name = coalesce(
                        jobs.policy, (SELECT policy FROM batches WHERE id = jobs.batch_id),
                        'default')) AS names_owner
                FROM jobs WHERE \(condition)
                """
            return try Row.fetchAll(database, sql: sql, arguments: arguments).map { row in
                WaitingLead(
                    job: row["id"], lead: try RecordID(row["lead_id"] as String, of: .lead),
                    namesOwner: row["names_owner"])
            }
        }
    }

    /// The number of the last request that a daemon made; 0 when none did.
    public func lastCallOfDaemons() throws -> Int64 {
        try store.read { database in
            let sql =
                "SELECT id FROM calls WHERE kind NOT IN (\(CallKind.besideTheDaemon)) ORDER BY id DESC LIMIT 1"
            return try Int64.fetchOne(database, sql: sql) ?? 0
        }
    }

    /// How many requests commands such as `leadconvert check` have begun since that call, and the number of the last
    /// call that anybody has begun; nil when there was none since.
    public func checks(after call: Int64) throws -> (count: Int, last: Int64?) {
        try store.read { database in
            let sql =
                """
                SELECT count(*) FILTER (WHERE kind IN (\(CallKind.besideTheDaemon))) AS checks, max(id) AS last
                FROM calls WHERE id > ?
                """
            let row = try Row.fetchOne(
                database.cachedStatement(sql: sql), arguments: [call])
            return (row?["checks"] ?? 0, row?["last"])
        }
    }
}
