import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// A kind of reading that is refused for a while, or for good, fails no lead for it.
@Suite struct RefusedReadsTests {
    @Test(arguments: [
        CallReply(.refused(.callTooLarge, Reason("MALFORMED_QUERY", "no"))),
        CallReply(.refused(.configuration, Reason(ours: "HTTP_403", "a page", mayPass: true))),
        CallReply(.unclear(Reason("UNKNOWN_EXCEPTION", "no"))),
    ])
    func `searches that all fail for a while use no attempt, though leads convert meanwhile`(
        refusal: CallReply
    ) async throws {
        try await withQueue { queue in
            try queue.add((1...5).map { ($0, "p\($0)@example.org") })
            var drain = try VirtualDrain(queue)
            var others = 100
            var end = drain.now + 20 * 60_000
            while end.since(drain.now) > 0 {
                others += 1
                try queue.add([others])
                try drain.run(most: drain.sent.count + 1) { request in
                    if case .searchContacts = request { refusal } else { .allConverted(request) }
                }
                drain.now = drain.now + 5000
            }
            let wanting = try queue.jobs().prefix(5)
            #expect(
                wanting.allSatisfy { $0.text("state") == "queued" && $0.number("attempts") == 0 })
            end = drain.now + 3_600_000
            try drain.run { .allConverted($0) }
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    private static let outages = [
        Reason(ours: "HTTP_503", "a page", mayPass: true), Reason("SERVER_UNAVAILABLE", "no"),
        Reason(ours: "UNREACHABLE", "no"),
    ]

    @Test(arguments: outages, [true, false])
    func `searches that meet an outage use no attempt, also of the one address that is due`(
        reason: Reason, othersConvert: Bool
    ) async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org")])
            var drain = try VirtualDrain(queue) { $0.untilEmpty = false }
            try run(&drain, forMS: 2 * 3_600_000, convertingOthers: othersConvert) { request in
                switch request {
                case .searchContacts: CallReply(.refused(.outage, reason))
                default: .allConverted(request)
                }
            }
            let job = try #require(try queue.jobs().first)
            #expect(job.text("state") == "queued" && job.number("attempts") == 0)
            #expect(drain.sent.count { $0.kind == .match } < 20)
            try run(&drain, forMS: 3_600_000, convertingOthers: othersConvert) {
                .allConverted($0)
            }
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test func `gives up when all that is due waits for searches in an outage`() async throws {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org")])
            var drain = try VirtualDrain(queue) {
                $0.untilEmpty = false
                $0.giveUpAfterMS = 3_600_000
            }
            let end = try drain.run(until: .ms(3 * 3_600_000)) { _ in
                CallReply(.refused(.outage, Reason("UNREACHABLE", "no")))
            }
            let fault: OperatorError? = if case .fault(let fault) = end { fault } else { nil }
            #expect(fault?.status == .unavailable)
            #expect(try queue.jobs().allSatisfy { $0.number("attempts") == 0 })
        }
    }

    @Test(arguments: outages)
    func
        `verifications that meet an outage are asked ever more rarely, and leads convert meanwhile`(
            reason: Reason
        ) async throws
    {
        try await withQueue { queue in
            try queue.add(1...400)
            var drain = try VirtualDrain(queue) { $0.untilEmpty = false }
            try drain.run(most: 4) { request in
                guard case .convert = request else {
                    return CallReply(.refused(.outage, reason))
                }
                return CallReply(.unclear(Reason("BAD_GATEWAY", "no")))
            }
            try run(&drain, forMS: 30 * 60_000, convertingOthers: true) { request in
                switch request {
                case .verify: CallReply(.refused(.outage, reason))
                default: .allConverted(request)
                }
            }
            let questions = drain.sent.count { $0.kind == .verify }
            #expect(questions <= 12)
            #expect(drain.sent.count - questions > 300)
            // The first that is answered shows that it is over.
            try run(&drain, forMS: 20 * 60_000, convertingOthers: false) { .allConverted($0) }
            #expect(drain.sent.count { $0.kind == .verify } <= questions + 30)
            #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }

    @Test
    func `one kind of search that meets an outage is made ever more rarely while another passes`()
        async throws
    {
        try await withQueue { queue in
            try queue.enqueue(EnqueueOptions(), at: Moment.ms(0).wall) { queue in
                var lead = try LeadConversion.lead(1)
                (lead.groupKey, lead.matchesAccount) = ("Acme", true)
                try queue.add(lead)
            }
            var drain = try VirtualDrain(queue) { $0.untilEmpty = false }
            try run(&drain, forMS: 30 * 60_000, convertingOthers: true, searched: true) { request in
                switch request {
                case .searchAccounts: CallReply(.refused(.outage, Self.outages[0]))
                default: .allConverted(request)
                }
            }
            let refused = drain.sent.count { request in
                if case .searchAccounts = request { true } else { false }
            }
            #expect(refused < 20)
            #expect(try queue.jobs().count { $0.text("state") == "converted" } > 300)
        }
    }

    /// Another lead comes every 5 s, if others are to be converted.
    private func run(
        _ drain: inout VirtualDrain, forMS duration: Int64, convertingOthers: Bool,
        searched: Bool = false, _ answer: (CallRequest) throws -> CallReply
    ) throws {
        let end = drain.now + duration
        var others = try drain.queue.jobs().count
        while end.since(drain.now) > 0 {
            if convertingOthers {
                others += 1
                try drain.queue.add([(others, searched ? "p\(others)@example.org" : nil)])
            }
            let next = drain.now + 5000
            while next.since(drain.now) > 0 {
                let (now, sent) = (drain.now, drain.sent.count)
                try drain.run(most: sent + 1, until: next, answer)
                if drain.now == now, drain.sent.count == sent { drain.now = next }
            }
        }
    }

    @Test func `a queue that was to be emptied ends where leads wait for one that can't be read`()
        async throws
    {
        try await withQueue { queue in
            try queue.enqueue(EnqueueOptions(), at: Moment.ms(0).wall) { queue in
                for lead in 1...3 {
                    var lead = try LeadConversion.lead(lead)
                    lead.groupKey = "Acme"
                    try queue.add(lead)
                }
            }
            var drain = try VirtualDrain(queue)
            let ending = try drain.run { request in
                switch request {
                case .convert: CallReply(.unclear(Reason("TIMEOUT", "no answer")))
                case .verify: CallReply(.refused(.permission, Reason("INSUFFICIENT_ACCESS", "no")))
                default: .allConverted(request)
                }
            }
            guard case .fault(let fault) = ending else {
                Issue.record("\(String(describing: ending))")
                return
            }
            #expect(fault.status == .permission)
            #expect(try queue.jobs().map { $0.text("state") } == ["verifying", "queued", "queued"])
        }
    }

    @Test
    func `a queue that was to be emptied ends where leads wait for one that is never answered`()
        async throws
    {
        try await withQueue { queue in
            try queue.add([(1, "ada@example.org"), (2, "ada@example.org"), (3, "ada@example.org")])
            var drain = try VirtualDrain(queue)
            let ending = try drain.run { request in
                switch request {
                case .convert: CallReply(.unclear(Reason("TIMEOUT", "no answer")))
                case .verify: CallReply(.unclear(Reason("UNKNOWN_EXCEPTION", "no")))
                default: .allConverted(request)
                }
            }
            guard case .fault(let fault) = ending else {
                Issue.record("\(String(describing: ending))")
                return
            }
            #expect(fault.status == .tryLater)
            #expect(try queue.jobs().map { $0.text("state") } == ["verifying", "queued", "queued"])
        }
    }
}
