import Conversion
import Foundation
import Storage
import TestSupport
import Testing

/// What an operator asks is answered in well under a second, however much there is.
///
/// Small by itself; by hand, with millions of log rows:
///
///     LARGE_QUEUE_JOBS=1000000 swift test --filter LargeQueueTests
@Suite struct LargeQueueTests {
    private let jobs =
        ProcessInfo.processInfo.environment["LARGE_QUEUE_JOBS"].flatMap { Int($0) } ?? 2000

    @Test func `answers at once`() async throws {
        try await withQueue(as: .client) { queue in
            try queue.fill(jobs: jobs)
            var state = JobFilter()
            state.state = .failed
            var lead = LogFilter()
            lead.lead = try .lead(jobs / 2)
            var since = LogFilter()
            since.since = Timestamp(milliseconds: 1_790_000_000_000 + Int64(jobs - 100) * 500)

            #expect(
                try timed("status") { try queue.reports.status(at: .init(milliseconds: 0)) }
                    .counts[.failed] == jobs / 100)
            #expect(try timed("jobs --state failed") { try queue.jobs(state) }.count == jobs / 100)
            state.limit = 20
            #expect(try timed("... --limit 20") { try queue.jobs(state) }.count == 20)
            #expect(try timed("log LEAD") { try queue.log(lead) }.count == 5)
            #expect(try timed("log --since") { try queue.log(since) }.count == 500)
            var outcome = LogFilter()
            outcome.outcome = .failed
            #expect(
                try timed("log --outcome failed") { try queue.log(outcome) }.count == jobs / 100)
            (outcome.outcome, outcome.limit) = (.retry, 20)
            #expect(
                try timed("log --outcome retry --limit 20") { try queue.log(outcome) }.count == 20)
            outcome.outcome = .converted
            #expect(
                try timed("log --outcome converted ...") { try queue.log(outcome) }.count == 20)
            var results = 0
            let isSettled = try timed("results") {
                try queue.reports.readResults(batch: "batch 1") { _ in results += 1 }
            }
            #expect(results == 1000)
            #expect(!isSettled)
        }
    }

    private func timed<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        let result = try body()
        let time = clock.now - start
        // A speed says something of a large queue, and is asked for by hand.
        if jobs >= 100_000 {
            print("\(name): \(time)")
            #expect(time < .seconds(1), "\(name)")
        }
        return result
    }
}
