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
