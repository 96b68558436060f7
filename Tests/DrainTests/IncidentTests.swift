import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// The org as a whole is out of order for half an hour, and single leads that are always refused:
/// who pays for which.
@Suite struct IncidentTests {
    static let incident: Int64 = 30 * 60_000

    enum Trouble: String, CaseIterable {
        case unknownException = "UNKNOWN_EXCEPTION"
        case internalError = "INTERNAL_ERROR"
        case tooManyRequests = "TOO_MANY_APEX_REQUESTS"
        case codeOfTomorrow = "CODE_OF_TOMORROW"
        case eachLead, everybody, noAnswer
        case lock = "UNABLE_TO_LOCK_ROW"

        func reply(to leads: [LeadConversion]) -> CallReply {
            let reason = Reason(rawValue, "out of order")
            return switch self {
            case .eachLead, .lock: CallReply(.converted(leads.map { _ in .transient(reason) }))
            case .everybody: CallReply(.converted(leads.map { _ in .blocked(.outage, reason) }))
            case .noAnswer: CallReply(.unclear(reason))
            default: CallReply(.refused(.callTooLarge, reason))
            }
        }
    }

    @Test(arguments: Trouble.allCases, [1, 7, 100])
    func `fails no lead and makes few calls in half an hour of an incident`(
        trouble: Trouble, callSize: Int
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...60)
            var drain = try VirtualDrain(queue) { $0.callSize = callSize }
            let begin = drain.now
            var calls = 0
            while drain.now.since(begin) < Self.incident {
                guard drain.sent.count < 500 else { break }
                try drain.run(most: drain.sent.count + 1) { request in
                    calls += 1
                    guard case .convert(let leads, _) = request else {
                        return .noneConverted(request)
                    }
                    return trouble.reply(to: leads)
                }
            }
            #expect(calls < 50)
            let jobs = try queue.jobs()
            #expect(jobs.allSatisfy { $0.text("state") != "failed" })
            let used = jobs.reduce(0) { $0 + ($1.number("attempts") ?? 0) }
            // After half an hour a probe of a lead that was probed before uses one.
            #expect(used <= (trouble == .lock ? 20 + Int64(callSize) : 1))
            try drain.run { .noneConverted($0) }
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test(arguments: ["UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE"], [1, 7, 100])
    func `uses no attempt for an incident in which some are refused for good`(
        code: String, callSize: Int
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...600)
            let unfit = Set(
                try stride(from: 50, through: 600, by: 50).map { try RecordID.lead($0) })
            let outage = Reason(code, "out of order")
            let refusal = LeadOutcome.permanent(Reason("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no"))
            var drain = try VirtualDrain(queue) { $0.callSize = callSize }
            let begin = drain.now
            while drain.now.since(begin) < Self.incident, drain.sent.count < 500 {
                try drain.run(most: drain.sent.count + 1) { request in
                    guard case .convert(let leads, _) = request else {
                        return .noneConverted(request)
                    }
                    let good: LeadOutcome =
                        code == "SERVER_UNAVAILABLE"
                        ? .blocked(.outage, outage) : .transient(outage)
                    return CallReply(
                        .converted(leads.map { unfit.contains($0.leadID) ? refusal : good }))
                }
            }
            #expect(drain.sent.count < 60)
            let good = try queue.jobs().filter { $0.text("state") != "failed" }
            #expect(good.count >= 588)
            #expect(good.reduce(0) { $0 + ($1.number("attempts") ?? 0) } <= 1)
            try drain.run(most: 5000) { request in
                guard case .convert(let leads, _) = request,
                    case .converted(let all) = CallReply.allConverted(request).outcome
                else { return .noneConverted(request) }
                return CallReply(
                    .converted(
                        zip(leads, all).map { unfit.contains($0.leadID) ? refusal : $1 }))
            }
            let failed = try queue.jobs().filter { $0.text("state") != "converted" }
            #expect(failed.count == 12)
            #expect(failed.allSatisfy { $0.text("state") == "failed" })
        }
    }

    @Test(
        arguments: ["CANNOT_EXECUTE_FLOW_TRIGGER", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"],
        [(50, true), (50, false), (2, true)])
    func `does not take an org to work because leads were converted long before`(
        code: String, old: (each: Int, isListed: Bool)
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...600)
            let each = old.each
            let converted = Reason(
                old.isListed ? "CANNOT_UPDATE_CONVERTED_LEAD" : "NEVER_SEEN_BEFORE", "is converted")
            let isListed = old.isListed
            let old = Set(
                try stride(from: each, through: 600, by: each).map { try RecordID.lead($0) })
            let broken = Reason(code, "a flow is out of order")
            var drain = try VirtualDrain(queue)
            while drain.now.since(.ms(0)) < Self.incident / 2, drain.sent.count < 500 {
                try drain.run(most: drain.sent.count + 1) { request in
                    switch request {
                    case .convert(let leads, _):
                        let outcome: LeadOutcome =
                            broken.isThrown ? .permanent(broken) : .transient(broken)
                        return CallReply(
                            .converted(
                                leads.map {
                                    old.contains($0.leadID)
                                        ? isListed
                                            ? .refusedAsConverted(converted) : .unlisted(converted)
                                        : outcome
                                }))
                    default: return .allConverted(request)
                    }
                }
            }
            #expect(drain.sent.count < (each == 2 ? 200 : 60))
            let others = try queue.jobs().filter { $0.text("state") != "converted" }
            #expect(
                others.count >= (each == 2 ? 300 : 588)
                    && others.allSatisfy { $0.text("state") != "failed" })
            #expect(others.reduce(0) { $0 + ($1.number("attempts") ?? 0) } <= 1)
        }
    }

    @Test func `goes on at full rate where an unknown code says that leads are converted`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...1000)
            var drain = try VirtualDrain(queue)
            var answers = 0
            try drain.run { request in
                guard case .convert(let leads, _) = request else { return .allConverted(request) }
                answers += 1
                // The first has a fault that passes.
                let fault = LeadOutcome.transient(Reason("UNKNOWN_EXCEPTION", "out of order"))
                let isConverted = LeadOutcome.unlisted(Reason("NEVER_SEEN_BEFORE", "no"))
                return CallReply(
                    .converted(leads.map { _ in answers == 1 ? fault : isConverted }))
            }
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
            #expect(drain.sent.count < 40)
            #expect(drain.now.since(.ms(0)) < Self.incident)
        }
    }

    @Test(arguments: [1, 7, 100])
    func `fails few leads while a trigger throws for each of them`(callSize: Int) async throws {
        try await withQueue { queue in
            try queue.add(1...300)
            var drain = try VirtualDrain(queue) { $0.callSize = callSize }
            while drain.now.since(.ms(0)) < 15 * 60_000, drain.sent.count < 500 {
                try drain.run(most: drain.sent.count + 1) { request in
                    guard case .convert(let leads, _) = request else {
                        return .noneConverted(request)
                    }
                    // One in ten is stopped before the trigger runs.
                    return CallReply(
                        .converted(
                            leads.indices.map { $0 % 10 == 5 ? Self.unfit : Self.thrown }))
                }
            }
            #expect(drain.sent.count < 60)
            let failed = try queue.jobs().filter { $0.text("state") == "failed" }
            let thrown = failed.filter {
                $0.text("error_code") != "FIELD_CUSTOM_VALIDATION_EXCEPTION"
            }
            #expect(thrown.count < 20)
            try drain.run { .noneConverted($0) }
            let converted = try queue.jobs().filter { $0.text("state") == "converted" }
            #expect(converted.count == 300 - failed.count)
        }
    }

    @Test func `fails no lead in a trigger's incident for one that threw hours before`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...1)
            var drain = try VirtualDrain(queue)
            let throwing = { (request: CallRequest) -> CallReply in
                guard case .convert(let leads, _) = request else { return .noneConverted(request) }
                return CallReply(.converted(leads.map { _ in Self.thrown }))
            }
            try drain.run(throwing)
            drain.now = drain.now + 5 * 3_600_000
            try queue.add(2...101)
            let begin = drain.now
            while drain.now.since(begin) < 15 * 60_000, drain.sent.count < 100 {
                try drain.run(most: drain.sent.count + 1, throwing)
            }
            try drain.run { .noneConverted($0) }
            let failed = try queue.jobs().filter { $0.text("state") != "converted" }
            #expect(failed.map { $0.number("id") } == [1])
        }
    }

    @Test(arguments: [Blocker.outage, .allowance, .concurrency], [false, true])
    func `charges no lead that is alone for what Salesforce says of itself`(
        blocker: Blocker, isBesideAnother: Bool
    ) async throws {
        try await withQueue { queue in
            try queue.add(isBesideAnother ? 1...2 : 1...1)
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            var drain = try VirtualDrain(queue)
            let reason = Reason("ORG_IN_MAINTENANCE", "until tomorrow")
            let transient = LeadOutcome.transient(Reason("UNKNOWN_EXCEPTION", "out of order"))
            while drain.now.since(.ms(0)) < 5 * 3_600_000, drain.sent.count < 200 {
                try drain.run(most: drain.sent.count + 1) { request in
                    guard case .convert(let leads, _) = request else {
                        return .noneConverted(request)
                    }
                    return CallReply(
                        .converted(
                            try leads.map {
                                try $0.leadID == .lead(1) ? .blocked(blocker, reason) : transient
                            }))
                }
            }
            #expect(drain.sent.count < 80)
            try drain.run { .noneConverted($0) }
            #expect(try queue.jobs().first?.text("state") == "converted")
        }
    }

    @Test(arguments: [0, 700])
    func `ends with leads for which a trigger always throws, at full rate`(
        good: Int
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...(1000 + good))
            var drain = try VirtualDrain(queue)
            let failing = Set(try (1...1000).map { try RecordID.lead($0) })
            try drain.run { request in
                guard case .convert(let leads, _) = request,
                    case .converted(let all) = CallReply.allConverted(request).outcome
                else { return .noneConverted(request) }
                return CallReply(
                    .converted(
                        zip(leads, all).map { failing.contains($0.leadID) ? Self.thrown : $1 }))
            }
            let states = try queue.jobs().map { $0.text("state") }
            #expect(states.count { $0 == "failed" } == 1000)
            #expect(states.count { $0 == "converted" } == good)
            #expect(drain.sizes.count < 60)
            #expect(drain.now.since(.ms(0)) < 60 * 60_000)
        }
    }

    private static let thrown = LeadOutcome.permanent(
        Reason("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "System.NullPointerException"))
    private static let unfit = LeadOutcome.permanent(
        Reason("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no"))

    @Test func `ends a file of leads that are all refused for good at full rate`() async throws {
        try await withQueue { queue in
            try queue.add(1...1000)
            var drain = try VirtualDrain(queue)
            let begin = drain.now
            try drain.run { request in
                guard case .convert(let leads, _) = request else { return .noneConverted(request) }
                let reason = Reason("REQUIRED_FIELD_MISSING", "no")
                return CallReply(.converted(leads.map { _ in .permanent(reason) }))
            }
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "failed" })
            #expect(drain.sizes.count == 10)
            #expect(drain.now.since(begin) < 60_000)
        }
    }

    @Test func `no lead uses an attempt where its policy has one`() async throws {
        try await withQueue { queue in
            try queue.add(1...60)
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            var drain = try VirtualDrain(queue)
            var isOver = false
            for _ in 0..<500 {
                isOver = drain.now.since(.ms(0)) >= Self.incident
                try drain.run(most: drain.sent.count + 1) { request in
                    guard case .convert(let leads, _) = request, !isOver
                    else { return .allConverted(request) }
                    return Trouble.internalError.reply(to: leads)
                }
            }
            #expect(isOver)
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test(arguments: [1, 10, 100], [[1], [150], [1, 2], [1, 60, 120, 180, 240]])
    func `finds leads that break calls among good ones, and does not stop the others`(
        callSize: Int, failing: [Int]
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...250)
            try queue.operations.set(RetryPolicy(baseDelayMS: 1000), named: "default")
            var drain = try VirtualDrain(queue) { $0.callSize = callSize }
            let begin = drain.now
            let culprits = Set(try failing.map { try RecordID.lead($0) })
            let ending = try drain.run(most: 2000) { request in
                guard case .convert(let leads, _) = request,
                    leads.contains(where: { culprits.contains($0.leadID) })
                else { return .allConverted(request) }
                return Trouble.unknownException.reply(to: leads)
            }
            guard case .drained = ending else {
                Issue.record("not drained after \(drain.now.since(begin) / 1000) s")
                return
            }
            let states = try queue.jobs().map { ($0.number("id"), $0.text("state")) }
            #expect(
                states.allSatisfy { id, state in
                    state == (failing.contains(Int(id ?? 0)) ? "failed" : "converted")
                })
            let converted = try queue.log().filter { $0.text("outcome") == "converted" }
                .compactMap { $0.text("finished_at") }.max()
            let minute = (begin.wall + 90_000).description
            #expect(converted.map { $0 < minute } == true)
        }
    }

    @Test(arguments: [1, 2, 3]) func `ends with leads whose failure nothing can prove`(
        count: Int
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...count)
            var drain = try VirtualDrain(queue)
            let begin = drain.now
            let ending = try drain.run { request in
                guard case .convert(let leads, _) = request else { return .allConverted(request) }
                return Trouble.unknownException.reply(to: leads)
            }
            guard case .drained = ending else {
                Issue.record("not drained")
                return
            }
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "failed" })
            let hours = Double(drain.now.since(begin)) / 3_600_000
            #expect(hours < Double(count) * 2)
        }
    }

    @Test(arguments: ["FUNCTIONALITY_NOT_ENABLED", "SERVER_UNAVAILABLE"], [1, 10])
    func `a lead with a code that means everybody uses an attempt when others pass`(
        code: String, callSize: Int
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...30)
            try queue.operations.set(RetryPolicy(baseDelayMS: 1000), named: "default")
            var drain = try VirtualDrain(queue) { $0.callSize = callSize }
            let blocker: Blocker = code == "SERVER_UNAVAILABLE" ? .outage : .permission
            let ending = try drain.run { request in
                guard case .convert(let leads, _) = request else { return .allConverted(request) }
                let records = ConvertedRecords(accountID: "1", contactID: "3", opportunityID: nil)
                return CallReply(
                    .converted(
                        try leads.map { lead in
                            try lead.leadID == .lead(5)
                                ? .blocked(blocker, Reason(code, "")) : .converted(records)
                        }))
            }
            guard case .drained = ending else {
                Issue.record("\(String(describing: ending))")
                return
            }
            let failed = try queue.jobs().filter { $0.text("state") == "failed" }
            #expect(failed.map { $0.number("id") } == [5])
            #expect(drain.sizes.count < 50)
        }
    }
}
