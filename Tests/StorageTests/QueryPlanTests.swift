import Conversion
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Storage

/// What SQLite means to do for each statement that the queue runs: the tables may grow to millions
/// of rows, and the plans are the same for three.
@Suite struct QueryPlanTests {
    /// Passes over an index that are meant: whether a contact is to be searched for the first row
    /// says, what is due is the first hundred of those that wait, of rows in flight there are few,
    /// and to count or list what is unsettled takes looking at each once.
    private let meant = [
        "SCAN jobs USING INDEX jobs_to_match", "SCAN jobs USING INDEX jobs_to_match_account",
        "SCAN run_log_rows USING INDEX run_log_open", "SCAN calls USING INDEX calls_open",
        "SCAN jobs USING INDEX jobs_to_send", "SCAN jobs USING INDEX jobs_deferred_for_time",
        "SCAN jobs_unsettled", "SCAN jobs_queued",
        "SCAN batches USING INDEX batches_with_a_command_to_run",
        "SCAN batches USING INDEX batches_unfinished",
        "SCAN batches USING INDEX batches_to_hold",
    ]

    @Test func `scans no big table`() async throws {
        try await withQueue { queue in
            let recorder = StatementRecorder()
            queue.database.inDatabase { recorder.listen(to: $0) }
            try work(queue)
            try look(queue)
            try operate(queue)
            let plans = try queue.database.inDatabase { database in
                try recorder.statements.map { (sql: $0, steps: try database.plan(of: $0)) }
            }
            #expect(plans.count > 40)
            for (sql, steps) in plans {
                let scans = steps.filter { step in
                    ["jobs", "busy", "run_log", "calls", "batches"].contains {
                        step.hasPrefix("SCAN \($0)")
                    }
                }
                #expect(scans.allSatisfy(meant.contains), "\(sql)\n\(steps)")
            }
        }
    }

    /// An index that no query uses costs every row its time and its bytes.
    @Test func `each index of the jobs serves a query`() async throws {
        try await withQueue { queue in
            let recorder = StatementRecorder()
            queue.database.inDatabase { recorder.listen(to: $0) }
            try work(queue)
            let dashboard = try Dashboard(path: queue.path)
            dashboard.database.inDatabase { recorder.listen(to: $0) }
            try look(queue)
            try look(dashboard)
            try operate(queue)
            try queue.database.inDatabase { database in
                let steps = try recorder.statements.flatMap { try database.plan(of: $0) }
                let used = steps.compactMap { step in
                    step.split(separator: "INDEX ").last?.split(separator: " ").first.map(
                        String.init)
                }
                let sql = """
                    SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'jobs'
                    """
                let unused = Set(try String.fetchAll(database, sql: sql)).subtracting(used)
                #expect(unused == [])
            }
        }
    }

    private func look(_ dashboard: Dashboard) throws {
        _ = try dashboard.countJobs()
        _ = try dashboard.failuresByCode()
        _ = try dashboard.batches(limit: 5)
        _ = try dashboard.state(at: Moment.ms(1).wall)
        for state in JobState.allCases {
            _ = try dashboard.jobs(in: state, after: nil, limit: 5)
        }
    }

    @Test func `leaps from the front of one batch to the next`() async throws {
        try await withQueue { queue in
            let recorder = StatementRecorder()
            queue.database.inDatabase { recorder.listen(to: $0) }
            try queue.add(1...3)
            var rotation = RoundRobinCursor()
            for _ in 1...2 {
                let call = try queue.claims.claim(
                    upTo: 1, CallStart(at: .ms(0)), from: rotation, choosing: { $0 })
                rotation = try #require(call).cursor
            }
            let plans = try queue.database.inDatabase { database in
                try recorder.statements.filter { $0.contains("jobs_to_send") }
                    .map { try database.plan(of: $0) }
            }
            let steps = plans.joined().filter { $0.contains("jobs_to_send") }
            #expect(
                steps.map { $0.replacing("SEARCH jobs USING INDEX jobs_to_send ", with: "") } == [
                    "(priority<?)",
                    "(priority=? AND <expr>>?)", "(priority=? AND <expr>>?)",
                    "(priority=? AND <expr>=? AND run_at>?)",
                ])
        }
    }

    @Test func `sorts no big list`() async throws {
        try await withQueue { queue in
            let recorder = StatementRecorder()
            queue.database.inDatabase { recorder.listen(to: $0) }
            try queue.add(1...3)
            _ = try queue.jobs(filter { $0.state = .failed })
            _ = try queue.log(filter { $0.since = Moment.ms(0).wall })
            _ = try queue.reports.waitingLeads(after: 1, limit: 2)
            _ = try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 })
            try queue.database.inDatabase { database in
                for sql in recorder.statements {
                    let steps = try database.plan(of: sql)
                    #expect(!steps.contains("USE TEMP B-TREE FOR ORDER BY"), "\(sql)\n\(steps)")
                }
            }
        }
    }

    @Test(arguments: Outcome.allCases) func `looks for trouble through its index`(
        outcome: Outcome
    ) async throws {
        try await withQueue { queue in
            let recorder = StatementRecorder()
            queue.database.inDatabase { recorder.listen(to: $0) }
            _ = try queue.log(filter { $0.outcome = outcome })
            _ = try queue.log(filter { ($0.outcome, $0.limit) = (outcome, 10) })
            _ = try queue.log(filter { ($0.outcome, $0.since) = (outcome, Moment.ms(0).wall) })
            try queue.database.inDatabase { database in
                let statements = recorder.statements.filter { $0.contains("outcome = ?") }
                #expect(statements.count == 3)
                for sql in statements {
                    let steps = try database.plan(of: sql)
                    let isIndexed = steps.contains { $0.contains("INDEX run_log_by_trouble") }
                    #expect(isIndexed == (outcome != .converted), "\(sql)\n\(steps)")
                    // Of the newest, which are found by the index, the few rows are turned round.
                    let sorts = steps.count { $0 == "USE TEMP B-TREE FOR ORDER BY" }
                    #expect(sorts == (sql.contains("LIMIT") ? 1 : 0), "\(sql)\n\(steps)")
                }
            }
        }
    }

    /// What the daemon does.
    private func work(_ queue: JobQueue) throws {
        var options = EnqueueOptions()
        options.batch = "friday"
        try queue.add(1...4, options)
        _ = try queue.claims.work(at: .ms(0), countingTo: 100)
        try queue.add([(5, "ada@example.org")], options)
        let match = try queue.claims.claimSearch(
            .contact, upTo: 9, CallStart(at: .ms(0)), choosing: { $0 })
        let found = try #require(match)
        try queue.settlements.settle(
            CallEnd(callID: found.id, startedAt: .ms(0), at: .ms(9)), [],
            [MatchFinding(found.jobs[0], .nothing)])
        try queue.enqueue(options, at: Moment.ms(0).wall) { queue in
            var lead = try LeadConversion.lead(6)
            (lead.groupKey, lead.matchesAccount) = ("Acme", true)
            try queue.add(lead)
        }
        let accounts = try queue.claims.claimSearch(
            .account, upTo: 9, CallStart(at: .ms(0)), choosing: { $0 })
        let searched = try #require(accounts)
        try queue.settlements.settle(
            CallEnd(callID: searched.id, startedAt: .ms(0), at: .ms(9)), [],
            [
                MatchFinding(searched.jobs[0], .nothing, of: .account),
                MatchFinding(
                    searched.jobs[0], .account(try RecordID("001D000000HRzTR", of: .account)),
                    of: .account),
            ])
        _ = try queue.reports.waitingJobs(after: 0, of: "friday", limit: 9)
        _ = try queue.reports.matchesAccounts()
        _ = try queue.reports.readResult(job: 1, lead: nil) { _ in }
        _ = try queue.reports.readResult(job: nil, lead: .lead(1)) { _ in }
        let call = try queue.claims.claim(upTo: 2, CallStart(at: .ms(0)), choosing: { $0 })
        let claimed = try #require(call)
        try queue.settlements.settle(
            CallEnd(callID: claimed.id, startedAt: .ms(0), at: .ms(9)),
            [
                Settlement(claimed.jobs[0], in: claimed.id, .converted, to: .converted),
                Settlement(claimed.jobs[1], in: claimed.id, .failed, to: .failed),
            ])
        _ = try queue.claims.claim(upTo: 1, CallStart(at: .ms(10)), choosing: { $0 })
        _ = try queue.settlements.recover(at: .ms(11))
        _ = try queue.claims.claimVerification(upTo: 10, CallStart(at: .ms(12)))
        try queue.settlements.clockWasSet(by: -1, at: .ms(12))
        _ = try queue.commands.hasCommands()
        _ = try queue.commands.nextCommand(except: [])
    }

    /// What the operator does.
    private func operate(_ queue: JobQueue) throws {
        let now = Moment.ms(20).wall
        _ = try queue.operations.retry([.all(.failed)], at: now)
        _ = try queue.operations.cancel([.lead(.lead(2)), .job(4)], at: now)
        _ = try queue.operations.retry([.batch("friday")], at: now)
        try queue.operations.pause(true, batch: "friday", at: now)
        try queue.operations.pause(false, batch: "friday", at: now)
        _ = try queue.operations.prune(before: Moment.ms(15).wall)
    }

    /// What the operator looks at.
    private func look(_ queue: JobQueue) throws {
        _ = try queue.reports.statusesWaitedFor()
        _ = try queue.reports.makesOpportunities()
        _ = try queue.reports.followUpsAskedFor()
        _ = try queue.reports.waitingLeads(sample: 2)
        _ = try queue.reports.waitingLeads(after: 1, limit: 2)
        _ = try queue.reports.checks(after: 1)
        _ = try queue.reports.status(at: Moment.ms(20).wall)
        _ = try queue.jobs(filter { $0.state = .failed })
        _ = try queue.jobs(filter { ($0.state, $0.limit) = (.failed, 10) })
        _ = try queue.jobs(filter { $0.batch = "friday" })
        _ = try queue.jobs(filter { ($0.batch, $0.state) = ("friday", .failed) })
        _ = try queue.jobs(filter { $0.lead = try? .lead(1) })
        _ = try queue.log(filter { $0.job = 1 })
        _ = try queue.log(filter { $0.lead = try? .lead(1) })
        _ = try queue.log(filter { $0.batch = "friday" })
        _ = try queue.log(filter { $0.since = Moment.ms(0).wall })
        _ = try queue.log(filter { ($0.since, $0.limit) = (Moment.ms(0).wall, 10) })
        _ = try queue.log(filter { ($0.batch, $0.since) = ("friday", Moment.ms(0).wall) })
        _ = try queue.reports.readResults(batch: "friday") { _ in }
        var place = ResultsPlace()
        _ = try queue.reports.readResults(batch: "friday", from: &place, columns: { _ in }) { _ in }
        try queue.run(
            sql: """
                INSERT INTO jobs (lead_id, converted_status, batch_id, position)
                VALUES ('00QWs0000000009', 'Qualified', 1, 0)
                """)
        _ = try queue.reports.readResults(batch: "friday", from: &place, columns: { _ in }) { _ in }
    }
}

private func filter(_ set: (inout JobFilter) -> Void) -> JobFilter {
    var filter = JobFilter()
    set(&filter)
    return filter
}

private func filter(_ set: (inout LogFilter) -> Void) -> LogFilter {
    var filter = LogFilter()
    set(&filter)
    return filter
}

/// Keeps each statement that a connection runs: once, or as often as it runs.
final class StatementRecorder: Sendable {
    private let keepsRepeats: Bool
    private let seen = Mutex<[String]>([])

    init(keepsRepeats: Bool = false) {
        self.keepsRepeats = keepsRepeats
    }

    /// All of them.
    var all: [String] { seen.withLock { $0 } }

    /// The statements that read or write rows.
    var statements: [String] {
        seen.withLock { $0 }.filter { sql in
            ["SELECT", "WITH", "UPDATE", "DELETE", "INSERT"].contains { sql.hasPrefix($0) }
        }
    }

    func listen(to database: Database) {
        database.trace { [self] event in
            guard case .statement(let statement) = event else { return }
            seen.withLock {
                if keepsRepeats || !$0.contains(statement.sql) { $0.append(statement.sql) }
            }
        }
    }
}

extension Database {
    /// The steps of the plan for a statement, whatever its arguments are.
    func plan(of sql: String) throws -> [String] {
        let statement = try makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
        statement.setUncheckedArguments([])
        return try Row.fetchAll(statement).map { $0["detail"] }
    }
}
