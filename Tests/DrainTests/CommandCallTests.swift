import Conversion
import Storage
import TestSupport
import Testing

@testable import Drain

/// Requests of `leadconvert check`, which the daemon's bucket and day pay for.
@Suite struct CommandCallTests {
    @Test func `takes the tokens of requests that check makes beside us`() async throws {
        try await withQueue { queue in
            try queue.add(1...2)
            var drain = try VirtualDrain(queue) { options in
                options.callSize = 1
                options.rate = 1
                options.burst = 10
            }
            try drain.run(most: 1) { .allConverted($0) }
            for _ in 0..<20 { _ = try queue.claims.begin(.check, CallStart(at: drain.now)) }
            let before = drain.now
            try drain.run { .allConverted($0) }
            // Nine tokens were left; eleven of the twenty, and the call's own, had to come in.
            #expect(drain.now - before >= 12_000 - 10)
            #expect(drain.engine.pacer.bucket.tokens < 1)
        }
    }

    @Test func `counts them in the day once whether made before the start or since`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            for _ in 0..<5 { _ = try queue.claims.begin(.check, CallStart(at: .ms(0))) }
            var drain = try VirtualDrain(queue, at: .ms(1000))
            for _ in 0..<3 { _ = try queue.claims.begin(.check, CallStart(at: .ms(1000))) }
            try drain.run { .allConverted($0) }
            #expect(drain.sizes == [1])
            var day = drain.engine.pacer.day
            let calls = day.calls(at: drain.now)
            #expect(calls == 5 + 3 + 1)
        }
    }

    @Test func `is not held up by checks of long ago`() async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            for _ in 0..<5000 { _ = try queue.claims.begin(.check, CallStart(at: .ms(0))) }
            let later = Moment.ms(30 * 86_400_000)
            var drain = try VirtualDrain(queue, at: later) { options in
                options.rate = 1
                options.burst = 10
            }
            try drain.run { .allConverted($0) }
            #expect(drain.sizes == [1])
            #expect(drain.now - later <= 2000)
        }
    }
}

private func - (left: Moment, right: Moment) -> Int64 { left.uptimeMS - right.uptimeMS }
