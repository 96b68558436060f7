import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

@Suite struct ClaimAndSettleTests {
    private func claim(_ queue: JobQueue, upTo size: Int = 100, at ms: Int64 = 0) throws
        -> ClaimedCall?
    {
        try queue.claims.claim(upTo: size, CallStart(at: .ms(ms)), choosing: { $0 })
    }

    private func end(_ call: ClaimedCall, at ms: Int64 = 10) -> CallEnd {
        CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(ms), httpStatus: 200)
    }

    private func converted(_ call: ClaimedCall) -> [Settlement] {
        call.jobs.map { job in
            var settlement = Settlement(job, in: call.id, .converted, to: .converted)
            settlement.attempts += 1
            settlement.records = ConvertedRecords(
                accountID: "001", contactID: "003", opportunityID: nil)
            return settlement
        }
    }

    @Test func `claims by priority then time then number`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.runAt = Moment.ms(-1000).wall
            try queue.add([1, 2])
            try queue.add([3], options)
            options.priority = 5
            options.runAt = nil
            try queue.add([4], options)
            options.runAt = Moment.ms(1).wall
            options.priority = 9
            try queue.add([5], options)
            let call = try #require(try claim(queue, upTo: 3))
            #expect(try call.jobs.map(\.conversion.leadID) == [4, 3, 1].map(RecordID.lead))
        }
    }

    @Test func `writes the intent before it returns`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            let call = try #require(try claim(queue))
            let other = try JobQueue(path: queue.path, as: .client)
            #expect(try other.jobs().allSatisfy { $0.text("state") == "sending" })
            let log = try other.log()
            #expect(log.count == 3)
            #expect(log.allSatisfy { $0["finished_at"] == .null && $0.number("attempt") == 1 })
            #expect(log.allSatisfy { $0.number("call_id") == call.id })
            #expect(try claim(queue) == nil)
        }
    }

    @Test func `settles each lead alone`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            let call = try #require(try claim(queue))
            var settlements = converted(call)
            settlements[1].to = .failed
            settlements[1].outcome = .failed
            settlements[1].reason = Reason("INVALID_STATUS", "invalid convertedStatus: x")
            settlements[1].records = nil
            #expect(try queue.settlements.settle(end(call), settlements) == 2)
            let jobs = try queue.jobs()
            #expect(jobs.map { $0.text("state") } == ["converted", "failed"])
            #expect(jobs.map { $0.text("result_account_id") } == ["001", nil])
            #expect(try queue.log().map { $0.text("outcome") } == ["converted", "failed"])
        }
    }

    @Test func `closes each leads own row of the log`() async throws {
        try await withQueue { queue in
            var urgent = EnqueueOptions()
            urgent.priority = 1
            try queue.add(1...3)
            try queue.add([4, 5], urgent)
            // Neither in the order of their numbers nor all that are offered.
            let call = try #require(
                try queue.claims.claim(upTo: 5, CallStart(at: .ms(0))) { $0.filter { $0.id != 2 } })
            #expect(call.jobs.map(\.id) == [4, 5, 1, 3])
            var settlements = converted(call)
            for (index, job) in call.jobs.enumerated() {
                settlements[index].records?.accountID = "account \(job.id)"
            }
            try queue.settlements.settle(end(call), settlements)
            for row in try queue.log() {
                let job = try #require(row.number("job_id"))
                #expect(row.text("account_id") == "account \(job)")
                #expect(try row.text("lead_id") == RecordID.lead(Int(job)).description)
            }
        }
    }

    @Test func `leaves a job alone that has moved on`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            let first = try #require(try claim(queue))
            var back = Settlement(first.jobs[0], in: first.id, .notSent, to: .queued)
            back.reason = Reason("X", "x")
            #expect(try queue.settlements.settle(end(first), [back]) == 1)
            #expect(try queue.settlements.settle(end(first), converted(first)) == 0)
            let second = try #require(try claim(queue))
            #expect(try queue.settlements.settle(end(first), converted(first)) == 0)
            #expect(try queue.jobs().first?.text("state") == "sending")
            #expect(try queue.settlements.settle(end(second), converted(second)) == 1)
        }
    }

    @Test func `keeps leads of one account out of two calls`() async throws {
        try await withQueue { queue in
            try queue.enqueue(EnqueueOptions(), at: Moment.ms(0).wall) { enqueuing in
                for number in 1...4 {
                    var lead = try LeadConversion.lead(number)
                    if number < 4 { lead.accountID = try RecordID("001D000000HRzTR", of: .account) }
                    try enqueuing.add(lead)
                }
            }
            let first = try #require(try claim(queue, upTo: 2))
            #expect(try first.jobs.map(\.conversion.leadID) == [1, 2].map(RecordID.lead))
            let second = try #require(try claim(queue, upTo: 2))
            #expect(try second.jobs.map(\.conversion.leadID) == [4].map(RecordID.lead))
            #expect(try claim(queue) == nil)
            try queue.settlements.settle(end(first), converted(first))
            #expect(try claim(queue)?.jobs.count == 1)
        }
    }

    @Test func `a lead in doubt keeps its account no longer than its call may run`() async throws {
        try await withQueue { queue in
            try queue.enqueue(EnqueueOptions(), at: Moment.ms(0).wall) { enqueuing in
                for number in 1...4 {
                    var lead = try LeadConversion.lead(number)
                    if number <= 2 {
                        lead.accountID = try RecordID("001D000000HRzTR", of: .account)
                    }
                    if number > 2 { lead.groupKey = "Acme" }
                    try enqueuing.add(lead)
                }
            }
            let first = try #require(
                try queue.claims.claim(upTo: 4, CallStart(at: .ms(0))) { [$0[0], $0[2]] })
            #expect(first.jobs.map(\.id) == [1, 3])
            _ = try queue.settlements.recover(at: .ms(1))
            func next(at ms: Int64) throws -> [Int64]? {
                var start = CallStart(at: .ms(ms))
                start.lifetimeSinceClaimMS = 600_000
                return try queue.claims.claim(upTo: 4, start, choosing: { $0 })?.jobs.map(\.id)
            }
            #expect(try next(at: 599_999) == nil)
            // The group's account may have been made by the call: that has to be known first.
            #expect(try next(at: 600_000) == [2])
        }
    }

    @Test func `fails a malformed id before any call`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            try await queue.database.write {
                try $0.execute(
                    sql: "UPDATE jobs SET account_id = '001D000000HRzTRXXX' WHERE id = 1")
            }
            let call = try #require(try claim(queue, upTo: 1))
            #expect(call.jobs.map(\.id) == [2])
            let job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "failed")
            #expect(job.text("error_code") == "MALFORMED_ID")
            #expect(try queue.log().first?.text("outcome") == "failed")
        }
    }

    @Test func `refuses to rewrite the log`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            let call = try #require(try claim(queue))
            try queue.settlements.settle(end(call), converted(call))
            let update = #expect(throws: DatabaseError.self) {
                try queue.database.write {
                    try $0.execute(sql: "UPDATE run_log SET outcome = 'failed'")
                }
            }
            #expect(update?.message?.contains("run_log_is_append_only") == true)
            #expect(throws: DatabaseError.self) {
                try queue.database.write { try $0.execute(sql: "DELETE FROM run_log") }
            }
            let pruned = try queue.operations.prune(before: Moment.ms(100).wall)
            #expect(pruned == Operations.Pruned(jobs: 1, logRows: 1, calls: 1))
        }
    }

    @Test func `holds the batch at its first failure when the policy says so`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "b"
            try queue.add(1...3, options)
            let call = try #require(try claim(queue, upTo: 1))
            var failure = Settlement(call.jobs[0], in: call.id, .failed, to: .failed)
            failure.pausesBatch = true
            try queue.settlements.settle(end(call), [failure])
            #expect(try queue.jobs().map { $0.text("state") } == ["failed", "held", "held"])
            #expect(try claim(queue) == nil)
            try queue.operations.pause(false, batch: "b", at: Moment.ms(20).wall)
            #expect(try claim(queue)?.jobs.count == 2)
        }
    }

    @Test func `marks a batch finished with its last job`() async throws {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "b"
            try queue.add(1...2, options)
            let call = try #require(try claim(queue))
            try queue.settlements.settle(end(call), [converted(call)[0]])
            let finished = "SELECT finished_at FROM batches"
            #expect(try queue.read { try String.fetchOne($0, sql: finished) } == nil)
            try queue.settlements.settle(end(call), [converted(call)[1]])
            #expect(try queue.read { try String.fetchOne($0, sql: finished) } != nil)
        }
    }
}
