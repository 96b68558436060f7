import Conversion
import Foundation
import GRDB
import Logging
import Storage
import TestSupport
import Testing

@testable import Drain

/// Whatever happens, the drain does not turn round and round.
@Suite struct PassTests {
    @Test func `passes no more than 20 times in a second, however often others commit`()
        async throws
    {
        try await withQueue { queue in
            let passes = try await count(queue) { _ in
                var configuration = Configuration()
                configuration.busyMode = .timeout(60)
                let other = try DatabaseQueue(path: queue.path, configuration: configuration)
                for _ in 0..<3000 {
                    try await other.write {
                        try $0.execute(sql: "UPDATE queue SET waiting_for = NULL")
                    }
                }
                try other.close()
            }
            // The stop makes one more.
            #expect(passes.perSecond <= 21)
        }
    }

    @Test(arguments: [Blocker.allowance, .concurrency, .outage])
    func `waits for a probe without passes, however long the operator waits`(
        blocker: Blocker
    ) async throws {
        try await withQueue { queue in
            try queue.add(1...1)
            let passes = try await count(
                queue, answer: { _ in CallReply(.refused(blocker, Reason("REFUSED", ""))) },
                change: {
                    $0.giveUpAfterMS = blocker == .outage ? 60_000 : 1
                    $0.probeIntervalMS = 600_000
                },
                while: { standings in
                    try await within(.seconds(400), "it waits") {
                        _ = try await standings.wait { $0.count >= 8 }
                    }
                })
            // The stop makes one more.
            #expect(passes.perSecond <= 21)
        }
    }

    // MARK: Counting

    private func count(
        _ queue: JobQueue,
        answer: @escaping @Sendable (CallRequest) -> CallReply = { .allConverted($0) },
        change: (inout DrainOptions) -> Void = { _ in },
        while body: (Watched<[Moment]>) async throws -> Void
    ) async throws -> Passes {
        var options = DrainOptions()
        (options.rate, options.burst) = (1000, 1000)
        change(&options)
        let ends = Watched<[Moment]>([])
        let drain = try DrainLoop(
            queue, through: ScriptedClient(send: { answer($0) }),
            options: options, logger: RecordedLog().logger, maxPollIntervalMS: 100
        ) { standing in
            ends.change { $0.append(standing.at) }
        }
        let running = Task { await drain.run() }
        try await body(ends)
        await drain.stop()
        _ = await running.value
        return Passes(at: ends.value)
    }

    private struct Passes {
        var at: [Moment]

        /// The most in any second.
        var perSecond: Int {
            at.indices.map { first in
                at[first...].prefix { $0.since(at[first]) < 1000 }.count
            }.max() ?? 0
        }
    }
}
