import Conversion
import Foundation
import Logging
import Salesforce
import SalesforceSimulator
import Storage
import TestSupport
import Testing

@testable import Drain

/// The rate by the server's own watch: real clockwork, real HTTP, a real bucket.
@Suite struct ServerSideRateTests {
    private let rate = 10.0
    private let burst = 40.0
    private let calls = 120

    @Test func arrivesAtTheRateAndNoFaster() async throws {
        try await withSimulator {
            $0.latency = 1...3
        } _: { simulator in
            try await withQueue { queue in
                let leads = await simulator.addLeads(calls)
                try queue.enqueue(EnqueueOptions(), at: .now + -60_000) { enqueuing in
                    for lead in leads {
                        try enqueuing.add(
                            LeadConversion(
                                leadID: RecordID(lead, of: .lead), convertedStatus: "Qualified"))
                    }
                }
                try await drain(queue, simulator)
                let departures = try queue.calls()
                    .filter { $0.text("kind") == "convert" }
                    .compactMap { $0.text("started_at").flatMap { Timestamp($0) } }
                    .map { Double($0.milliseconds) / 1000 }
                let arrivals = await simulator.audit().calls
                    .filter { $0.kind == .convert }.map(\.at.timeIntervalSince1970).sorted()
                #expect(departures.count == calls)
                #expect(arrivals.count == calls)
                // Calls may arrive closer together than they left, by as much as the slowest of
                // them was under way. Both ends of a window are written in whole milliseconds, by
                // a clock that the system may slew meanwhile.
                let way = zip(departures, arrivals).map { $1 - $0 }.max() ?? 0
                #expect(isWithinTheRate(departures, jitter: 0.005))
                #expect(isWithinTheRate(arrivals, jitter: way + 0.005))
                #expect(use(arrivals) >= 0.99)
            }
        }
    }

    private func isWithinTheRate(_ times: [Double], jitter: Double) -> Bool {
        times.indices.allSatisfy { first in
            (first..<times.count).allSatisfy { last in
                let window = times[last] - times[first] + jitter
                return Double(last - first + 1) <= burst + rate * window
            }
        }
    }

    /// The part of what was allowed that was used. A machine that is busy just then makes a call
    /// late, but no token gets lost by it, so the best moment of the second half tells.
    private func use(_ times: [Double]) -> Double {
        (times.count / 2..<times.count).map { last in
            Double(last + 1) / (burst + rate * (times[last] - times[0]))
        }.max() ?? 0
    }

    private func drain(_ queue: JobQueue, _ simulator: Simulator) async throws {
        let transport = try SalesforceTransport(
            SalesforceSettings(
                loginURL: simulator.url, apiVersion: "67.0",
                login: .clientCredentials(clientID: "demo", secret: Secret("demo"))))
        var options = DrainOptions()
        options.callSize = 1
        options.rate = rate
        options.burst = burst
        options.untilEmpty = true
        let drain = try Drain(
            queue,
            through: Transport(
                send: { await transport.send($0) }, hasSession: { transport.hasSession }),
            options: options,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let ending = await drain.run()
        await transport.shutdown()
        guard case .drained = ending else {
            Issue.record("it did not drain")
            return
        }
    }
}
