import Conversion
import Foundation
import GRDB
import Storage
import TestSupport
import Testing

@testable import Drain

/// What the watchers of the drain are told, and what counts as progress.
@Suite struct DrainStatusTests {
    @Test func `is progress until a call is out for much longer than its timeout`() {
        var standing = DrainStatus(
            at: .ms(700_000), callsInFlight: 0, oldestCallAt: nil, isStorageFailing: true)
        #expect(standing.isProgress(callTimeoutMS: 30_000))
        standing.callsInFlight = 1
        standing.oldestCallAt = .ms(610_000)
        #expect(standing.isProgress(callTimeoutMS: 30_000))
        standing.oldestCallAt = .ms(609_999)
        #expect(!standing.isProgress(callTimeoutMS: 30_000))
    }

    @Test func `passes as often as asked when nothing happens`() async throws {
        try await withQueue { queue in
            let standings = Watched<[DrainStatus]>([])
            let drain = try drain(queue, RecordedLog(), untilEmpty: false, maxPollIntervalMS: 20) {
                standing in
                standings.change { $0.append(standing) }
            }
            let running = Task { await drain.run() }
            try await within(.seconds(400), "it passes") {
                try await standings.wait { $0.count > 3 }
            }
            await drain.stop()
            _ = await running.value
            #expect(standings.value.allSatisfy { $0.callsInFlight == 0 && !$0.isStorageFailing })
        }
    }

    @Test func `passes on while the file is locked and says when that began and ended`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("queue.db").path
            let queue = try JobQueue(path: path, as: .daemon, busyTimeout: 0.01)
            try queue.add(1...1)
            let log = RecordedLog()
            let (standings, isAnswered) = (Watched<[DrainStatus]>([]), Watched(false))
            let drain = try drain(queue, log, answered: isAnswered) { standing in
                standings.change { $0.append(standing) }
            }
            let running = Task { await drain.run() }
            try await within(.seconds(400), "a call is out") {
                try await standings.wait { $0.last?.callsInFlight == 1 }
            }
            let other = try locked(path)
            isAnswered.change { $0 = true }
            try await within(.seconds(400), "it endures") {
                try await standings.wait { $0.count(where: \.isStorageFailing) > 1 }
            }
            try other.inDatabase { try $0.execute(sql: "ROLLBACK") }
            guard case .drained = await running.value else {
                Issue.record("it did not drain")
                return
            }
            #expect(log.lines("the queue can't be written").count == 1)
            #expect(log.lines("the queue can be written again after.s=").count == 1)
        }
    }

    private func locked(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(400)
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
        return other
    }

    private func drain(
        _ queue: JobQueue, _ log: RecordedLog, untilEmpty: Bool = true,
        maxPollIntervalMS: Int64 = DrainLoop.maxPollIntervalMS,
        answered isAnswered: Watched<Bool> = Watched(true),
        report: @escaping @Sendable (DrainStatus) -> Void
    ) throws -> DrainLoop {
        var options = DrainOptions()
        options.untilEmpty = untilEmpty
        let transport = ScriptedClient(
            send: { request in
                _ = try? await isAnswered.wait { $0 }
                return .allConverted(request)
            }, hasSession: { true })
        return try DrainLoop(
            queue, through: transport, options: options, logger: log.logger,
            maxPollIntervalMS: maxPollIntervalMS, report: report)
    }
}
