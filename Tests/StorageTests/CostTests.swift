import Conversion
import GRDB
import GRDBSQLite
import TestSupport
import Testing

@testable import Storage

/// What a claim and a wake-up cost, in steps of SQLite's machine: no more for twenty thousand jobs
/// that can't go than for a few.
@Suite struct CostTests {
    private static let many = 20_000
    /// A claim of some leads takes some thousands.
    private static let bound = 100_000

    @Test func `jobs that are not due cost a claim nothing, whatever their priorities`()
        async throws
    {
        try await withQueue { queue in
            try queue.run(sql: insert(run: "'2999-01-01T00:00:00.000Z'", priority: "n"))
            try expectFewSteps(queue)
        }
    }

    @Test func `jobs put off later cost only the first claim`() async throws {
        try await withQueue { queue in
            try queue.run(sql: insert(priority: "n"))
            try queue.run(sql: "UPDATE jobs SET run_at = '2999-01-01T00:00:00.000Z'")
            let none = try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 })
            #expect(none == nil)
            try expectFewSteps(queue)
        }
    }

    @Test(arguments: ["account_id", "group_key"])
    func `leads of a busy account cost only the first claim`(column: String) async throws {
        try await withQueue { queue in
            let value = column == "account_id" ? "'001D000000HRzTR'" : "'Acme'"
            try queue.run(sql: insert(priority: "1", column: column, value: value))
            let first = try #require(
                try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 }))
            let none = try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 })
            #expect(none == nil)
            try expectFewSteps(queue)
            // A wake-up that finds nothing to send.
            let steps = try queue.steps {
                _ = try queue.claims.work(at: .ms(2), countingTo: 100)
                #expect(
                    try queue.claims.claim(upTo: 100, CallStart(at: .ms(2)), choosing: { $0 })
                        == nil)
            }
            #expect(steps < Self.bound)
            // Once the account is free, the next of it go, and only they are taken up.
            try queue.settlements.settle(
                CallEnd(callID: first.id, startedAt: .ms(0), at: .ms(3)),
                first.jobs.map { Settlement($0, in: first.id, .converted, to: .converted) })
            // A search has no use for them, and would leave them to be put aside again.
            for kind in SearchKind.allCases {
                let search = try queue.claims.claimSearch(
                    kind, upTo: 100, CallStart(at: .ms(4)), choosing: { $0 })
                #expect(search == nil)
            }
            let takenUp = """
                SELECT count(*) FROM jobs WHERE state = 'queued' AND deferred_for IS NULL
                """
            #expect(try queue.database.read { try Int.fetchOne($0, sql: takenUp) } == 0)
            let more = try queue.steps {
                let call = try queue.claims.claim(
                    upTo: 100, CallStart(at: .ms(4)), choosing: { $0 })
                #expect(call?.jobs.map(\.id) == Array(2...101))
            }
            #expect(more < Self.bound)
        }
    }

    @Test func `leads of one address cost only the first search`() async throws {
        try await withQueue { queue in
            try queue.run(sql: insert(priority: "1", column: "match_email", value: "'a@b.c'"))
            try queue.add([(500_001, "ada@example.org")])
            let match = try #require(
                try queue.claims.claimSearch(
                    .contact, upTo: 1, CallStart(at: .ms(0)), choosing: { $0 }))
            try queue.settlements.settle(
                CallEnd(callID: match.id, startedAt: .ms(0), at: .ms(1)), [],
                [MatchFinding(match.jobs[0], .nothing)])
            _ = try queue.claims.claimSearch(
                .contact, upTo: 1, CallStart(at: .ms(2)), choosing: { $0 })
            let steps = try queue.steps {
                let call = try queue.claims.claimSearch(
                    .contact, upTo: 100, CallStart(at: .ms(3)), choosing: { $0 })
                #expect(call?.jobs.map(\.id) == [Int64(Self.many + 1)])
            }
            #expect(steps < Self.bound)
        }
    }

    @Test func `a lock costs the same however many leads the account has`() async throws {
        try await withQueue { queue in
            try queue.run(
                sql: insert(priority: "1", column: "account_id", value: "'001D000000HRzTR'"))
            let call = try #require(
                try queue.claims.claim(upTo: 100, CallStart(at: .ms(0)), choosing: { $0 }))
            let steps = try queue.steps {
                try queue.settlements.settle(
                    CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(1)),
                    call.jobs.map { job in
                        var back = Settlement(job, in: call.id, .retry, to: .queued)
                        back.nextRunAt = Moment.ms(10_000).wall
                        back.relatedJobsWaitUntil = back.nextRunAt
                        return back
                    })
            }
            #expect(steps < Self.bound)
            #expect(
                try queue.claims.claim(upTo: 1, CallStart(at: .ms(9000)), choosing: { $0 }) == nil)
            #expect(
                try queue.claims.work(at: .ms(9000), countingTo: 1).nextAt == Moment.ms(10_000).wall
            )
            let later = try queue.claims.claim(
                upTo: 1, CallStart(at: .ms(10_000)), choosing: { $0 })
            #expect(later != nil)
        }
    }

    @Test func `a lead of a large group costs the others of it nothing once they have joined`()
        async throws
    {
        try await withQueue { queue in
            try queue.run(sql: insert(priority: "1", column: "group_key", value: "'Acme'"))
            try queue.run(
                sql: "UPDATE jobs SET account_id = '001D000000HRzTRIA1', joined_account = 1")
            let call = try #require(
                try queue.claims.claim(upTo: 10, CallStart(at: .ms(0)), choosing: { $0 }))
            let steps = try queue.steps {
                try queue.settlements.settle(
                    CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(1)),
                    conversions(of: call))
            }
            #expect(steps < Self.bound)
        }
    }

    @Test func `leads of a group that has no account are looked at once for a call`() async throws {
        try await withQueue { queue in
            try queue.run(sql: insert(priority: "1", column: "group_key", value: "'Acme'"))
            // They have their contact searched for first, and do not join before that.
            try queue.run(
                sql: """
                    UPDATE jobs SET match_account = 1, match_email = 'p' || id || '@example.org'
                    WHERE id > 50
                    """)
            try queue.run(
                sql: "UPDATE jobs SET account_id = '001D000000HRzTRIA1' WHERE id <= 50")
            let call = try #require(
                try queue.claims.claim(upTo: 50, CallStart(at: .ms(0)), choosing: { $0 }))
            #expect(call.jobs.count == 50)
            let steps = try queue.steps {
                try queue.settlements.settle(
                    CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(1)),
                    conversions(of: call))
            }
            #expect(steps < 100 * Self.many)
        }
    }

    @Test func `a lead that comes to a group with very many converted costs no more than another`()
        async throws
    {
        try await withQueue { queue in
            try queue.run(sql: insert(priority: "1", column: "group_key", value: "'Acme'"))
            try queue.run(
                sql: """
                    UPDATE jobs SET state = 'converted', finished_at = run_at,
                        result_account_id = '001D000000HRzTRIA1'
                    """)
            let steps = try queue.steps {
                try queue.enqueue(.init(), at: Moment.ms(0).wall) { queue in
                    var lead = try LeadConversion.lead(500_001)
                    lead.groupKey = "acme"
                    try queue.add(lead)
                }
            }
            #expect(try queue.jobs().last?.text("account_id") == "001D000000HRzTRIA1")
            #expect(steps < Self.bound)
        }
    }

    private func conversions(of call: ClaimedCall) -> [Settlement] {
        call.jobs.map { job in
            var done = Settlement(job, in: call.id, .converted, to: .converted)
            done.records = ConvertedRecords(
                accountID: "001D000000HRzTRIA1", contactID: nil, opportunityID: nil)
            return done
        }
    }

    /// A lead that may go is found at once.
    private func expectFewSteps(_ queue: JobQueue) throws {
        try queue.add([500_001])
        let steps = try queue.steps {
            _ = try queue.claims.work(at: .ms(1), countingTo: 100)
            let call = try queue.claims.claim(upTo: 100, CallStart(at: .ms(1)), choosing: { $0 })
            #expect(call?.jobs.map(\.id) == [Int64(Self.many + 1)])
        }
        #expect(steps < Self.bound)
    }

    @Test func `jobs for a later month cost a start after a reboot nothing`() async throws {
        try await withQueue(as: .daemon) { queue in
            _ = try queue.settlements.recover(at: .ms(0))
            try queue.run(sql: insert(run: "'2999-01-01T00:00:00.000Z'", priority: "1"))
            try queue.run(sql: "UPDATE jobs SET updated_at = '2026-11-22T00:00:00.000Z'")
            var start = Moment.ms(1000)
            start.bootID = "second"
            let steps = try queue.steps { _ = try queue.settlements.recover(at: start) }
            #expect(steps < Self.bound)
        }
    }

    private func insert(
        run: String = "'2026-11-22T00:00:00.000Z'", priority: String, column: String = "owner_id",
        value: String = "NULL"
    ) -> String {
        """
        INSERT INTO jobs (lead_id, converted_status, run_at, priority, \(column))
        WITH RECURSIVE numbers (n) AS (
            SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(Self.many))
        SELECT printf('00QWs%010d', n), 'x', \(run), \(priority), \(value) FROM numbers
        """
    }
}

extension JobQueue {
    /// How many steps SQLite's machine takes for it, in hundreds.
    fileprivate func steps(_ body: () throws -> Void) throws -> Int {
        let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        count.initialize(to: 0)
        defer { count.deallocate() }
        database.inDatabase { database in
            sqlite3_progress_handler(
                database.sqliteConnection, 100,
                { counter in
                    counter?.assumingMemoryBound(to: Int.self).pointee += 1
                    return 0
                }, count)
        }
        defer {
            database.inDatabase {
                sqlite3_progress_handler($0.sqliteConnection, 0, nil, nil)
            }
        }
        try body()
        return count.pointee * 100
    }
}
