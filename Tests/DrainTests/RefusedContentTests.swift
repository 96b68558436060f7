import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// A gateway before the org turns a call away for the text of one lead or note in it; and turns away
/// all of a kind for a while.
@Suite struct RefusedContentTests {
    /// How a call is turned away.
    enum Refusal: String, CaseIterable {
        case page, notEnabled, unavailable
        /// What Salesforce says of itself, and a call that never left.
        case outOfOrder, unreachable

        /// These may be for what stands in one of them.
        static let ofContent = [page, notEnabled, unavailable]

        var reply: CallReply {
            switch self {
            case .page:
                CallReply(
                    .refused(.configuration, Reason(ours: "HTTP_403", "a page", mayPass: true)))
            case .notEnabled:
                CallReply(.refused(.permission, Reason("FUNCTIONALITY_NOT_ENABLED", "no")))
            case .unavailable:
                CallReply(.refused(.outage, Reason(ours: "HTTP_503", "busy", mayPass: true)))
            case .outOfOrder: CallReply(.refused(.outage, Reason("SERVER_UNAVAILABLE", "busy")))
            case .unreachable: CallReply(.refused(.outage, Reason(ours: "UNREACHABLE", "no")))
            }
        }
    }

    @Test(arguments: [1, 10, 100], [[1], [37], [37, 38], [1, 60, 120, 180]])
    func `finds the lead for whose text calls are turned away, and does not stop the others`(
        callSize: Int, failing: [Int]
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...250)
            var drain = try VirtualDrain(queue) { $0.callSize = callSize }
            let begin = drain.now
            let culprits = Set(try failing.map { try RecordID.lead($0) })
            let ending = try drain.run(most: 1000) { request in
                guard case .convert(let leads, _) = request,
                    leads.contains(where: { culprits.contains($0.leadID) })
                else { return .allConverted(request) }
                return Refusal.page.reply
            }
            #expect(ending.isDrained, "\(drain.now.since(begin) / 1000) s")
            let failed = try queue.jobs().filter { $0.text("state") != "converted" }
            #expect(failed.map { $0.number("id").map(Int.init) } == failing)
            #expect(failed.allSatisfy { $0.text("error_code") == "HTTP_403" })
            let converted = try queue.log().filter { $0.text("outcome") == "converted" }
                .compactMap { $0.text("finished_at") }.max()
            let minutes = (begin.wall + 10 * 60_000).description
            #expect(converted.map { $0 < minutes } == true, "\(drain.sizes)")
        }
    }

    @Test(arguments: [1, 100])
    func `uses no attempt while a gateway turns every conversion away`(callSize: Int) async throws {
        try await withQueue { queue in
            try queue.add(1...250)
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            var drain = try VirtualDrain(queue) { $0.callSize = callSize }
            try drain.run(most: 1) { .allConverted($0) }
            let begin = drain.now
            while drain.now.since(begin) < 30 * 60_000, drain.sent.count < 500 {
                try drain.run(most: drain.sent.count + 1) { request in
                    guard case .convert = request else { return .noneConverted(request) }
                    return Refusal.page.reply
                }
            }
            #expect(drain.sent.count < 20)
            try drain.run { .noneConverted($0) }
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test func `converts on while a page stands before all readings, and reads seldom`()
        async throws
    {
        try await withQueue { queue in
            try queue.add(1...250)
            var drain = try VirtualDrain(queue) { $0.callSize = 10 }
            var calls = 0
            var reads = 0
            let begin = drain.now
            while drain.now.since(begin) < 30 * 60_000, drain.sent.count < 200 {
                let ending = try drain.run(most: drain.sent.count + 1) { request in
                    switch request {
                    case .verify:
                        reads += 1
                        return Refusal.page.reply
                    case .convert:
                        calls += 1
                        let lost = CallReply(.unclear(Reason("TIMEOUT", "no answer")))
                        return calls == 1 ? lost : .allConverted(request)
                    default: return .allConverted(request)
                    }
                }
                #expect(ending == nil)
            }
            #expect(try queue.jobs().count { $0.text("state") == "converted" } == 240)
            #expect(reads < 25, "\(reads)")
            try drain.run { .noneConverted($0) }
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test(arguments: Refusal.ofContent)
    func `finds the note for which calls are turned away, and keeps no conversion waiting`(
        refusal: Refusal
    ) async throws {
        try await withQueue { queue in
            try add(1...450, to: queue)
            var drain = try VirtualDrain(queue)
            let begin = drain.now
            let ending = try drain.run { request in
                guard case .create(let records) = request,
                    records.contains(where: { $0.text == "Note 37" })
                else { return try answer(request) }
                return refusal.reply
            }
            #expect(ending.isDrained, "\(drain.now.since(begin) / 1000) s")
            let jobs = try queue.jobs()
            #expect(jobs.allSatisfy { $0.text("state") == "converted" })
            #expect(jobs.filter { $0.text("after_code") != nil }.map { $0.number("id") } == [37])
            #expect(drain.sent.count < 40)
            #expect(drain.now.since(begin) < 10 * 60_000)
        }
    }

    @Test(arguments: Refusal.allCases)
    func `converts on while every note is turned away, and charges none`(
        refusal: Refusal
    ) async throws {
        try await withQueue { queue in
            try add(1...450, to: queue)
            try queue.add(451...1000)
            var drain = try VirtualDrain(queue)
            let begin = drain.now
            while drain.now.since(begin) < 29 * 60_000, drain.sent.count < 500 {
                let ending = try drain.run(most: drain.sent.count + 1) { request in
                    guard case .create = request else { return try answer(request) }
                    return refusal.reply
                }
                #expect(ending == nil)
            }
            #expect(drain.sent.count < 40)
            let log = try queue.log()
            #expect(log.filter { $0.text("outcome") == "converted" }.count == 1000)
            #expect(!log.contains { $0.text("outcome") == "retry" })
            #expect(try drain.run(answer).isDrained)
            #expect(try queue.jobs().allSatisfy { $0.text("after_code") == nil })
        }
    }

    @Test(arguments: Refusal.allCases)
    func `charges no note that is alone while calls are turned away`(
        refusal: Refusal
    ) async throws {
        try await withQueue { queue in
            try add(1...1, to: queue)
            var drain = try VirtualDrain(queue)
            let begin = drain.now
            while drain.now.since(begin) < 15 * 60_000, drain.sent.count < 100 {
                try drain.run(most: drain.sent.count + 1) { request in
                    guard case .create = request else { return try answer(request) }
                    return refusal.reply
                }
            }
            #expect(try !queue.log().contains { $0.text("outcome") == "retry" })
            #expect(try drain.run(answer).isDrained)
            #expect(try queue.jobs().allSatisfy { $0.text("after_code") == nil })
        }
    }

    /// REST may be down for hours while leads are converted, or there is nothing else to do.
    @Test(arguments: Refusal.allCases.filter { $0 != .notEnabled })
    func `charges no note that is alone for hours, until another has been tried`(
        refusal: Refusal
    ) async throws {
        try await withQueue { queue in
            try add(1...1, to: queue)
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            var drain = try VirtualDrain(queue)
            let refuseTheFirst = { (request: CallRequest) throws -> CallReply in
                guard case .create(let records) = request,
                    records.contains(where: { $0.text == "Note 1" })
                else { return try answer(request) }
                return refusal.reply
            }
            while drain.now.since(.ms(0)) < 5 * 3_600_000, drain.sent.count < 100 {
                try drain.run(most: drain.sent.count + 1, refuseTheFirst)
            }
            #expect(drain.sent.count < 40)
            #expect(try queue.jobs().map { $0.text("state") } == ["finishing"])
            try add(2...2, to: queue)
            try drain.run(most: drain.sent.count + 20, refuseTheFirst)
            let isOfContent = Refusal.ofContent.contains(refusal)
            let states = try queue.jobs().map { $0.text("state") }
            #expect(states == [isOfContent ? "converted" : "finishing", "converted"])
            try drain.run(answer)
            let failed = try queue.jobs().filter { $0.text("after_code") != nil }
            #expect(failed.map { $0.number("id") } == (isOfContent ? [1] : []))
        }
    }

    @Test func `charges no note that is alone for what Salesforce says of itself`() async throws {
        try await withQueue { queue in
            try add(1...1, to: queue)
            try queue.operations.set(RetryPolicy(maxAttempts: 1), named: "default")
            var drain = try VirtualDrain(queue)
            let reason = Reason("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "later")
            while drain.now.since(.ms(0)) < 5 * 3_600_000, drain.sent.count < 100 {
                try drain.run(most: drain.sent.count + 1) { request in
                    guard case .create(let records) = request else { return try answer(request) }
                    return CallReply(.written(records.map { _ in .blocked(.outage, reason) }))
                }
            }
            #expect(drain.sent.count < 40)
            #expect(try drain.run(answer).isDrained)
            #expect(try queue.jobs().allSatisfy { $0.text("after_code") == nil })
        }
    }

    @Test func `charges no note for an incident in which one is refused for good`() async throws {
        try await withQueue { queue in
            try add(1...400, to: queue)
            var drain = try VirtualDrain(queue)
            let begin = drain.now
            while drain.now.since(begin) < 29 * 60_000, drain.sent.count < 500 {
                try drain.run(most: drain.sent.count + 1) { request in
                    guard case .create(let records) = request else { return try answer(request) }
                    return CallReply(
                        .written(
                            records.map { record in
                                record.text.hasSuffix("50")
                                    ? .permanent(Reason("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no"))
                                    : .transient(Reason("UNKNOWN_EXCEPTION", "out of order"))
                            }))
                }
            }
            #expect(drain.sent.count < 40)
            #expect(try !queue.log().contains { $0.text("outcome") == "retry" })
            #expect(try drain.run(answer).isDrained)
            let failed = try queue.jobs().filter { $0.text("after_code") != nil }
            #expect(Set(failed.map { $0.number("id") }).isSubset(of: [50, 150, 250, 350]))
        }
    }

    // MARK: -

    private func add(_ leads: ClosedRange<Int>, to queue: JobQueue) throws {
        try queue.enqueue(.init(), at: Moment.ms(0).wall) { queue in
            for number in leads {
                var lead = try LeadConversion.lead(number)
                var request = FollowUpRequest()
                request.noteBody = "Note \(number)"
                lead.followUps = request
                try queue.add(lead)
            }
        }
    }

    /// Each lead has records of its own.
    private func answer(_ request: CallRequest) throws -> CallReply {
        guard case .convert(let leads, _) = request else { return .allConverted(request) }
        return CallReply(
            .converted(
                try leads.map { lead in
                    let stem = lead.leadID.description.dropFirst(3).prefix(12)
                    return .converted(
                        ConvertedRecords(
                            accountID: try RecordID("001\(stem)", of: .account).description,
                            contactID: try RecordID("003\(stem)", of: .contact).description,
                            opportunityID: nil))
                }))
    }
}

extension ExitReason? {
    fileprivate var isDrained: Bool { if case .drained = self { true } else { false } }
}
