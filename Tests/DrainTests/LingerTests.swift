import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// How long a call that is not full waits for company.
@Suite struct LingerTests {
    private let linger = Linger()

    @Test func `nothing waits while half of the bucket or more is full`() {
        for tokens in [5000.0, 4000, 2500] {
            #expect(linger.milliseconds(tokens: tokens, of: 5000, isConverting: false) == 0)
        }
        #expect(linger.milliseconds(tokens: 1, of: 1, isConverting: false) == 0)
    }

    @Test func `the wait grows to a second as the bucket empties`() {
        for (tokens, wait) in [(2000.0, 200 as Int64), (1250, 500), (0, 1000), (-300, 1000)] {
            let found = linger.milliseconds(tokens: tokens, of: 5000, isConverting: false)
            #expect(found == wait, "\(tokens) tokens")
        }
    }

    @Test func `a call that is out gathers company, however many tokens there are`() {
        #expect(linger.milliseconds(tokens: 5000, of: 5000, isConverting: true) == 1000)
    }

    @Test func `a wait that the operator set holds always`() {
        let fixed = Linger(fixedMS: 50)
        for tokens in [5000.0, 0] {
            #expect(fixed.milliseconds(tokens: tokens, of: 5000, isConverting: true) == 50)
            #expect(fixed.milliseconds(tokens: tokens, of: 5000, isConverting: false) == 50)
        }
        #expect(Linger(fixedMS: 0).milliseconds(tokens: 0, of: 10, isConverting: true) == 0)
    }

    @Test(arguments: [nil, 400])
    func `a lead that comes due alone leaves at once, or after the operator's wait`(
        fixedMS: Int64?
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            var drain = try VirtualDrain(queue) { $0.lingerMS = fixedMS }
            try drain.run(CallReply.allConverted)
            let start = try queue.calls().first?.text("started_at")
            #expect(start == Moment.ms(fixedMS ?? 0).wall.description)
        }
    }
}
