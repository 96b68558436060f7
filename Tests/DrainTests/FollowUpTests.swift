import Conversion
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Drain
@testable import Storage

/// What follows a conversion, with the engine on a real queue.
@Suite struct FollowUpTests {
    @Test func `sets fields after the conversion, in calls of two hundred`() async throws {
        try await withQueue { queue in
            try add(1...1000, to: queue) { $0.afterSet = #"{"Account":{"Tier__c":"A"}}"# }
            var drain = try VirtualDrain(queue)
            let ending = try drain.run(answer)
            #expect(ending.map { if case .drained = $0 { true } else { false } } == true)
            let kinds = Dictionary(grouping: drain.sent, by: \.kind).mapValues(\.count)
            #expect(kinds == [.convert: 10, .set: 5])
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
            let log = try queue.log().filter { $0.text("kind") == "set" }
            #expect(log.count == 1000 && log.allSatisfy { $0.text("outcome") == "done" })
            #expect(log[0].text("message")?.hasPrefix("001") == true)
        }
    }

    @Test func `a note as well takes five calls more`() async throws {
        try await withQueue { queue in
            try add(1...1000, to: queue) {
                $0.afterSet = #"{"Account":{"Tier__c":"A"}}"#
                $0.noteBody = "Summary"
            }
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            let kinds = Dictionary(grouping: drain.sent, by: \.kind).mapValues(\.count)
            #expect(kinds == [.convert: 10, .set: 5, .note: 5])
        }
    }

    @Test func `a job is finishing until all that follows is done, and so is its batch`()
        async throws
    {
        try await withQueue { queue in
            var options = EnqueueOptions()
            options.batch = "friday"
            try add(1...1, to: queue, options) {
                $0.noteBody = "Summary"
                $0.taskSubject = "Call"
            }
            var drain = try VirtualDrain(queue)
            try drain.run(most: 2, answer)
            #expect(try queue.jobs().first?.text("state") == "finishing")
            #expect(try queue.log().first?.text("outcome") == "converted")
            #expect(try isFinished(queue) == false)
            // Neither cancelled, nor deleted, nor asked for something else.
            let change = try queue.operations.cancel([.job(1)], at: drain.now.wall)
            #expect(change.left == [.finishing: 1])
            #expect(throws: (any Error).self) { try queue.run(sql: "DELETE FROM jobs") }
            #expect(throws: (any Error).self) {
                try queue.run(sql: "UPDATE jobs SET note_body = 'Another'")
            }
            try drain.run(answer)
            #expect(try queue.jobs().first?.text("state") == "converted")
            #expect(try isFinished(queue))
            #expect(drain.sent.map(\.kind) == [.convert, .note, .task])
        }
    }

    @Test
    func `a follow-up that fails for good leaves the job converted, and retry does only that`()
        async throws
    {
        try await withQueue { queue in
            try add(1...1, to: queue) {
                $0.noteBody = "Summary"
                $0.taskSubject = "Call"
            }
            var drain = try VirtualDrain(queue)
            let refusal = Reason("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Not like this.")
            try drain.run { request in
                guard case .create(let records) = request, records[0].kind == .note else {
                    return try answer(request)
                }
                return CallReply(.written([.permanent(refusal)]))
            }
            let job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "converted")
            #expect(job.text("after_code") == refusal.code)
            #expect(job.text("after_message") == "note Contact: Not like this.")
            let change = try queue.operations.retry([.all(.failed)], at: drain.now.wall)
            #expect(change.changed == 1)
            try drain.run(answer)
            #expect(try queue.jobs().first?.text("after_code") == nil)
            // The verification comes first, then the note; the lead and the task are left alone.
            #expect(drain.sent.map(\.kind) == [.convert, .note, .task, .verify, .note])
        }
    }

    @Test func `a note whose answer is lost is asked about before it is sent again`() async throws {
        try await withQueue { queue in
            try add(1...2, to: queue) { $0.noteBody = "Summary" }
            var drain = try VirtualDrain(queue)
            var there: [String] = []
            try drain.run { request in
                switch request {
                case .create(let records) where there.isEmpty:
                    there = [records[0].mark.code]
                    return CallReply(.unclear(Reason("TIMEOUT", "no answer")))
                case .find(let records):
                    return CallReply(
                        .found(records.map { there.contains($0.mark.code) ? ["002"] : [] }))
                default: return try answer(request)
                }
            }
            let made = drain.sent.compactMap { request in
                if case .create(let records) = request { records.count } else { nil }
            }
            #expect(made == [2, 1])
            let first = try queue.log().filter { $0.number("job_id") == 1 }
            #expect(first.map { $0.text("kind") } == ["convert", "note", "verify"])
            #expect(first.map { $0.text("outcome") } == ["converted", "unknown", "done"])
            let second = try queue.log().filter { $0.number("job_id") == 2 }
            let outcomes = second.compactMap { $0.text("outcome") }
            #expect(outcomes.prefix(3) == ["converted", "unknown", "not_found"])
            #expect(outcomes.last == "done")
            // Not found is believed only once the call can no longer be running.
            let calls = try queue.calls().filter { $0.text("kind") == "note" }
            let starts = calls.compactMap { $0.text("started_at") }.compactMap { Timestamp($0) }
            #expect(starts.count == 2 && starts[1] - starts[0] >= 600_000)
        }
    }

    @Test func `a lead waits for one call of what is retried, and not for all`() async throws {
        try await withQueue { queue in
            try add(1...1000, to: queue) { $0.noteBody = "Summary" }
            var drain = try VirtualDrain(queue)
            let refusal = Reason("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Not like this.")
            try drain.run { request in
                guard case .create(let records) = request else { return try answer(request) }
                return CallReply(.written(records.map { _ in .permanent(refusal) }))
            }
            let before = drain.sent.count
            _ = try queue.operations.retry([.all(.failed)], at: drain.now.wall)
            // None of them is there: they are sent again.
            try drain.run(most: before + 12, answer)
            try queue.add(2001...2150)
            let kinds = drain.sent.count
            try drain.run(most: kinds + 4, answer)
            #expect(
                Array(drain.sent.map(\.kind)[kinds...]) == [.convert, .note, .convert, .note])
            try drain.run(answer)
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test func `several with one mark are left for a person`() async throws {
        try await withQueue { queue in
            try add(1...1, to: queue) { $0.noteBody = "Summary" }
            var drain = try VirtualDrain(queue)
            var isTidy = false
            let answered = { (request: CallRequest) throws -> CallReply in
                switch request {
                case .create: CallReply(.unclear(Reason("TIMEOUT", "no answer")))
                case .find: CallReply(.found([isTidy ? ["002A"] : ["002A", "002B"]]))
                default: try answer(request)
                }
            }
            try drain.run(answered)
            #expect(try queue.jobs().first?.text("after_code") == "FOLLOW_UP_IN_DOUBT")
            isTidy = true
            _ = try queue.operations.retry([.job(1)], at: drain.now.wall)
            try drain.run(answered)
            #expect(try queue.jobs().first?.text("after_code") == nil)
            #expect(drain.sent.map(\.kind) == [.convert, .note, .verify, .verify])
        }
    }

    @Test func `an update without an answer is made again only once its call is over`()
        async throws
    {
        try await withQueue { queue in
            try add(1...1, to: queue) { $0.afterSet = #"{"Account":{"Tier__c":"A"}}"# }
            var drain = try VirtualDrain(queue)
            var sets: [Moment] = []
            try drain.run { request in
                guard case .update = request else { return try answer(request) }
                sets.append(.ms(0))
                return sets.count == 1
                    ? CallReply(.unclear(Reason("TIMEOUT", "no answer"))) : try answer(request)
            }
            let calls = try queue.calls().filter { $0.text("kind") == "set" }
            let starts = calls.compactMap { $0.text("started_at") }.compactMap { Timestamp($0) }
            #expect(starts.count == 2 && starts[1] - starts[0] >= 600_000)
            #expect(try queue.jobs().first?.text("after_code") == nil)
        }
    }

    @Test
    func `an update in doubt keeps leads from its account as long as its call may run, no longer`()
        async throws
    {
        try await withQueue { queue in
            try queue.operations.set(
                RetryPolicy(baseDelayMS: 86_400_000, maxDelayMS: 86_400_000), named: "default")
            try add(1...1, to: queue) { $0.afterSet = #"{"Account":{"Tier__c":"A"}}"# }
            var drain = try VirtualDrain(queue) { $0.untilEmpty = false }
            try drain.run(most: 2) { request in
                guard case .update = request else { return try answer(request) }
                return CallReply(.unclear(Reason("BAD_GATEWAY", "no answer")))
            }
            try queue.add(2...2)
            let account = try #require(try queue.jobs()[0].text("result_account_id"))
            try queue.run(sql: "UPDATE jobs SET account_id = '\(account)' WHERE id = 2")
            func claim(afterMS passed: Int64) throws -> ClaimedCall? {
                var start = CallStart(at: drain.now + passed)
                start.lifetimeSinceClaimMS = 600_000
                return try queue.claims.claim(upTo: 9, start, choosing: { $0 })
            }
            #expect(try claim(afterMS: 590_000) == nil)
            #expect(try claim(afterMS: 610_000)?.jobs.map(\.id) == [2])
        }
    }

    @Test func `updates that wait for a busy account are not looked at in each pass`()
        async throws
    {
        try await withQueue { queue in
            let account = "001D000000HRzTRIA1"
            try add(1...2, to: queue) { $0.afterSet = #"{"Account":{"Tier__c":"A"}}"# }
            try queue.run(sql: "UPDATE jobs SET account_id = '\(account)'")
            var drain = try VirtualDrain(queue) { ($0.concurrency, $0.callSize) = (2, 1) }
            let converted = CallReply(
                .converted([
                    .converted(
                        ConvertedRecords(
                            accountID: account, contactID: nil, opportunityID: nil))
                ]))
            let first = try #require(try call(&drain))
            drain.engine.finish(first, first.answered(converted), at: drain.now)
            // The second converts into the account that the update of the first is to set.
            let second = try #require(try call(&drain))
            #expect(second.request.kind == .convert)
            drain.now = drain.now + 31_000
            let looks = Mutex(0)
            queue.database.inDatabase { database in
                database.trace { event in
                    guard case .statement(let statement) = event else { return }
                    if statement.sql.hasPrefix("SELECT follow_ups.id") {
                        looks.withLock { $0 += 1 }
                    }
                }
            }
            for _ in 1...20 {
                #expect(try call(&drain) == nil)
                drain.now = drain.now + 100
            }
            let once = looks.withLock(\.self)
            #expect(once == 2, "those in doubt, and those that wait")
            drain.now = drain.now + 5000
            #expect(try call(&drain) == nil)
            #expect(looks.withLock(\.self) == 2 * once)
            // Once the account is free they go at once.
            drain.engine.finish(second, second.answered(converted), at: drain.now)
            #expect(try call(&drain)?.request.kind == .set)
        }
    }

    @Test func `one record is never set by two calls at once`() async throws {
        try await withQueue { queue in
            try add(1...3, to: queue) { $0.afterSet = #"{"Account":{"Tier__c":"A"}}"# }
            try add(4...4, to: queue) { $0.afterSet = #"{"Account":{"Tier__c":"B"}}"# }
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                guard case .convert(let leads, _) = request else { return try answer(request) }
                let same = ConvertedRecords(
                    accountID: "001Ws0000000009AAA", contactID: nil, opportunityID: nil)
                return CallReply(.converted(leads.map { _ in .converted(same) }))
            }
            let sizes = drain.sent.compactMap { request in
                if case .update(let records) = request { records.count } else { nil }
            }
            // What several set alike is set once.
            #expect(sizes == [1, 1])
            let log = try queue.log().filter { $0.text("kind") == "set" }
            #expect(log.compactMap { $0.text("outcome") } == ["done", "done", "done", "done"])
        }
    }

    @Test func `updates of one record that are retried in doubt go one after the other`()
        async throws
    {
        try await withQueue { queue in
            try add(1...2, to: queue) { $0.afterSet = #"{"Account":{"Tier__c":"A"}}"# }
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            var drain = try VirtualDrain(queue)
            let same = ConvertedRecords(
                accountID: "001Ws0000000009AAA", contactID: nil, opportunityID: nil)
            var isRepaired = false
            let answered = { (request: CallRequest) throws -> CallReply in
                switch request {
                case .convert(let leads, _):
                    CallReply(.converted(leads.map { _ in .converted(same) }))
                case .update where !isRepaired: CallReply(.unclear(Reason("TIMEOUT", "no answer")))
                default: try answer(request)
                }
            }
            try drain.run(answered)
            #expect(try queue.jobs().compactMap { $0.text("after_code") }.count == 2)
            isRepaired = true
            _ = try queue.operations.retry([.all(.failed)], at: drain.now.wall)
            try drain.run(answered)
            #expect(try queue.jobs().compactMap { $0.text("after_code") } == [])
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test func `a note whose answer never names it uses its attempts`() async throws {
        try await withQueue { queue in
            try add(1...1, to: queue) { $0.noteBody = "Summary" }
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                switch request {
                case .create:
                    CallReply(.unclear(Reason("WRONG_RECORD", "no record")), isOver: true)
                case .find(let records): CallReply(.found(records.map { _ in [] }))
                default: try answer(request)
                }
            }
            #expect(drain.sent.count { $0.kind == .note } == RetryPolicy().maxAttempts)
            #expect(try queue.jobs().first?.text("after_code") == "WRONG_RECORD")
        }
    }

    @Test func `a note whose verification is never answered does not stop the others`()
        async throws
    {
        try await withQueue { queue in
            try add(1...3, to: queue) {
                $0.noteBody = "Summary"
                $0.taskSubject = "Call"
            }
            var drain = try VirtualDrain(queue) { $0.untilEmpty = false }
            var isLost = true
            try drain.run { request in
                switch request {
                case .create(let records) where isLost && records[0].kind == .note:
                    isLost = false
                    return CallReply(.unclear(Reason("BAD_GATEWAY", "no answer")))
                case .find(let records) where records.contains { $0.kind == .note }:
                    return CallReply(.unclear(Reason("QUERY_TIMEOUT", "too long")))
                default: return try answer(request)
                }
            }
            let jobs = try queue.jobs()
            #expect(jobs.allSatisfy { $0.text("state") == "converted" })
            #expect(jobs.allSatisfy { $0.text("after_code") == "FOLLOW_UP_IN_DOUBT" })
            let log = try queue.log()
            #expect(log.count { $0.text("kind") == "task" && $0.text("outcome") == "done" } == 3)
        }
    }

    @Test func `what breaks a call is found by halves, and fails alone`() async throws {
        try await withQueue { queue in
            try add(1...50, to: queue) { $0.afterSet = #"{"Account":{"Tier__c":"A"}}"# }
            var drain = try VirtualDrain(queue)
            let failing = try RecordID("001Ws0000000037", of: .account).description
            try drain.run { request in
                guard case .update(let records) = request,
                    records.contains(where: { $0.recordID == failing })
                else { return try answer(request) }
                let reason = Reason("INVALID_FIELD", "No such column")
                return records.count == 1
                    ? CallReply(.written([.permanent(reason)]))
                    : CallReply(.refused(.callTooLarge, reason))
            }
            let failed = try queue.jobs().filter { $0.text("after_code") != nil }
            #expect(failed.map { $0.number("id") } == [37])
            #expect(drain.sent.count < 20)
        }
    }

    @Test func `a note that was given up is asked about again after a retry`() async throws {
        try await withQueue { queue in
            try add(1...1, to: queue) { $0.noteBody = "Summary" }
            var drain = try VirtualDrain(queue) { $0.untilEmpty = false }
            let noAnswer = CallReply(.unclear(Reason("TIMEOUT", "no answer")))
            try drain.run { request in
                if case .convert = request { return try answer(request) }
                return noAnswer
            }
            #expect(try queue.jobs().first?.text("after_code") == "FOLLOW_UP_IN_DOUBT")
            let before = drain.sent.count
            _ = try queue.operations.retry([.job(1)], at: drain.now.wall)
            var verifications = 0
            try drain.run { request in
                verifications += 1
                return verifications == 1 ? noAnswer : try answer(request)
            }
            #expect(drain.sent.count > before + 1)
            #expect(try queue.jobs().first?.text("state") == "converted")
            #expect(try queue.jobs().first?.text("after_code") == nil)
        }
    }

    @Test func `long notes are read a few at a time`() async throws {
        try await withQueue { queue in
            try add(1...300, to: queue) {
                $0.noteBody = String(repeating: "x", count: 100_000)
            }
            var drain = try VirtualDrain(queue) { $0.callSize = 200 }
            try drain.run(answer)
            let sizes = drain.sent.compactMap {
                if case .create(let records) = $0 { records.count } else { nil }
            }
            #expect(sizes.reduce(0, +) == 300 && sizes.allSatisfy { $0 <= 168 })
        }
    }

    @Test func `what somebody else converted is left to a person`() async throws {
        try await withQueue { queue in
            try add(1...1, to: queue) { $0.noteBody = "Summary" }
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                guard case .convert = request else { return try answer(request) }
                return CallReply(
                    .converted([
                        .refusedAsConverted(Reason("CANNOT_UPDATE_CONVERTED_LEAD", "converted"))
                    ]))
            }
            let job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "converted")
            #expect(job.text("after_code") == "ALREADY_CONVERTED")
            #expect(drain.sent.map(\.kind) == [.convert, .verify])
            _ = try queue.operations.retry([.job(1)], at: drain.now.wall)
            try drain.run(answer)
            #expect(drain.sent.map(\.kind) == [.convert, .verify, .verify, .note])
        }
    }

    @Test func `a conversion that made no opportunity has none to set`() async throws {
        try await withQueue { queue in
            try add(1...1, to: queue) {
                $0.afterSet = #"{"Opportunity":{"Amount":1},"Account":{"Tier__c":"A"}}"#
            }
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            let job = try #require(try queue.jobs().first)
            #expect(job.text("after_code") == "NO_OPPORTUNITY")
            #expect(drain.sent.map(\.kind) == [.convert, .set])
        }
    }

    @Test func `a restart asks about notes, also those that were waiting`() async throws {
        try await withQueue { queue in
            try add(1...1, to: queue) { $0.noteBody = "Summary" }
            var drain = try VirtualDrain(queue)
            try drain.run(most: 1, answer)
            // Not sent yet; a copy of the file may be put in its place now.
            var next = try VirtualDrain(queue, at: drain.now)
            _ = try next.engine.recover(at: next.now)
            try next.run(answer)
            #expect(next.sent.map(\.kind) == [.verify, .note])
        }
    }

    @Test func `the run log tells after a crash when fields are set again`() async throws {
        try await withQueue { queue in
            try add(1...1, to: queue) { $0.afterSet = #"{"Account":{"Tier__c":"A"}}"# }
            var drain = try VirtualDrain(queue)
            try drain.run(most: 1, answer)
            guard case .send = try drain.engine.oneStep(at: drain.now) else {
                Issue.record("The fields are not set.")
                return
            }
            _ = try drain.engine.recover(at: drain.now)
            let again = try queue.read { database in
                try String.fetchOne(database, sql: "SELECT run_at FROM follow_ups")
            }
            #expect(again != nil && again != drain.now.wall.description)
            #expect(try queue.log().last?.text("next_run_at") == again)
        }
    }

    @Test func `inputs of its own stop a lead where SOAP converts, before any call`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            try queue.run(sql: #"UPDATE jobs SET extra = '{"noteBody": "x"}' WHERE id = 1"#)
            var drain = try VirtualDrain(queue)
            try drain.run(answer)
            let jobs = try queue.jobs()
            #expect(jobs.map { $0.text("error_code") } == ["EXTRA_NEEDS_ACTION", nil])
            #expect(drain.sizes == [1])
            _ = try queue.operations.retry([.all(.failed)], at: drain.now.wall)
            var next = try VirtualDrain(queue, at: drain.now) { $0.takesExtra = true }
            try next.run(answer)
            guard case .convert(let leads, _) = next.sent.last else {
                Issue.record("no call")
                return
            }
            #expect(leads.map(\.extra) == [#"{"noteBody": "x"}"#])
        }
    }

    // MARK: -

    /// The call that leaves now, if one does.
    private func call(_ drain: inout VirtualDrain) throws -> InFlightCall? {
        if case .send(let call) = try drain.engine.oneStep(at: drain.now) { call } else { nil }
    }

    private func add(
        _ leads: ClosedRange<Int>, to queue: JobQueue, _ options: EnqueueOptions = .init(),
        _ ask: (inout FollowUpRequest) -> Void
    ) throws {
        try queue.enqueue(options, at: Moment.ms(0).wall) { queue in
            for number in leads {
                var lead = try LeadConversion.lead(number)
                var request = FollowUpRequest()
                ask(&request)
                lead.followUps = request
                try queue.add(lead)
            }
        }
    }

    /// Each lead has records of its own.
    private func answer(_ request: CallRequest) throws -> CallReply {
        switch request {
        case .convert(let leads, _):
            CallReply(.converted(try leads.map { .converted(try records(of: $0.leadID)) }))
        case .verify(let leads):
            CallReply(.verified(try leads.map { .converted(try records(of: $0)) }))
        default: .allConverted(request)
        }
    }

    private func records(of lead: RecordID) throws -> ConvertedRecords {
        let stem = lead.description.dropFirst(3).prefix(12)
        return ConvertedRecords(
            accountID: try RecordID("001\(stem)", of: .account).description,
            contactID: try RecordID("003\(stem)", of: .contact).description, opportunityID: nil)
    }

    private func isFinished(_ queue: JobQueue) throws -> Bool {
        try queue.read { database in
            try Bool.fetchOne(
                database, sql: "SELECT finished_at IS NOT NULL FROM batches") ?? false
        }
    }
}
