import Conversion
import Logging
import Salesforce
import SalesforceSimulator
import Storage
import TestSupport
import Testing

@testable import Drain

/// The drain with its real clockwork: Dispatch, four calls in flight, HTTP, a file.
@Suite struct DrainTests {
    @Test func `stops in the middle and another goes on`() async throws {
        try await withSimulator { simulator in
            try await withQueue { queue in
                let leads = await simulator.addLeads(200)
                try enqueue(leads, in: queue)
                simulator.script(.dropAfterCommit, forCall: 3)
                simulator.script(.expireSession, forCall: 9)

                try await withDrain(of: queue, on: simulator) { drain in
                    simulator.hold(after: 6)
                    let running = Task { await drain.run() }
                    try await simulator.await("calls are in flight") { $0.count(.convert) >= 10 }
                    await drain.stop()
                    simulator.release()
                    guard case .stopped(inFlight: 0) = await running.value else {
                        Issue.record("it did not let its calls settle")
                        return
                    }
                }
                #expect(try queue.jobs().allSatisfy { $0.text("state") != "sending" })
                #expect(try queue.jobs().contains { $0.text("state") == "queued" })

                try await withDrain(of: queue, on: simulator) { drain in
                    guard case .drained = await drain.run() else {
                        Issue.record("it did not drain")
                        return
                    }
                }
                #expect(try queue.jobs().allSatisfy { $0.text("state") == "converted" })
                let conversions = await simulator.audit().conversionCounts
                #expect(conversions == Dictionary(uniqueKeysWithValues: leads.map { ($0, 1) }))
            }
        }
    }

    @Test func `leaves calls in flight to the next`() async throws {
        try await withSimulator {
            $0.stallSeconds = 600
        } _: { simulator in
            try await withQueue { queue in
                let leads = await simulator.addLeads(20)
                try enqueue(leads, in: queue)
                simulator.script(.stall, nextCalls: 2)
                try await withDrain(of: queue, on: simulator) { drain in
                    let running = Task { await drain.run() }
                    try await simulator.await("two calls are out") { $0.count(.convert) == 2 }
                    await drain.stop()
                    await drain.abandon()
                    guard case .stopped(inFlight: 2) = await running.value else {
                        Issue.record("it did not leave its calls")
                        return
                    }
                }
            }
        }
    }

    private func enqueue(_ leads: [String], in queue: JobQueue) throws {
        var options = EnqueueOptions()
        options.runAt = .now + -60_000
        try queue.enqueue(options, at: .now) { queue in
            for lead in leads {
                try queue.add(
                    LeadConversion(
                        leadID: RecordID(lead, of: .lead), convertedStatus: "Qualified"))
            }
        }
    }

    private func withDrain(
        of queue: JobQueue, on simulator: Simulator, _ body: (DrainLoop) async throws -> Void
    ) async throws {
        var options = DrainOptions()
        options.callSize = 10
        options.concurrency = 4
        options.callLifetimeMS = 10_000
        options.probeIntervalMS = 200
        options.untilEmpty = true
        var settings = SalesforceSettings(
            loginHost: try #require(Origin(simulator.url)),
            login: .clientCredentials(clientID: "demo", secret: Secret("demo")))
        settings.connectTimeout = .milliseconds(options.connectTimeoutMS)
        let transport = try SalesforceTransport(settings)
        let drain = try DrainLoop(
            queue,
            through: transport,
            options: options,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        do {
            try await body(drain)
        } catch {
            await transport.shutdown()
            throw error
        }
        await transport.shutdown()
    }
}
