import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

/// Rows that break a rule of the schema once something is written to them: they stop no other.
@Suite struct InvalidRowTests {
    private let account = "001D000000HRzTRIA1"
    private let contact = "0034C00000UQ6jIQAT"
    private static let quarterOfAnHourMS: Int64 = 16 * 60_000

    @Test func `a contact that was given after the account was found stays and stops no other`()
        async throws
    {
        try await withQueue { queue in
            try addWithGivenContact(queue)
            let call = try #require(try claim(queue, at: Self.quarterOfAnHourMS))
            #expect(Set(call.jobs.map(\.id)) == [1, 2])
            let given = try #require(call.jobs.first { $0.id == 1 })
            #expect(given.conversion.contactID?.description == contact)
            #expect(given.conversion.accountID?.description == account)
            #expect(!given.mayDropAccount)
        }
    }

    @Test func `a retry keeps a contact that was given after the account was found`() async throws {
        try await withQueue { queue in
            try addWithGivenContact(queue)
            let call = try #require(try claim(queue, at: 100))
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(100), at: .ms(110)),
                call.jobs.map { Settlement($0, in: call.id, .failed, to: .failed) })
            let change = try queue.operations.retry([.all(.failed)], at: Moment.ms(120).wall)
            #expect(change.changed == 2)
            let job = try #require(try queue.jobs().first)
            #expect(job.text("contact_id") == contact && job.text("account_id") == account)
        }
    }

    @Test func `a million attempts do not stop the others`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            try queue.run(sql: "UPDATE jobs SET attempts = 1000000 WHERE id = 1")
            let call = try #require(try claim(queue, at: 0))
            let settlements = call.jobs.map { job in
                var done = Settlement(job, in: call.id, .failed, to: .failed)
                done.attempts += 1
                return done
            }
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(5)), settlements)
            #expect(try queue.jobs().map { $0.number("attempts") } == [1_000_000, 1])
        }
    }

    @Test func `a row that can't be claimed fails alone`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            try queue.run(
                sql: """
                    PRAGMA ignore_check_constraints = 1;
                    UPDATE jobs SET finished_at = run_at WHERE id = 2;
                    PRAGMA ignore_check_constraints = 0
                    """)
            #expect(try claim(queue, at: 0)?.jobs.map(\.id) == [1, 3])
            let job = try queue.jobs()[1]
            #expect(job.text("state") == "failed" && job.text("error_code") == "ROW_REFUSED")
            #expect(
                job.text("error_message")?.contains("finished_at_must_be_there_once_settled")
                    == true)
        }
    }

    @Test func `what can't be written of one lead keeps the others of no call`() async throws {
        try await withQueue { queue in
            try queue.add(1...4)
            let first = try #require(try claim(queue, upTo: 3, at: 0))
            let second = try #require(try claim(queue, at: 0))
            let records = ConvertedRecords(accountID: account, contactID: nil, opportunityID: nil)
            let settlements = (first.jobs + second.jobs).map { job in
                var done = Settlement(
                    job, in: job.id == 4 ? second.id : first.id, .converted, to: .converted)
                done.records = records
                return done
            }
            var broken = settlements
            broken[0].attempts = 2_000_000
            (broken[1].attempts, broken[1].records) = (2_000_000, nil)
            (broken[1].outcome, broken[1].to, broken[1].doubt) = (.unknown, .verifying, .noAnswer)
            var calls = [first, second].map {
                SettledCall(CallEnd(callID: $0.id, startedAt: .ms(0), at: .ms(5)))
            }
            calls[0].settlements = Array(broken.prefix(3))
            calls[1].settlements = Array(broken.suffix(1))
            #expect(try queue.settlements.settle(calls) == [3, 1])
            let jobs = try queue.jobs()
            #expect(
                jobs.map { $0.text("state") } == ["converted", "failed", "converted", "converted"])
            #expect(jobs[0].text("result_account_id") == account)
            #expect(jobs[1].text("error_code") == "ROW_REFUSED")
            #expect(try queue.log().allSatisfy { $0.text("finished_at") != nil })
            #expect(try queue.calls().allSatisfy { $0.text("finished_at") != nil })
            // Its call may have converted it: that is asked before it is sent again.
            _ = try queue.operations.retry([.job(2)], at: Moment.ms(9).wall)
            #expect(try queue.jobs()[1].text("state") == "verifying")
            #expect(try claim(queue, at: 10) == nil)
        }
    }

    @Test func `what can't be written of one search keeps no other lead waiting`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org"), (2, "grace@example.org")])
            let match = try #require(
                try queue.claims.claimSearch(
                    .contact, upTo: 9, CallStart(at: .ms(0)), choosing: { $0 }))
            let reason = Reason("QUERY_TIMEOUT", "too long")
            var invalid = MatchFinding(
                match.jobs[0], .retry(reason, backoffMS: 1, until: Moment.ms(10).wall))
            invalid.attempts = 2_000_000
            try queue.settlements.settle(
                CallEnd(callID: match.id, startedAt: .ms(0), at: .ms(5)), [],
                [invalid, MatchFinding(match.jobs[1], .nothing)])
            #expect(try queue.jobs().map { $0.text("state") } == ["failed", "queued"])
            #expect(try claim(queue, at: 10)?.jobs.map(\.id) == [2])
        }
    }

    // MARK: Triggers and indexes that somebody added

    @Test(arguments: [
        """
        CREATE TABLE crm (lead TEXT PRIMARY KEY) STRICT;
        CREATE TRIGGER theirs AFTER UPDATE OF state ON jobs WHEN NEW.state = 'converted'
        BEGIN INSERT INTO crm VALUES (NEW.lead_id); END;
        INSERT INTO crm SELECT lead_id FROM jobs WHERE id = 1
        """,
        "CREATE UNIQUE INDEX theirs ON jobs (result_account_id)",
    ])
    func `what somebody's own rule refuses of one lead keeps the others of no call`(rule: String)
        async throws
    {
        try await withQueue(as: .daemon) { queue in
            try queue.add(1...3)
            try queue.run(sql: rule)
            let call = try #require(try claim(queue, at: 0))
            let records = ConvertedRecords(
                accountID: account, contactID: contact, opportunityID: nil)
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(5)),
                call.jobs.map {
                    var done = Settlement($0, in: call.id, .converted, to: .converted)
                    done.records = records
                    return done
                })
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
            let log = try queue.log()
            #expect(log.count == 3 && log.allSatisfy { $0.text("account_id") == account })
            #expect(log[0].text("code") == "ROW_REFUSED" || log[1].text("code") == "ROW_REFUSED")
        }
    }

    @Test(arguments: [
        "CREATE TRIGGER theirs BEFORE UPDATE OF run_at ON jobs WHEN OLD.id = 1 "
            + "BEGIN SELECT RAISE(ABORT, 'not this one'); END",
        "PRAGMA ignore_check_constraints = 1; UPDATE jobs SET finished_at = run_at WHERE id = 1; "
            + "PRAGMA ignore_check_constraints = 0",
    ])
    func `a lead in flight that can't be written keeps no daemon from starting`(change: String)
        async throws
    {
        try await withQueue(as: .daemon) { queue in
            try queue.add(1...2)
            _ = try claim(queue, at: 0)
            try queue.run(sql: change)
            let leftover = try queue.settlements.recover(at: .ms(1))
            #expect(leftover.jobs == 2)
            let jobs = try queue.jobs()
            #expect(jobs[1].text("state") == "verifying")
            let mayBe = "SELECT count(*) FROM jobs WHERE may_be_converted = 1"
            #expect(try queue.read { try Int.fetchOne($0, sql: mayBe) } == 2)
            if change.contains("TRIGGER") {
                #expect(jobs[0].text("state") == "verifying")
            } else {
                #expect(jobs[0].text("error_code") == "ROW_REFUSED")
            }
        }
    }

    @Test(arguments: [FollowUpKind.set, .note])
    func `a follow-up that can't be claimed fails alone`(kind: FollowUpKind) async throws {
        try await withQueue { queue in
            try addFinishing(1...3, to: queue)
            try queue.run(
                sql: """
                    CREATE TRIGGER of_theirs BEFORE UPDATE OF state ON follow_ups
                    WHEN NEW.job_id = 2 AND NEW.state = 'sending'
                    BEGIN SELECT RAISE(ABORT, 'not this one'); END;
                    """)
            let call = try queue.claims.claimFollowUps(kind, upTo: 9, CallStart(at: .ms(20)))
            #expect(call?.followUps.map(\.jobID) == [1, 3])
            let sql =
                "SELECT code FROM follow_ups WHERE state = 'failed' AND kind = ? AND job_id = 2"
            let code = try queue.read {
                try String.fetchOne($0, sql: sql, arguments: [kind.rawValue])
            }
            #expect(code == "ROW_REFUSED")
        }
    }

    @Test func `a lead in doubt that can't be asked about fails alone`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            let call = try #require(try claim(queue, at: 0))
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(5)),
                call.jobs.map { job in
                    var doubt = Settlement(job, in: call.id, .unknown, to: .verifying)
                    doubt.doubt = .noAnswer
                    doubt.nextRunAt = Moment.ms(5).wall
                    return doubt
                })
            try queue.run(
                sql: """
                    CREATE TRIGGER of_theirs BEFORE INSERT ON run_log_rows
                    WHEN NEW.job_id = 2 AND NEW.kind = 'verify'
                    BEGIN SELECT RAISE(ABORT, 'not this one'); END;
                    """)
            let asked = try queue.claims.claimVerification(upTo: 9, CallStart(at: .ms(20)))
            #expect(asked?.jobs.map(\.job.id) == [1, 3])
            let job = try queue.jobs()[1]
            #expect(job.text("state") == "failed" && job.text("error_code") == "ROW_REFUSED")
        }
    }

    @Test func `a million attempts of a follow-up stop no other`() async throws {
        try await withQueue { queue in
            try addFinishing(1...2, to: queue)
            try queue.run(sql: "UPDATE follow_ups SET attempts = 1000000 WHERE job_id = 1")
            let call = try #require(
                try queue.claims.claimFollowUps(.note, upTo: 9, CallStart(at: .ms(20))))
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(20), at: .ms(25)), [], [],
                call.followUps.map { followUp in
                    var done = FollowUpSettlement(followUp, in: call.id, .failed, to: .failed)
                    done.attempts += 1
                    return done
                })
            let attempts = try queue.read {
                try Int.fetchAll(
                    $0, sql: "SELECT attempts FROM follow_ups WHERE kind = 'note' ORDER BY job_id")
            }
            #expect(attempts == [1_000_000, 1])
        }
    }

    // MARK: -

    /// Leads that are converted, each with an update and a note to follow.
    private func addFinishing(_ leads: ClosedRange<Int>, to queue: JobQueue) throws {
        try queue.enqueue(.init(), at: Moment.ms(0).wall) { queue in
            for lead in leads {
                var lead = try LeadConversion.lead(lead)
                lead.followUps = FollowUpRequest()
                lead.followUps?.afterSet = #"{"Account":{"Tier__c":"A"}}"#
                lead.followUps?.noteBody = "Summary"
                try queue.add(lead)
            }
        }
        let call = try #require(try claim(queue, at: 0))
        try queue.settlements.settle(
            CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(5)),
            call.jobs.map { job in
                var done = Settlement(job, in: call.id, .converted, to: .finishing)
                done.records = ConvertedRecords(
                    accountID: "001D0000000000\(job.id)", contactID: "003D0000000000\(job.id)",
                    opportunityID: nil)
                return done
            })
    }

    /// A lead whose account was found by its group, and got its contact by hand since; and another.
    private func addWithGivenContact(_ queue: JobQueue) throws {
        try queue.enqueue(.init(), at: Moment.ms(0).wall) { queue in
            var lead = try LeadConversion.lead(1)
            (lead.groupKey, lead.matchesAccount) = ("Acme", true)
            try queue.add(lead)
            try queue.add(.lead(2))
        }
        let match = try #require(
            try queue.claims.claimSearch(.account, upTo: 9, CallStart(at: .ms(0)), choosing: { $0 })
        )
        try queue.settlements.settle(
            CallEnd(callID: match.id, startedAt: .ms(0), at: .ms(8)), [],
            [
                MatchFinding(
                    match.jobs[0], .account(try RecordID(account, of: .account)), of: .account)
            ])
        try queue.run(sql: "UPDATE jobs SET contact_id = '\(contact)' WHERE id = 1")
    }

    private func claim(
        _ queue: JobQueue, upTo size: Int = 100, at ms: Int64
    ) throws -> ClaimedCall? {
        try queue.claims.claim(upTo: size, CallStart(at: .ms(ms)), choosing: { $0 })
    }
}
