import Conversion
import GRDB
import Storage
import TestSupport
import Testing

@testable import Drain

@Suite struct EngineTests {
    private let lost = CallReply(.unclear(Reason("CONNECTION_LOST", "reset")))

    @Test func `converts all in calls of a hundred`() async throws {
        try await withQueue { queue in
            try queue.add(1...250)
            var drain = try VirtualDrain(queue)
            guard case .drained = try drain.run({ .allConverted($0) }) else {
                Issue.record("not drained")
                return
            }
            #expect(drain.sizes == [100, 100, 50])
            let jobs = try queue.jobs()
            #expect(jobs.allSatisfy { $0.text("state") == "converted" })
            #expect(jobs.allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func `asks before it sends again and believes no only when the call is over`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...4)
            var drain = try VirtualDrain(queue)
            var answers = 0
            try drain.run { request in
                answers += 1
                return answers == 1 ? lost : .noneConverted(request)
            }
            // Sent at 0; asked at once, at 15 s, 30 s ... 8 min and 10 min 22 s; then sent in halves.
            #expect(drain.sizes == [4, 2, 2])
            let asked = try queue.log().filter { $0.text("kind") == "verify" }
            let believed = asked.filter { $0.text("next_run_at") == $0.text("finished_at") }
            #expect(believed.count == 4)
            #expect(asked.count == 4 * 8)
            let resent = try queue.log().filter { $0.text("kind") == "convert" }.dropFirst(4)
            // Ten seconds may lie between the claim and the hand-over, twelve until it has left.
            let over = (Moment.ms(0).wall + 622_000).description
            #expect(resent.allSatisfy { $0.text("started_at") ?? "" >= over })
            #expect(try queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func `settles what a lost call had converted`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                if case .convert = request { lost } else { .allConverted(request) }
            }
            #expect(drain.sizes == [3])
            #expect(
                try queue.log().map { $0.text("outcome") }
                    == ["unknown", "unknown", "unknown", "converted", "converted", "converted"])
        }
    }

    @Test func `looks up a refusal that says converted`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            var drain = try VirtualDrain(queue)
            let reason = Reason("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
            try drain.run { request in
                if case .convert = request {
                    CallReply(.converted([.refusedAsConverted(reason)]))
                } else {
                    .allConverted(request)
                }
            }
            #expect(try queue.log().map { $0.text("outcome") } == ["unknown", "already_converted"])
            #expect(try queue.jobs().first?.text("state") == "converted")
            #expect(try queue.jobs().first?.text("result_account_id") == "001")
        }
    }

    @Test func `uses up attempts on a leads own faults only`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            var drain = try VirtualDrain(queue)
            let locked = Reason("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")
            let outage = Reason("SERVER_UNAVAILABLE", "server too busy")
            var answers = 0
            try drain.run { request in
                guard case .convert(let leads, _) = request else { return .allConverted(request) }
                answers += 1
                if answers % 2 == 0 { return CallReply(.refused(.outage, outage)) }
                let records = ConvertedRecords(accountID: "1", contactID: "3", opportunityID: nil)
                return CallReply(
                    .converted(
                        try leads.map {
                            try $0.leadID == .lead(1) ? .transient(locked) : .converted(records)
                        }))
            }
            let log = try queue.log(LogFilter()).filter { $0.number("job_id") == 1 }
            #expect(
                log.map { $0.text("outcome") } == [
                    "retry", "not_sent", "retry", "not_sent", "retry", "not_sent", "retry",
                    "not_sent", "failed",
                ])
            #expect(log.map { $0.number("attempt") } == [1, 2, 2, 3, 3, 4, 4, 5, 5])
            #expect(log.compactMap { $0.number("backoff_ms") } == [10_000, 20_000, 40_000, 80_000])
            #expect(try queue.jobs().map { $0.text("state") } == ["failed", "converted"])
        }
    }

    @Test(arguments: [1, 37, 50, 51, 100])
    func `finds the one lead that breaks whole calls`(culprit: Int) async throws {
        try await withQueue { queue in
            try queue.add(1...100)
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            var drain = try VirtualDrain(queue)
            let governor = Reason("EXCEEDED_QUOTA", "Apex CPU time limit exceeded")
            try drain.run { request in
                if case .convert(let leads, _) = request,
                    try leads.contains(where: { try $0.leadID == .lead(culprit) })
                {
                    return CallReply(.refused(.callTooLarge, governor))
                }
                return .allConverted(request)
            }
            // Beside the first, at most 2 log2(100) + 1 calls.
            #expect(drain.sizes.count <= 1 + 14)
            let reasons = try queue.calls().map { $0.text("size_reason") }
            #expect(reasons.first == .some(nil))
            #expect(reasons.dropFirst().allSatisfy { $0 == "half" })
            let failed = try queue.jobs().filter { $0.text("state") == "failed" }
            #expect(failed.map { $0.number("id") } == [Int64(culprit)])
            #expect(failed.first?.text("error_code") == "EXCEEDED_QUOTA")
            #expect(try queue.jobs().filter { $0.text("state") == "converted" }.count == 99)
        }
    }

    @Test
    func `leads that run into a limit that they share go in smaller calls and use no attempt`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...300)
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            var drain = try VirtualDrain(queue)
            let limit = Reason(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: System.LimitException: Too many: 101")
            try drain.run { request in
                guard case .convert(let leads, _) = request, leads.count > 33 else {
                    return .allConverted(request)
                }
                let done = ConvertedRecords(accountID: "001", contactID: "003", opportunityID: nil)
                return CallReply(
                    .converted(leads.indices.map { $0 < 33 ? .converted(done) : .limited(limit) }))
            }
            let jobs = try queue.jobs()
            #expect(jobs.allSatisfy { $0.text("state") == "converted" })
            #expect(jobs.allSatisfy { $0.number("attempts") == 1 })
            #expect(drain.sizes.count < 20)
            #expect(try queue.calls().contains { $0.text("size_reason") == "fault" })
        }
    }

    @Test func `stops when login is refused and uses no attempt`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            var drain = try VirtualDrain(queue)
            let ending = try drain.run { _ in
                CallReply(
                    .refused(.permission, Reason("INVALID_SESSION_ID", "fresh token refused")))
            }
            guard case .fault(let error) = ending else {
                Issue.record("\(String(describing: ending))")
                return
            }
            #expect(error.status == .permission)
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "queued" })
            #expect(try queue.jobs().allSatisfy { $0.number("attempts") == 0 })
        }
    }

    @Test(arguments: ["test", "before"])
    func `what may pass does not end a daemon that a reboot has started`(bootID: String)
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...1)
            try queue.run(
                sql: """
                    INSERT INTO calls (kind, size, started_at, finished_at, http_status, boot_id,
                        uptime_ms)
                    VALUES ('convert', 1, '2026-11-21T12:00:00.000Z', '2026-11-21T12:00:01.000Z', 200,
                        '\(bootID)', 1)
                    """)
            var drain = try VirtualDrain(queue)
            var hours = Reason("invalid_grant", "ip restricted or invalid login hours")
            hours.mayPass = true
            var refusals = 0
            try drain.run { request in
                refusals += 1
                return refusals > 8
                    ? .allConverted(request) : CallReply(.refused(.permission, hours))
            }
            let isReboot = bootID == "before"
            #expect(try queue.jobs()[0].text("state") == (isReboot ? "converted" : "queued"))
        }
    }

    @Test func `probes a spent allowance at its interval and uses no attempts`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            var drain = try VirtualDrain(queue) { $0.callSize = 2 }
            let spent = Reason("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            var answers = 0
            try drain.run(latencyMS: 0) { request in
                answers += 1
                guard answers > 3 else { return CallReply(.refused(.allowance, spent)) }
                var reply = CallReply.allConverted(request)
                reply.usage = OrgUsage(current: 10, limit: 1000)
                return reply
            }
            // 30 s after the refusal, 60 s after that, 120 s after that: then it is free.
            #expect(drain.sent.map(\.kind) == [.convert, .limits, .limits, .limits, .convert])
            let starts = try queue.calls().compactMap { $0.text("started_at") }
            #expect(
                starts == [0, 30, 90, 210, 210].map { Moment.ms($0 * 1000).wall.description })
            #expect(try queue.jobs().allSatisfy { $0.number("attempts") == 1 })
            #expect(try queue.calls().last?.text("waited_for") == nil)
        }
    }

    @Test func `grows back to all its calls after too many at once`() async throws {
        try await withQueue { queue in
            try queue.add(1...200)
            var drain = try VirtualDrain(queue) { ($0.callSize, $0.concurrency) = (1, 4) }
            let many = Reason("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.")
            var answers = 0
            try drain.run(most: 80) { request in
                answers += 1
                guard answers > 2 else { return CallReply(.refused(.concurrency, many)) }
                return .allConverted(request)
            }
            #expect(drain.engine.pacer.concurrency.limit == 4)
            // A second later the first probe, two seconds later the next; no attempt is used.
            let starts = try queue.calls().prefix(3).compactMap { $0.text("started_at") }
            #expect(starts == [0, 1010, 3020].map { Moment.ms($0).wall.description })
            #expect(try queue.jobs().allSatisfy { ($0.number("attempts") ?? 0) <= 1 })
        }
    }

    @Test func `waits for tokens and says so`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            var drain = try VirtualDrain(queue) {
                $0.rate = 0.1
                $0.burst = 1
                $0.callSize = 1
            }
            try drain.run { .allConverted($0) }
            #expect(drain.now.since(.ms(0)) >= 20_000)
            #expect(try queue.calls().map { $0.text("waited_for") } == [nil, "token", "token"])
        }
    }

    @Test func `is not misled by an answer that was overtaken`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            var engine = try VirtualDrain(queue) { ($0.callSize, $0.concurrency) = (1, 4) }.engine
            guard case .send(let first) = try engine.oneStep(at: .ms(0)),
                case .send(let second) = try engine.oneStep(at: .ms(1))
            else { return #expect(Bool(false), "two calls can fly") }
            let answer = { (call: InFlightCall, used: Int) in
                var reply = CallReply.allConverted(call.request)
                reply.usage = OrgUsage(current: used, limit: 1000)
                return call.answered(reply)
            }
            engine.finish(second, answer(second, 8), at: .ms(10))
            engine.finish(first, answer(first, 7), at: .ms(11))
            #expect(engine.pacer.org.usage?.current == 8)
            // A day later less is used; that is no answer overtaken.
            try queue.add(3...3)
            guard case .send(let third) = try engine.oneStep(at: .ms(86_400_000)) else {
                return #expect(Bool(false), "a call leaves")
            }
            engine.finish(third, answer(third, 1), at: .ms(86_400_010))
            try engine.writeKeptAnswers(at: .ms(86_400_010))
            #expect(engine.pacer.org.usage?.current == 1)
            #expect(try queue.settlements.limiter()?.usage?.current == 1)
        }
    }

    /// The calls of these steps.
    private func calls(_ steps: [Step]) -> [InFlightCall] {
        steps.compactMap { if case .send(let call) = $0 { call } else { nil } }
    }

    @Test func `the next call leaves before what was converted is written`() async throws {
        try await withQueue { queue in
            try queue.add(1...4)
            var engine = try VirtualDrain(queue) {
                $0.callSize = 1
                $0.concurrency = 2
            }.engine
            let first = calls(try engine.steps(at: .ms(0)) + engine.steps(at: .ms(0)))
            #expect(first.count == 2)
            for call in first {
                engine.finish(call, call.answered(.allConverted(call.request)), at: .ms(10))
            }
            #expect(calls(try engine.steps(at: .ms(10))).count == 1)
            #expect(
                try queue.jobs().map { $0.text("state") } == [
                    "sending", "sending", "sending", "queued",
                ])
            #expect(calls(try engine.steps(at: .ms(10))).count == 1)
            // No more may leave: now they are written.
            #expect(calls(try engine.steps(at: .ms(10))).isEmpty)
            #expect(
                try queue.jobs().map { $0.text("state") }
                    == ["converted", "converted", "sending", "sending"])
        }
    }

    @Test func `what an answer leaves open is written before the next call`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            var engine = try VirtualDrain(queue) { $0.callSize = 1 }.engine
            let first = calls(try engine.steps(at: .ms(0)))
            #expect(first.count == 1)
            engine.finish(first[0], first[0].answered(lost), at: .ms(10))
            _ = try engine.oneStep(at: .ms(10))
            #expect(try queue.jobs().first?.text("state") == "verifying")
        }
    }

    @Test func `calls that are claimed together are half of those that may leave`() async throws {
        try await withQueue { queue in
            try queue.add(1...20)
            var engine = try VirtualDrain(queue) {
                $0.callSize = 1
                $0.concurrency = 8
            }.engine
            var sizes: [Int] = []
            while let size = Optional(calls(try engine.steps(at: .ms(0))).count), size > 0 {
                sizes.append(size)
            }
            // What comes after a call is likely to be more.
            #expect(sizes == [1, 4, 2, 1])
        }
    }

    @Test func `a row that breaks a rule does not keep the others from being claimed`() async throws
    {
        try await withQueue { queue in
            try queue.add(1...5)
            try queue.run(
                sql: """
                    PRAGMA ignore_check_constraints = 1;
                    UPDATE jobs SET finished_at = run_at WHERE id = 2;
                    PRAGMA ignore_check_constraints = 0
                    """)
            var engine = try VirtualDrain(queue) { ($0.callSize, $0.concurrency) = (2, 4) }.engine
            var left: [InFlightCall] = []
            while case let calls = calls(try engine.steps(at: .ms(0))), !calls.isEmpty {
                left += calls
            }
            #expect(left.count == 2)
            #expect(
                try queue.jobs().map { $0.text("state") } == [
                    "sending", "failed", "sending", "sending", "sending",
                ])
            #expect(try queue.jobs()[1].text("error_code") == "ROW_REFUSED")
        }
    }

    @Test func `a batch that its policy pauses lets the others go before its jobs are due`()
        async throws
    {
        try await withQueue { queue in
            try queue.operations.set(RetryPolicy(onFailure: .pause), named: "strict")
            var options = EnqueueOptions()
            (options.batch, options.policy) = ("friday", "strict")
            try queue.add(1...1, options)
            options.runAt = Moment.ms(86_400_000).wall
            try queue.add(2...3500, options)
            var drain = try VirtualDrain(queue)
            let ending = try drain.run { request in
                guard case .convert(let leads, _) = request else { return .allConverted(request) }
                return CallReply(
                    .converted(leads.map { _ in .permanent(Reason("INVALID_STATUS", "no")) }))
            }
            guard case .drained = ending else {
                Issue.record("not drained")
                return
            }
            #expect(drain.now.since(.ms(0)) < 1000)
            #expect(try queue.jobs().count { $0.text("state") == "held" } == 3499)
        }
    }

    @Test func `the leads of an account that is free again keep their turn`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            try queue.run(
                sql: """
                    UPDATE jobs SET account_id = '001D000000HRzTRIA1', priority = 10 WHERE id < 3
                    """)
            var drain = try VirtualDrain(queue) {
                $0.callSize = 1
                $0.concurrency = 1
            }
            try drain.run { .allConverted($0) }
            let sent: [[RecordID]] = drain.sent.map { request in
                if case .convert(let leads, _) = request { leads.map(\.leadID) } else { [] }
            }
            #expect(try sent == (1...3).map { [try RecordID.lead($0)] })
        }
    }

    @Test func `a queue with nothing to write waits for no other writer`() async throws {
        try await withQueue { queue in
            var engine = try VirtualDrain(queue) { $0.untilEmpty = false }.engine
            _ = try engine.steps(at: .ms(0))
            let other = try DatabaseQueue(path: queue.path)
            try other.inDatabase { database in
                try database.execute(sql: "BEGIN IMMEDIATE")
                #expect(throws: Never.self) { try engine.steps(at: .ms(10_000)) }
                try database.execute(sql: "ROLLBACK")
            }
        }
    }

    @Test func `a claim that fails takes no answer with it`() async throws {
        try await withQueue { queue in
            try queue.add(1...4)
            var engine = try VirtualDrain(queue) { ($0.callSize, $0.concurrency) = (1, 4) }.engine
            let first = calls(try engine.steps(at: .ms(0)) + engine.steps(at: .ms(0)))
            for call in first {
                engine.finish(call, call.answered(.allConverted(call.request)), at: .ms(10))
            }
            try queue.run(
                sql: """
                    CREATE TRIGGER no_more_calls BEFORE INSERT ON calls
                    BEGIN SELECT RAISE(ABORT, 'no more calls'); END
                    """)
            #expect(throws: OperatorError.self) { try engine.steps(at: .ms(10)) }
            #expect(
                try queue.jobs().map { $0.text("state") } == [
                    "converted", "converted", "converted", "queued",
                ])
        }
    }
}
