import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

@Suite(.serialized) struct RunningTests {
    @Test func `ends when the queue is empty`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(25)
            let end = try await fixture.drain()
            #expect(end.code == 0)
            #expect(end.output == "")
            #expect(end.errors.hasSuffix("the queue is drained jobs.converted=25\n"))
            // A copy of the file alone is whole.
            let log = try FileManager.default.attributesOfItem(atPath: fixture.queue.path + "-wal")
            #expect(log[.size] as? Int == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(await fixture.simulator.audit().count(.convert) == 3)
        }
    }

    @Test func `says that the paused queue cannot move and ends`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(3)
            try fixture.queue.operations.pause(true, batch: nil, at: .now)
            let end = try await fixture.drain()
            #expect(end.code == 0)
            #expect(
                end.errors.contains(
                    "the queue is paused; go on with: leadconvert resume --db \(fixture.queue.path)"
                ))
            #expect(try fixture.counts() == ["queued": 3])
            #expect(await fixture.simulator.audit().calls.isEmpty)
        }
    }

    @Test func `waits for jobs in backoff`() async throws {
        try await withFixture { fixture in
            let lead = await fixture.simulator.addLead(.lockedFor(times: 3))
            try fixture.queue.run(sql: "UPDATE policies SET base_delay_ms = 200, jitter = 0")
            try fixture.enqueue([lead])
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: [lead]) == [])
            let log = try fixture.queue.log(of: lead)
            #expect(log.map { $0.text("outcome") } == ["retry", "retry", "retry", "converted"])
            #expect(log.map { $0.number("attempt") } == [1, 2, 3, 4])
            #expect(log.map { $0.number("backoff_ms") } == [200, 400, 800, nil])
            #expect(
                log.map { $0.text("code") } == Array(repeating: "UNABLE_TO_LOCK_ROW", count: 3) + [
                    nil
                ])
        }
    }

    @Test func `leaves held jobs alone`() async throws {
        try await withFixture { fixture in
            let leads = await fixture.simulator.addLeads(2)
            let batch = try await fixture.run("enqueue", "-", "--batch", "later", input: csv(leads))
            #expect(batch.code == 0)
            #expect(try await fixture.run("pause", "--batch", "later").code == 0)
            #expect(try await fixture.drain().code == 0)
            #expect(try fixture.counts() == ["held": 2])
            #expect(try await fixture.run("resume", "--batch", "later").code == 0)
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
        }
    }

    @Test func `picks up rows that another process inserts`() async throws {
        try await withFixture { fixture in
            let first = try await fixture.enqueueLeads(1)
            let daemon = try fixture.startDaemon()
            try await fixture.simulator.await("it is at work") { $0.conversions.count == 1 }
            var leads = first
            for count in 2...4 {
                let lead = await fixture.simulator.addLead()
                leads.append(lead)
                let end = try await fixture.run(
                    "enqueue", "--lead-id", lead, "--converted-status", "Qualified")
                #expect(end.code == 0)
                try await fixture.simulator.await("the lead is converted") {
                    $0.conversions.count == count
                }
            }
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
        }
    }

    @Test func `goes on when it is resumed`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(2)
            #expect(try await fixture.run("pause").output.hasPrefix("The queue is paused: "))
            let daemon = try fixture.startDaemon()
            try await fixture.await("it waits") {
                try $0.reports.status(at: .now).waitingFor == .paused
            }
            #expect(try await fixture.run("resume").output.hasPrefix("The queue is resumed: "))
            try await fixture.simulator.await("they are converted") {
                $0.conversions.count == 2
            }
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
        }
    }

    private func csv(_ leads: [String]) -> String {
        "leadId,convertedStatus\n" + leads.map { "\($0),Qualified\n" }.joined()
    }
}
