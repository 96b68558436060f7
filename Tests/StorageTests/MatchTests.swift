import Conversion
import TestSupport
import Testing

@testable import Storage

/// Jobs whose contact is searched for before they may be sent.
@Suite struct MatchTests {
    private let account = "001D000000HRzTRIA1"
    private let other = "001Em00001iG9ezIAC"
    private let contact = "0034C00000UQ6jIQAT"

    @Test func `keeps a lead back until its contact was searched for`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org"), (2, nil)])
            #expect(try queue.claims.work(at: .ms(0), countingTo: 9).searches == [.contact])
            #expect(try claim(queue)?.jobs.map(\.id) == [2])
            let match = try #require(try claimSearch(queue))
            #expect(match.jobs.map(\.conversion.matchEmail) == ["ada@example.org"])
            try queue.settlements.settle(end(match), [], [MatchFinding(match.jobs[0], .nothing)])
            #expect(try claimSearch(queue) == nil)
            #expect(try claim(queue)?.jobs.map(\.id) == [1])
            #expect(try queue.claims.work(at: .ms(0), countingTo: 9).searches.isEmpty)
            #expect(try queue.calls().map { $0.text("kind") } == ["convert", "match", "convert"])
        }
    }

    @Test func `joins the contact and keeps its account out of other calls`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org"), (2, "grace@example.org")])
            let match = try #require(try claimSearch(queue))
            try queue.settlements.settle(
                end(match), [], match.jobs.map { MatchFinding($0, found(in: account)) })
            let call = try #require(try claim(queue, upTo: 1))
            #expect(call.jobs[0].conversion.contactID?.description == contact)
            #expect(call.jobs[0].conversion.accountID?.description == account)
            #expect(try claim(queue) == nil)
        }
    }

    @Test func `looks again after a pause in which another may have made the contact`() async throws
    {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "b"
            try queue.add([(1, "ada@example.org")], options)
            let match = try #require(try claimSearch(queue))
            try queue.settlements.settle(end(match), [], [MatchFinding(match.jobs[0], .nothing)])
            try queue.operations.pause(true, batch: "b", at: Moment.ms(20).wall)
            try queue.operations.pause(false, batch: "b", at: Moment.ms(30).wall)
            #expect(try claim(queue) == nil)
            #expect(try claimSearch(queue)?.jobs.map(\.id) == [1])
        }
    }

    @Test func `fails a lead without an attempt and names the call`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "b"
            try queue.add([(1, "ada@example.org")], options)
            let match = try #require(try claimSearch(queue))
            let reason = Reason("MULTIPLE_CONTACTS_MATCH", "two")
            try queue.settlements.settle(
                end(match), [], [MatchFinding(match.jobs[0], .unfit(reason))])
            let job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "failed")
            #expect(job.text("error_code") == "MULTIPLE_CONTACTS_MATCH")
            #expect(job.number("attempts") == 0)
            let row = try #require(try queue.log().first)
            #expect(row.text("kind") == "convert" && row.text("outcome") == "failed")
            #expect(row.number("call_id") == match.id)
            #expect(try queue.calls().first?.number("size") == 1)
        }
    }

    @Test func `holds the batch at a lead that has two contacts when the policy says so`()
        async throws
    {
        try await withQueue { queue in
            try queue.operations.set(RetryPolicy(onFailure: .pause), named: "default")
            var options = EnqueueOptions()
            options.batch = "b"
            try queue.add([(1, "ada@example.org"), (2, nil)], options)
            let match = try #require(try claimSearch(queue))
            let reason = Reason("MULTIPLE_CONTACTS_MATCH", "two")
            try queue.settlements.settle(
                end(match), [], [MatchFinding(match.jobs[0], .unfit(reason))])
            #expect(try queue.jobs().map { $0.text("state") } == ["failed", "held"])
        }
    }

    @Test func `leaves a job alone that was cancelled while its contact was searched for`()
        async throws
    {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org"), (2, "grace@example.org")])
            let match = try #require(try claimSearch(queue))
            _ = try queue.operations.cancel([.job(1)], at: Moment.ms(5).wall)
            let reason = Reason("MULTIPLE_CONTACTS_MATCH", "two")
            try queue.settlements.settle(
                end(match), [],
                [
                    MatchFinding(match.jobs[0], .unfit(reason)),
                    MatchFinding(match.jobs[1], .nothing),
                ])
            #expect(try queue.jobs().map { $0.text("state") } == ["cancelled", "queued"])
            #expect(try queue.log().isEmpty)
        }
    }

    @Test func `makes leads of one address wait for each other`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "Ada@example.org"), (2, "ada@EXAMPLE.org"), (3, "x@example.org")])
            let first = try #require(
                try claimSearch(queue) { $0.filter { $0.id != 2 } })
            try queue.settlements.settle(
                end(first), [], first.jobs.map { MatchFinding($0, .nothing) })
            #expect(try claimSearch(queue) == nil)
            let call = try #require(try claim(queue))
            #expect(call.jobs.map(\.id) == [1, 3])
            #expect(try claimSearch(queue) == nil)
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(9)),
                call.jobs.map { Settlement($0, in: call.id, .converted, to: .converted) })
            #expect(try claimSearch(queue)?.jobs.map(\.id) == [2])
        }
    }

    @Test func `looks again after a retry for what it put in itself`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org"), (2, "grace@example.org")])
            try queue.run(sql: "UPDATE jobs SET account_id = '\(account)' WHERE id = 2")
            let match = try #require(try claimSearch(queue))
            try queue.settlements.settle(
                end(match), [], match.jobs.map { MatchFinding($0, found(in: account)) })
            let call = try #require(try claim(queue))
            try queue.settlements.settle(
                CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(9)),
                call.jobs.map { Settlement($0, in: call.id, .failed, to: .failed) })
            _ = try queue.operations.retry([.all(.failed)], at: Moment.ms(10).wall)
            let jobs = try queue.jobs()
            #expect(jobs.map { $0.text("contact_id") } == [nil, nil])
            #expect(jobs.map { $0.text("account_id") } == [nil, account])
            #expect(try claimSearch(queue, at: 20)?.jobs.count == 2)
        }
    }

    @Test func `looks again when the lead joined another account meanwhile`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org")])
            let match = try #require(try claimSearch(queue))
            try queue.run(sql: "UPDATE jobs SET account_id = '\(other)'")
            try queue.settlements.settle(
                end(match), [], [MatchFinding(match.jobs[0], found(in: account))])
            #expect(try queue.jobs().first?.text("contact_id") == nil)
            #expect(try claimSearch(queue)?.jobs.count == 1)
        }
    }

    @Test func `loses nothing when the daemon ends in the middle`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org")])
            _ = try claimSearch(queue)
            #expect(try queue.settlements.recover(at: .ms(5)) == .init(jobs: 0, calls: 1))
            #expect(try claimSearch(queue)?.jobs.count == 1)
        }
    }

    @Test func `shares a search among batches`() async throws {
        try await withQueue { queue in
            for batch in ["a", "b"] {
                var options = EnqueueOptions()
                options.batch = batch
                let first = batch == "a" ? 0 : 100
                try queue.add((first..<first + 50).map { ($0, "p\($0)@example.org") }, options)
            }
            let match = try #require(try claimSearch(queue, upTo: 20))
            #expect(match.jobs.filter { $0.batchID == 1 }.count == 10)
        }
    }

    // MARK: -

    private func found(in account: String) -> MatchFinding.Result {
        do {
            return .contact(
                try RecordID(contact, of: .contact), account: try RecordID(account, of: .account))
        } catch {
            return .unfit(Reason("MALFORMED_ID", "\(error)"))
        }
    }

    private func claim(_ queue: JobQueue, upTo size: Int = 100) throws -> ClaimedCall? {
        try queue.claims.claim(upTo: size, CallStart(at: .ms(0)), choosing: { $0 })
    }

    private func claimSearch(
        _ queue: JobQueue, upTo size: Int = 200, at ms: Int64 = 0,
        _ choose: ([ClaimedJob]) -> [ClaimedJob] = { $0 }
    ) throws -> ClaimedSearch? {
        try queue.claims.claimSearch(.contact, upTo: size, CallStart(at: .ms(ms)), choosing: choose)
    }

    private func end(_ match: ClaimedSearch) -> CallEnd {
        CallEnd(callID: match.id, startedAt: .ms(0), at: .ms(8), httpStatus: 200)
    }
}
