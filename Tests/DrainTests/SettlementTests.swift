import Conversion
import GRDB
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Drain
@testable import Storage

/// What an answer means for each job, beyond the plain cases.
@Suite struct SettlementTests {
    private let lost = CallReply(.unclear(Reason("CONNECTION_LOST", "reset")))
    private let made = Reason("A_CODE_NOBODY_KNOWS", "this lead is beyond me")
    private let wrong = Reason("INVALID_STATUS", "invalid convertedStatus")

    // MARK: The claim's age

    @Test func `a call whose claim is too old is not sent, and no attempt is used`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            let time = Mutex<Int64>(5000)
            let sent = Mutex(0)
            let slept = Mutex(false)
            // Whether there is a session is asked within the claim: there the machine sleeps, once.
            let transport = ScriptedClient(
                send: { request in
                    sent.withLock { $0 += 1 }
                    return .allConverted(request)
                },
                hasSession: {
                    let isFirst = slept.withLock { slept in
                        defer { slept = true }
                        return !slept
                    }
                    if isFirst { time.withLock { $0 += 11_000 } }
                    return true
                })
            var options = DrainOptions()
            options.rate = 1000
            options.untilEmpty = true
            let drain = try DrainLoop(
                queue, through: transport, options: options,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                clock: { .ms(time.withLock(\.self)) })
            guard case .drained = await drain.run() else {
                Issue.record("not drained")
                return
            }
            #expect(sent.withLock(\.self) == 1)
            let log = try queue.log()
            #expect(
                log.map { $0.text("outcome") }
                    == ["not_sent", "not_sent", "converted", "converted"])
            #expect(log.first?.text("code") == "CLAIM_TOO_OLD")
            #expect(try queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func `a claim may wait for ten seconds, or for as long as a call lives`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            var drain = try VirtualDrain(queue)
            var options = DrainOptions()
            guard case .send(let call) = try drain.engine.oneStep(at: .ms(1000)) else {
                Issue.record("nothing leaves")
                return
            }
            #expect(call.tooOld(at: .ms(11_000), options) == nil)
            #expect(call.tooOld(at: .ms(11_001), options) != nil)
            #expect(options.lifetimeSinceClaimMS == 622_000)
            options.callLifetimeMS = 2000
            #expect(call.tooOld(at: .ms(3001), options) != nil)
            #expect(options.lifetimeSinceClaimMS == 6000)
        }
    }

    // MARK: Read before it fails

    @Test func `a known code fails a lead without a verification`() async throws {
        try await withQueue { queue in
            try queue.add(1...100)
            var drain = try VirtualDrain(queue)
            try drain.run { try refuse($0, .permanent(wrong)) }
            #expect(drain.sent.map(\.kind) == [.convert])
            #expect(try queue.jobs().allSatisfy { $0.text("error_code") == "INVALID_STATUS" })
        }
    }

    @Test func `an unlisted code fails a lead only after it was read`() async throws {
        try await withQueue { queue in
            try queue.operations.set(RetryPolicy(maxAttempts: 2), named: "default")
            try queue.add(1...2)
            var drain = try VirtualDrain(queue)
            try drain.run { try refuse($0, .unlisted(made), butNot: 2) }
            #expect(drain.sent.map(\.kind) == [.convert, .verify, .convert, .verify])
            let log = try queue.log().filter { $0.number("job_id") == 1 }
            #expect(
                log.map { $0.text("outcome") } == ["unknown", "not_converted", "unknown", "failed"])
            #expect(log.map { $0.number("attempt") } == [1, 1, 2, 2])
            #expect(log.allSatisfy { $0.text("code") == made.code })
            for job in try queue.jobs() where job.number("id") == 1 {
                #expect(job.text("state") == "failed" && job.number("attempts") == 2)
                #expect(job.text("error_code") == made.code)
                #expect(job.text("error_message") == made.message)
            }
        }
    }

    @Test(arguments: [true, false])
    func `a lead that breaks whole calls is read before an unlisted code fails it`(
        isListed: Bool
    ) async throws {
        try await withQueue { queue in
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            try queue.add(1...2)
            var drain = try VirtualDrain(queue) { $0.callSize = 1 }
            var reason = made
            reason.isListed = isListed
            let failing = try RecordID.lead(2)
            try drain.run { request in
                guard case .convert(let leads, _) = request, leads[0].leadID == failing else {
                    return .noneConverted(request)
                }
                return CallReply(.refused(.callTooLarge, reason))
            }
            let kinds = drain.sent.map(\.kind)
            #expect(kinds == [.convert, .convert] + (isListed ? [] : [.verify]))
            #expect(try queue.jobs().map { $0.text("error_code") } == [nil, made.code])
        }
    }

    @Test func `an unlisted code of a converted lead is taken for what it is`() async throws {
        try await withQueue { queue in
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            try queue.add(1...2)
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                if case .convert = request {
                    try refuse(request, .unlisted(made))
                } else {
                    .allConverted(request)
                }
            }
            #expect(drain.sent.map(\.kind) == [.convert, .verify])
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
            #expect(
                try queue.log().suffix(2).map { $0.text("outcome") }
                    == ["already_converted", "already_converted"])
        }
    }

    @Test(arguments: [true, false])
    func `a lead that an unclear call carried is read before any code fails it`(
        isConverted: Bool
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            var drain = try VirtualDrain(queue)
            var conversions = 0
            try drain.run { request in
                guard case .convert = request else {
                    return conversions > 1 && isConverted
                        ? .allConverted(request) : .noneConverted(request)
                }
                conversions += 1
                return conversions == 1 ? lost : try refuse(request, .permanent(wrong))
            }
            let last = try #require(try queue.log().last)
            #expect(last.text("kind") == "verify")
            #expect(last.text("outcome") == (isConverted ? "converted" : "failed"))
            for job in try queue.jobs() {
                #expect(job.text("state") == (isConverted ? "converted" : "failed"))
                #expect(job.text("error_code") == (isConverted ? nil : "INVALID_STATUS"))
                #expect(job.number("attempts") == 1)
            }
        }
    }

    @Test func `a lead that fails after it was read pauses its batch where the policy says so`()
        async throws
    {
        try await withQueue { queue in
            try queue.operations.set(
                RetryPolicy(maxAttempts: 1, onFailure: .pause), named: "default")
            var options = EnqueueOptions()
            options.batch = "b"
            try queue.add(1...3, options)
            var drain = try VirtualDrain(queue) { $0.callSize = 1 }
            try drain.run { request in
                if case .convert = request {
                    try refuse(request, .unlisted(made))
                } else {
                    .noneConverted(request)
                }
            }
            let states = try queue.jobs().map { $0.text("state") }
            #expect(states.contains("failed") && states.contains("held"))
        }
    }

    @Test func `a verification without an answer leaves the reason of the refusal`() async throws {
        try await withQueue { queue in
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            try queue.add(1...2)
            var drain = try VirtualDrain(queue)
            var verifications = 0
            try drain.run { request in
                guard case .verify = request else {
                    return try refuse(request, .unlisted(made), butNot: 2)
                }
                verifications += 1
                return verifications == 1 ? lost : .noneConverted(request)
            }
            #expect(try queue.jobs().first?.text("error_code") == made.code)
            let codes = try queue.log().filter { $0.number("job_id") == 1 }.map { $0.text("code") }
            #expect(codes == [made.code, "CONNECTION_LOST", made.code])
        }
    }

    // MARK: Whose conversion it was

    @Test func `a conversion of an earlier job's unclear call is ours`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                guard case .verify(let leads) = request else { return lost }
                return CallReply(.verified(leads.map { _ in .notVisible }))
            }
            #expect(try queue.jobs().map { $0.text("error_code") } == ["LEAD_NOT_VISIBLE"])
            try queue.add(1...1)
            try drain.run { request in
                if case .convert = request {
                    try refuse(request, .refusedAsConverted(Reason("CONVERTED", "is converted")))
                } else {
                    .allConverted(request)
                }
            }
            #expect(try queue.log().last?.text("outcome") == "converted")
        }
    }

    @Test(arguments: ["queued", "held"])
    func `an answer counts although an UPDATE by hand says meanwhile that the lead waits`(
        state: String
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            var drain = try VirtualDrain(queue)
            let locked = Reason("UNABLE_TO_LOCK_ROW", "locked")
            try drain.run(most: 1) { request in
                try queue.write { try $0.execute(sql: "UPDATE jobs SET state = '\(state)'") }
                guard case .converted(let leads) = CallReply.allConverted(request).outcome else {
                    return .allConverted(request)
                }
                return CallReply(.converted([leads[0], .transient(locked)]))
            }
            #expect(try queue.jobs().map { $0.text("state") } == ["converted", state])
            #expect(try queue.log().map { $0.text("outcome") } == ["converted", "retry"])
        }
    }

    @Test func `a lead that an UPDATE by hand sends again while its call is out is ours`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...1)
            var drain = try VirtualDrain(queue) { $0.concurrency = 2 }
            guard case .send(let first) = try drain.engine.oneStep(at: drain.now) else {
                Issue.record("Nothing was sent.")
                return
            }
            try queue.run(sql: "UPDATE jobs SET state = 'queued'")
            drain.now = drain.now + 2000
            guard case .send(let second) = try drain.engine.oneStep(at: drain.now) else {
                Issue.record("Nothing was sent again.")
                return
            }
            let reason = Reason("CANNOT_UPDATE_CONVERTED_LEAD", "is converted")
            drain.engine.finish(
                first, first.answered(.allConverted(first.request)), at: drain.now)
            try drain.engine.writeKeptAnswers(at: drain.now)
            drain.engine.finish(
                second, second.answered(CallReply(.converted([.refusedAsConverted(reason)]))),
                at: drain.now)
            try drain.run { .allConverted($0) }
            #expect(
                try queue.log().map { $0.text("outcome") } == ["converted", "unknown", "converted"])
        }
    }

    @Test func `leads that are all hidden for half an hour are not given up`() async throws {
        try await withQueue { queue in
            try queue.add(1...3)
            var drain = try VirtualDrain(queue)
            while drain.now.since(.ms(0)) < 30 * 60_000, drain.sent.count < 50 {
                try drain.run(most: drain.sent.count + 1) { request in
                    guard case .verify(let leads) = request else { return lost }
                    return CallReply(.verified(leads.map { _ in .notVisible }))
                }
            }
            try drain.run { .allConverted($0) }
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
            #expect(drain.sent.count < 20)
        }
    }

    @Test func `a lead that was hidden is asked about before it is sent again`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            var drain = try VirtualDrain(queue)
            try drain.run { request in
                guard case .verify(let leads) = request else { return lost }
                return CallReply(.verified(leads.map { _ in .notVisible }))
            }
            let before = drain.sent.count
            _ = try queue.operations.retry([.job(1)], at: drain.now.wall)
            try drain.run { .allConverted($0) }
            #expect(drain.sent[before...].map(\.kind) == [.verify])
            #expect(try queue.jobs().map { $0.text("state") } == ["converted"])
        }
    }

    // MARK: A call that is over

    @Test func `what is read after an unusable answer is believed at once`() async throws {
        try await withQueue { queue in
            try queue.add(1...4)
            var drain = try VirtualDrain(queue)
            var answers = 0
            try drain.run { request in
                answers += 1
                var reply = answers == 1 ? lost : .noneConverted(request)
                reply.isOver = answers == 1
                return reply
            }
            #expect(drain.sent.map(\.kind) == [.convert, .verify, .convert, .convert])
            #expect(drain.sizes == [4, 2, 2])
            #expect(drain.now.since(.ms(0)) < 60_000)
        }
    }

    // MARK: One failing lead

    @Test func `a lead whose verification always fails does not stop the others`() async throws {
        try await withQueue { queue in
            try queue.add(1...21)
            var drain = try VirtualDrain(queue) { $0.untilEmpty = false }
            let failing = try RecordID.lead(7)
            func answer(_ request: CallRequest) -> CallReply {
                guard case .verify(let leads) = request, leads.contains(failing) else {
                    return .allConverted(request)
                }
                return CallReply(.unclear(Reason("UNKNOWN_EXCEPTION", "HTTP 500")))
            }
            var calls = 0
            try drain.run(most: 30) { request in
                calls += 1
                return calls == 1 ? lost : answer(request)
            }
            let states = try queue.jobs().map { $0.text("state") }
            #expect(states.filter { $0 == "converted" }.count == 20)
            #expect(states[6] == "verifying")
            #expect(drain.engine.readFailures[.verification].isApart(7))
            // What comes later is converted without waiting for it.
            try queue.add(22...25)
            let before = drain.now
            try drain.run(most: 31, answer)
            #expect(drain.sizes.last == 4)
            #expect(drain.now.since(before) < 900_000)
            // It is asked about at most four times an hour.
            let asked = try queue.log().filter { $0.number("job_id") == 7 }
            let last = asked.suffix(2).compactMap { $0.text("started_at") }
            #expect(last.count == 2)
        }
    }

    @Test func `a lead that can't be read is given up after a day, and a retry asks first`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...2)
            var drain = try VirtualDrain(queue) { $0.untilEmpty = false }
            let failing = try RecordID.lead(1)
            try drain.run { request in
                switch request {
                case .convert: return lost
                case .verify(let leads) where leads.contains(failing):
                    return CallReply(.unclear(Reason("UNKNOWN_EXCEPTION", "HTTP 500")))
                default: return .allConverted(request)
                }
            }
            var job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "failed" && job.text("error_code") == "LEAD_IN_DOUBT")
            let remembered = "SELECT may_be_converted FROM jobs WHERE id = 1"
            #expect(try queue.read { try Bool.fetchOne($0, sql: remembered) } == true)
            #expect(drain.now.since(.ms(0)) >= 86_400_000)
            #expect(drain.now.since(.ms(0)) < 88_000_000)
            #expect(try queue.jobs()[1].text("state") == "converted")
            #expect(!drain.engine.readFailures[.verification].isApart(1))

            let asked = drain.sent.count
            let change = try queue.operations.retry([.all(.failed)], at: drain.now.wall)
            #expect(change.changed == 1)
            try drain.run { .noneConverted($0) }
            #expect(drain.sent.dropFirst(asked).map(\.kind) == [.verify, .convert])
            job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "converted" && job.number("attempts") == 1)
        }
    }

    @Test func `an address whose search always fails uses its lead's attempts and no other's`()
        async throws
    {
        try await withQueue { queue in
            try queue.add((1...21).map { ($0, "p\($0)@example.org") })
            var drain = try VirtualDrain(queue)
            let ending = try drain.run { request in
                guard case .searchContacts(let addresses) = request,
                    addresses.contains(.email("p1@example.org"))
                else { return .allConverted(request) }
                return CallReply(.unclear(Reason("UNKNOWN_EXCEPTION", "HTTP 500")))
            }
            guard case .drained = ending else {
                Issue.record("not drained: \(String(describing: ending))")
                return
            }
            let jobs = try queue.jobs()
            #expect(jobs.filter { $0.text("state") == "converted" }.count == 20)
            #expect(jobs[0].text("state") == "failed")
            #expect(jobs[0].text("error_code") == "UNKNOWN_EXCEPTION")
            #expect(jobs[0].number("attempts") == 5)
            let log = try queue.log().filter { $0.number("job_id") == 1 }
            #expect(
                log.map { $0.text("outcome") } == ["retry", "retry", "retry", "retry", "failed"])
            #expect(log.compactMap { $0.number("backoff_ms") } == [10_000, 20_000, 40_000, 80_000])
            #expect(log.map { $0.number("attempt") } == [1, 2, 3, 4, 5])
            #expect(jobs.dropFirst().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    // MARK: -

    /// - Parameter good: The number of a lead that is converted all the same.
    private func refuse(
        _ request: CallRequest, _ outcome: LeadOutcome, butNot good: Int? = nil
    ) throws -> CallReply {
        guard case .convert(let leads, _) = request else { return .noneConverted(request) }
        let spared = try good.map { try RecordID.lead($0) }
        let records = ConvertedRecords(accountID: "001", contactID: "003", opportunityID: nil)
        return CallReply(
            .converted(leads.map { $0.leadID == spared ? .converted(records) : outcome }))
    }
}
