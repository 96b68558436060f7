import Conversion
import Foundation
import Storage
import TestSupport
import Testing

@testable import Drain

/// The pacer alone: no file, no clock, no calls.
@Suite struct PacerTests {
    typealias Decision = Pacer.Decision

    // MARK: Every reason to wait, and what ends it

    /// A state that the pacer was brought into, what is asked of it, and what it says.
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var options: @Sendable (inout DrainOptions) -> Void = { _ in }
        var demand = Pacer.Demand(conversions: true)
        var prepare: @Sendable (inout Pacer) -> Void = { _ in }
        var now: Int64 = 0
        var decision: Decision
    }

    static let table: [Case] = [
        Case(testDescription: "nothing in the way", decision: .go([.conversion])),
        Case(
            testDescription: "verifications come first",
            demand: Pacer.Demand(reads: true, conversions: true),
            decision: .go([.read, .conversion])),
        Case(
            testDescription: "no session",
            demand: Pacer.Demand(reads: true, conversions: true, hasSession: false),
            decision: .go([.login])),
        Case(
            testDescription: "a login is out",
            demand: Pacer.Demand(conversions: true, hasSession: false),
            prepare: { $0.start(1, .login) }, decision: .wait(.slot)),
        Case(
            testDescription: "outside the hours",
            options: { $0.window = RunWindow(start: 780, end: 840, zone: .gmt) },
            decision: .wait(.hours, until: .hour)),
        Case(
            testDescription: "within the hours",
            options: { $0.window = RunWindow(start: 780, end: 840, zone: .gmt) }, now: .hour,
            decision: .go([.conversion])),
        Case(
            testDescription: "all places are taken",
            options: { $0.concurrency = 2 },
            prepare: {
                $0.start(1, .conversion)
                $0.start(2, .conversion)
            }, decision: .wait(.slot)),
        Case(
            testDescription: "a place is free again",
            options: { $0.concurrency = 2 },
            prepare: {
                $0.start(1, .conversion)
                $0.start(2, .conversion)
                $0.answer(1, .success)
            }, decision: .go([.conversion])),
        Case(
            testDescription: "no token",
            options: { ($0.rate, $0.burst) = (0.1, 1) },
            prepare: { _ = $0.takeToken(at: .ms(0)) }, decision: .wait(.token, until: 10_000)),
        Case(
            testDescription: "a token has come in",
            options: { ($0.rate, $0.burst) = (0.1, 1) },
            prepare: { _ = $0.takeToken(at: .ms(0)) }, now: 10_000, decision: .go([.conversion])),
        Case(
            testDescription: "without a token there is nothing to log in for",
            options: { ($0.rate, $0.burst) = (0.1, 1) },
            demand: Pacer.Demand(conversions: true, hasSession: false),
            prepare: { _ = $0.takeToken(at: .ms(0)) }, decision: .wait(.token, until: 10_000)),
        Case(
            testDescription: "our share of the day is used",
            options: { $0.dailyShare = 0.5 },
            prepare: {
                $0.learn(OrgUsage(current: 2, limit: 4))
                $0.start(1, .read)
                $0.start(2, .read)
                $0.answer(1, .success)
                $0.answer(2, .success)
            }, decision: .wait(.allowance, until: .day + 20_000)),
        Case(
            testDescription: "the limits are to be read first",
            options: { $0.rate = nil }, decision: .go([.limits])),
        Case(
            testDescription: "the limits are being read",
            options: { $0.rate = nil }, prepare: { $0.start(1, .limits) },
            decision: .wait(.slot)),
        Case(
            testDescription: "the limits got lost, and are asked for again later",
            options: { $0.rate = nil }, prepare: { $0.call(1, .limits, .unclear) },
            decision: .go([.conversion])),
        Case(
            testDescription: "a minute after the limits got lost",
            options: { $0.rate = nil }, prepare: { $0.call(1, .limits, .unclear) }, now: 60_000,
            decision: .go([.limits])),
        Case(
            testDescription: "the limits alone are turned away, and are asked for again later",
            options: { $0.rate = nil }, prepare: { $0.call(1, .limits, .refused(.outage)) },
            decision: .go([.conversion])),
        Case(
            testDescription: "a minute after the limits alone were turned away",
            options: { $0.rate = nil }, prepare: { $0.call(1, .limits, .refused(.outage)) },
            now: 60_000, decision: .go([.limits])),
        Case(
            testDescription: "an outage",
            prepare: { $0.call(1, .conversion, .refused(.outage)) },
            decision: .wait(.outage, until: 30_000)),
        Case(
            testDescription: "an outage stops reads, too",
            demand: Pacer.Demand(reads: true),
            prepare: { $0.call(1, .conversion, .refused(.outage)) },
            decision: .wait(.outage, until: 30_000)),
        Case(
            testDescription: "the probe of an outage",
            prepare: { $0.call(1, .conversion, .refused(.outage)) }, now: 30_000,
            decision: .go([.conversion])),
        Case(
            testDescription: "while the probe of an outage is out",
            prepare: {
                $0.call(1, .conversion, .refused(.outage))
                $0.start(2, .conversion, at: 30_000)
            }, now: 31_000, decision: .wait(.outage)),
        Case(
            testDescription: "a call that is out since before the outage is no probe of it",
            prepare: {
                $0.start(1, .conversion)
                $0.call(2, .conversion, .refused(.outage), at: 10)
            }, now: 30_010, decision: .go([.conversion])),
        Case(
            testDescription: "an outage that lasts longer than the operator waits",
            options: { $0.giveUpAfterMS = 10_000 },
            prepare: { $0.call(1, .conversion, .refused(.outage)) },
            decision: .wait(.outage, until: 10_000)),
        Case(
            testDescription: "an outage whose probe left late, when run hours began again",
            options: { $0.giveUpAfterMS = 60_000 },
            prepare: {
                $0.call(1, .conversion, .refused(.outage))
                $0.call(2, .conversion, .refused(.outage), at: .hour)
            }, now: .hour, decision: .wait(.outage, until: .hour + 30_000)),
        Case(
            testDescription: "an outage of reads stops no conversions",
            demand: Pacer.Demand(reads: true, conversions: true),
            prepare: { $0.call(1, .read, .refused(.outage)) }, decision: .go([.conversion])),
        Case(
            testDescription: "a read that was turned away is probed alone",
            demand: Pacer.Demand(reads: true),
            prepare: { $0.call(1, .read, .refused(.outage)) },
            decision: .wait(.outage, until: 1000)),
        Case(
            testDescription: "reads are probed at once when an outage of all is over",
            demand: Pacer.Demand(reads: true),
            prepare: {
                for call in Int64(1)...3 { $0.call(call, .read, .refused(.outage), at: call) }
                $0.call(4, .conversion, .refused(.outage), at: 4)
                $0.call(5, .conversion, .success, at: 5)
            }, now: 5, decision: .go([.read])),
        Case(
            testDescription: "an allowance never ends the daemon",
            options: { $0.giveUpAfterMS = 10_000 },
            prepare: { $0.call(1, .conversion, .refused(.allowance)) }, now: 15_000,
            decision: .wait(.allowance, until: 30_000)),
        Case(
            testDescription: "a spent allowance is probed by the limits",
            prepare: { $0.call(1, .conversion, .refused(.allowance)) }, now: 30_000,
            decision: .go([.limits])),
        Case(
            testDescription: "limits that look well are followed by a call",
            prepare: {
                $0.call(1, .conversion, .refused(.allowance))
                $0.call(2, .limits, .success, at: 30_000)
            }, now: 30_000, decision: .go([.conversion])),
        Case(
            testDescription: "the reserve is reached",
            prepare: {
                $0.start(1, .conversion)
                $0.answer(1, .success, usage: OrgUsage(current: 95, limit: 100))
            }, decision: .wait(.allowance, until: 30_000)),
        Case(
            testDescription: "too many calls at once",
            prepare: { $0.call(1, .conversion, .refused(.concurrency)) },
            decision: .wait(.slot, until: 1000)),
        Case(
            testDescription: "an incident: no lead explains both failures",
            prepare: {
                $0.call(1, .conversion, .failed, jobs: [1, 2])
                $0.call(2, .conversion, .failed, jobs: [3, 4])
            }, decision: .wait(.outage, until: 1000)),
        Case(
            testDescription: "an incident of conversions stops no reads",
            demand: Pacer.Demand(reads: true, conversions: true),
            prepare: {
                $0.call(1, .conversion, .failed, jobs: [1, 2])
                $0.call(2, .conversion, .failed, jobs: [3, 4])
            }, decision: .go([.read], leads: 1)),
        Case(
            testDescription: "an incident is probed with one lead",
            prepare: {
                $0.call(1, .conversion, .failed, jobs: [1, 2])
                $0.call(2, .conversion, .failed, jobs: [3, 4])
            }, now: 1000, decision: .go([.conversion], leads: 1)),
        Case(
            testDescription: "one call that fails is a lead's affair",
            prepare: { $0.call(1, .conversion, .failed, jobs: [1, 2]) },
            decision: .go([.conversion])),
        Case(
            testDescription: "reads that fail stop reads alone",
            demand: Pacer.Demand(reads: true, conversions: true),
            prepare: {
                $0.call(1, .read, .unclear, jobs: [1])
                $0.call(2, .read, .unclear, jobs: [2])
            }, decision: .go([.conversion])),
        Case(
            testDescription: "reads that fail, and nothing else to do",
            demand: Pacer.Demand(reads: true),
            prepare: {
                $0.call(1, .read, .unclear, jobs: [1])
                $0.call(2, .read, .unclear, jobs: [2])
            }, decision: .wait(.outage, until: 1000)),
        Case(
            testDescription: "a page instead of an answer",
            prepare: {
                $0.call(1, .conversion, .success)
                $0.call(2, .conversion, .refused(.configuration))
            }, decision: .wait(.outage, until: 30_000)),
    ]

    @Test(arguments: table) func `decides`(_ row: Case) {
        var options = DrainOptions()
        (options.rate, options.burst) = (1000, 1000)
        row.options(&options)
        var pacer = Pacer(options, day: RollingDayUsage(at: .ms(0)), at: .ms(0))
        row.prepare(&pacer)
        #expect(pacer.mayStart(row.demand, at: .ms(row.now)) == row.decision)
    }

    // MARK: Pauses that grow

    @Test
    func `asks an org that refuses conversions ever more rarely, however well its limits look`() {
        var (pacer, now, calls) = (Pacer.quick(), Int64(0), 0)
        pacer.call(1, .conversion, .refused(.allowance))
        while now < .day {
            switch pacer.mayStart(Pacer.Demand(conversions: true), at: .ms(now)) {
            case .wait(let wait): now = wait.until?.since(.ms(0)) ?? .day
            case .go(let permit):
                calls += 1
                let isLimits = permit.tiers == [.limits]
                pacer.call(
                    Int64(calls), isLimits ? .limits : .conversion,
                    isLimits ? .success : .refused(.allowance), at: now,
                    usage: OrgUsage(current: 10, limit: 1000))
                now += 10
            }
        }
        #expect(calls < 110)
    }

    @Test func `logs in again and again only with pauses`() {
        var (pacer, now, logins, hasSession) = (Pacer.quick(), Int64(0), 0, false)
        while now < .hour {
            let demand = Pacer.Demand(conversions: true, hasSession: hasSession)
            switch pacer.mayStart(demand, at: .ms(now)) {
            case .wait(let wait): now = wait.until?.since(.ms(0)) ?? .hour
            case .go(let permit):
                let isLogin = permit.tiers == [.login]
                if isLogin { logins += 1 }
                hasSession = isLogin
                pacer.call(
                    now, isLogin ? .login : .conversion,
                    isLogin ? .success : .refused(.session), at: now)
                now += 10
            }
        }
        #expect((3...12).contains(logins))
    }

    // MARK: Refusals

    @Test func `ends at once when Salesforce's own word is no, and nothing has worked yet`() {
        var pacer = Pacer.quick()
        let seen = pacer.call(1, .login, .refused(.permission))
        #expect(seen.end == .permission)
    }

    @Test func `ends at nothing that may pass, until it was said for some minutes`() {
        var (pacer, now, refusals) = (Pacer.quick(), Int64(0), 0)
        let page = Reason(ours: "HTTP_403", "a page", mayPass: true)
        while now < .hour {
            switch pacer.mayStart(Pacer.Demand(conversions: true), at: .ms(now)) {
            case .wait(let wait): now = wait.until?.since(.ms(0)) ?? .hour
            case .go:
                refusals += 1
                let seen = pacer.call(
                    Int64(refusals), .conversion, .refused(.configuration), page, at: now)
                if seen.end == .configuration {
                    #expect(now == 450_000)
                    #expect(refusals == 5)
                    return
                }
            }
        }
        Issue.record("it did not end in an hour")
    }

    @Test func `probes what may pass for hours, once something has worked`() {
        var (pacer, now, refusals) = (Pacer.quick(), Int64(0), 0)
        pacer.call(0, .conversion, .success)
        let page = Reason(ours: "HTTP_302", "a page", mayPass: true)
        while now < 2 * .hour {
            switch pacer.mayStart(Pacer.Demand(conversions: true), at: .ms(now)) {
            case .wait(let wait): now = wait.until?.since(.ms(0)) ?? 2 * .hour
            case .go:
                refusals += 1
                let seen = pacer.call(
                    Int64(refusals), .conversion, .refused(.configuration), page, at: now)
                #expect(seen.end == nil)
            }
        }
        #expect(refusals <= 15)
    }

    @Test func `a page in the place of the limits alone stops nothing`() {
        var pacer = Pacer.quick { $0.rate = nil }
        let page = Reason(ours: "HTTP_404", "a page", mayPass: true)
        let seen = pacer.call(1, .limits, .refused(.configuration), page)
        #expect(seen.end == nil)
        #expect(pacer.mayStart(Pacer.Demand(conversions: true), at: .ms(0)) == .go([.conversion]))
    }

    @Test func `reads a count again that keeps all calls back, once in an hour`() {
        var pacer = Pacer.quick { $0.rate = nil }
        pacer.learn(OrgUsage(current: 0, limit: 10))
        for number in Int64(1)...20 { pacer.start(number, .read) }
        for number in Int64(1)...20 { pacer.answer(number, .success) }
        let demand = Pacer.Demand(conversions: true)
        guard case .wait = pacer.mayStart(demand, at: .ms(1000)) else {
            Issue.record("its share is spent")
            return
        }
        #expect(pacer.mayStart(demand, at: .ms(.hour + 60_000)) == .go([.limits]))
        _ = pacer.takeToken(at: .ms(.hour + 60_000))
    }

    @Test func `goes on after a refusal that passes, however often it comes`() {
        var pacer = Pacer.quick()
        for number in 1...50 {
            let now = Int64(number) * 100_000
            let seen = pacer.call(Int64(number), .conversion, .refused(.permission), at: now)
            // The first thing that ever came was not yet anything that had worked.
            if number > 1 { #expect(seen.end == nil) }
            pacer.call(Int64(number) + 1000, .conversion, .success, at: now + 50_000)
        }
        #expect(pacer.circuit.openState == nil)
    }

    @Test func `tries again at once when an operator has changed something`() {
        var pacer = Pacer.quick()
        pacer.call(1, .conversion, .success)
        pacer.call(2, .conversion, .refused(.permission))
        pacer.adopt(pacer.options, at: .ms(5000))
        #expect(
            pacer.mayStart(Pacer.Demand(conversions: true), at: .ms(5000))
                == .go([.conversion], leads: 1))
    }

    @Test func `believes what Salesforce says of itself beside another lead's failure`() {
        var pacer = Pacer.quick()
        // Two failing leads in a row, which the first probe tells: it takes more from now on.
        pacer.call(1, .conversion, .failed, jobs: [1, 2])
        pacer.call(2, .conversion, .failed, jobs: [3, 4])
        pacer.call(3, .conversion, .success, jobs: [5], at: 1000)
        let call = PacedCall(id: 4, tier: .conversion, startedAt: .ms(2000), jobs: [6, 7])
        let leads: [LeadOutcome] = [
            .transient(Reason("UNKNOWN_EXCEPTION", "")),
            .blocked(.outage, Reason("SERVER_UNAVAILABLE", "")),
        ]
        pacer.started(call)
        let seen = pacer.observe(
            Reply(.value(.converted(leads))), of: call, after: 10, at: .ms(2010))
        #expect(seen.blame == .org)
        #expect(pacer.circuit.openState?.reason.code == "SERVER_UNAVAILABLE")
    }

    // MARK: The org's count

    @Test func `lets the org's count fall while calls overlap`() {
        var pacer = Pacer.quick()
        for number in Int64(0)..<20 {
            // Each starts before the one before has ended.
            pacer.start(number, .conversion, at: number * 10)
            guard number > 0 else { continue }
            let count = OrgUsage(current: 500 - Int(number), limit: 1000)
            pacer.answer(number - 1, .success, at: number * 10 + 5, usage: count)
        }
        #expect(pacer.org.usage.map { $0.current < 490 } == true)
    }

    @Test func `believes the higher of two counts that overtook each other`() {
        var pacer = Pacer.quick()
        pacer.start(1, .conversion, at: 0)
        pacer.start(2, .conversion, at: 1)
        pacer.answer(2, .success, at: 10, usage: OrgUsage(current: 8, limit: 1000))
        pacer.answer(1, .success, at: 11, usage: OrgUsage(current: 7, limit: 1000))
        #expect(pacer.org.usage?.current == 8)
    }

    // MARK: Numbers that nobody means

    @Test(arguments: [1e30, 1e308, Double.infinity])
    func `reckons with whatever burst and rate it is given`(burst: Double) {
        var options = DrainOptions()
        (options.rate, options.burst) = (1e-300, burst)
        var pacer = Pacer(options, day: RollingDayUsage(at: .ms(0)), at: .ms(0))
        pacer.payAtStart(forOthers: .max, at: .ms(0))
        _ = pacer.mayStart(Pacer.Demand(conversions: true), at: .ms(0))
        options.burst = 1
        pacer.adopt(options, at: .ms(0))
        pacer.pay(forOthers: 2, at: .ms(0))
        #expect(
            pacer.mayStart(Pacer.Demand(conversions: true), at: .ms(0))
                == .wait(.token, until: .day))
    }
}

// MARK: Words of the tests

extension Int64 {
    fileprivate static let hour: Int64 = 3_600_000
    fileprivate static let day: Int64 = 86_400_000
}

extension Pacer.Decision {
    fileprivate static func go(_ tiers: [CallTier], leads: Int = 100) -> Self {
        .go(Pacer.Permit(tiers: tiers, leads: leads))
    }

    fileprivate static func wait(_ reason: WaitReason, until: Int64? = nil) -> Self {
        .wait(Wait(reason: reason, until: until.map { .ms($0) }))
    }
}

extension Pacer.Observation {
    fileprivate var end: Conversion.ExitStatus? {
        for case .ends(let status, _, _) in events { return status }
        return nil
    }
}

extension Pacer {
    enum Answer {
        case success, failed, unclear
        case refused(Blocker)

        var isSuccess: Bool { if case .success = self { true } else { false } }
    }

    fileprivate static func quick(
        _ change: (inout DrainOptions) -> Void = { _ in }
    ) -> Pacer {
        var options = DrainOptions()
        (options.rate, options.burst) = (1000, 1000)
        change(&options)
        return Pacer(options, day: RollingDayUsage(at: .ms(0)), at: .ms(0))
    }

    fileprivate mutating func learn(_ usage: OrgUsage) {
        org.learn(usage, from: .ms(0), at: .ms(0))
        adoptAllowance(at: .ms(0))
    }

    fileprivate mutating func start(
        _ id: Int64, _ tier: CallTier, jobs: [Int64] = [1], at time: Int64 = 0
    ) {
        started(PacedCall(id: id, tier: tier, startedAt: .ms(time), jobs: jobs))
    }

    @discardableResult
    fileprivate mutating func answer(
        _ id: Int64, _ answer: Answer, _ reason: Reason = Reason("UNKNOWN_EXCEPTION", ""),
        at time: Int64 = 0, usage: OrgUsage? = nil
    ) -> Observation {
        guard let call = inFlight[id] else { preconditionFailure("It is out.") }
        let records = ConvertedRecords(accountID: "1", contactID: "3", opportunityID: nil)
        let outcome: Reply<CallResult.Content>.Outcome =
            switch (answer, call.tier) {
            case (.success, .login): .value(.loggedIn)
            case (.success, .limits): .value(.limitsRead)
            case (.success, .read): .value(.verified(call.jobs.map { _ in .notConverted }))
            case (.success, .conversion):
                .value(.converted(call.jobs.map { _ in .converted(records) }))
            case (.success, .followUp):
                .value(.followedUp(call.jobs.map { .done(id: "\($0)") }))
            case (.failed, _): .refused(.callTooLarge, reason)
            case (.unclear, _): .unclear(reason)
            case (.refused(let blocker), _): .refused(blocker, reason)
            }
        let isOfLimits = call.tier == .limits && answer.isSuccess
        let usage = isOfLimits ? usage ?? OrgUsage(current: 1, limit: 1000) : usage
        return observe(Reply(outcome, usage: usage), of: call, after: 10, at: .ms(time))
    }

    @discardableResult
    fileprivate mutating func call(
        _ id: Int64, _ tier: CallTier, _ answer: Answer,
        _ reason: Reason = Reason("UNKNOWN_EXCEPTION", ""), jobs: [Int64] = [1],
        at time: Int64 = 0, usage: OrgUsage? = nil
    ) -> Observation {
        start(id, tier, jobs: jobs, at: time)
        return self.answer(id, answer, reason, at: time, usage: usage)
    }
}
