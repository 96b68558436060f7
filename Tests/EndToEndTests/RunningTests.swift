import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

@Suite(.serialized) struct RunningTests {
    @Test func endsWhenTheQueueIsEmpty() async throws {
        try await withStage { stage in
            let leads = try await stage.enqueueLeads(25)
            let end = try await stage.drain()
            #expect(end.code == 0)
            #expect(end.output == "")
            #expect(end.errors.hasSuffix("the queue is drained jobs.converted=25\n"))
            // A copy of the file alone is whole.
            let log = try FileManager.default.attributesOfItem(atPath: stage.queue.path + "-wal")
            #expect(log[.size] as? Int == 0)
            #expect(try await stage.objections(to: leads) == [])
            #expect(await stage.simulator.audit().count(.convert) == 3)
        }
    }

    @Test func saysThatThePausedQueueCannotMoveAndEnds() async throws {
        try await withStage { stage in
            try await stage.enqueueLeads(3)
            try stage.queue.operations.pause(true, batch: nil, at: .now)
            let end = try await stage.drain()
            #expect(end.code == 0)
            #expect(end.errors.contains("the queue is paused; go on with: leadconvert resume"))
            #expect(try stage.counts() == ["queued": 3])
            #expect(await stage.simulator.audit().calls.isEmpty)
        }
    }

    @Test func waitsForJobsInBackoff() async throws {
        try await withStage { stage in
            let lead = await stage.simulator.addLead(.lockedFor(times: 3))
            try stage.queue.run(sql: "UPDATE policies SET base_delay_ms = 200, jitter = 0")
            try stage.enqueue([lead])
            #expect(try await stage.drain().code == 0)
            #expect(try await stage.objections(to: [lead]) == [])
            let log = try stage.queue.log(of: lead)
            #expect(log.map { $0.text("outcome") } == ["retry", "retry", "retry", "converted"])
            #expect(log.map { $0.number("attempt") } == [1, 2, 3, 4])
            #expect(log.map { $0.number("backoff_ms") } == [200, 400, 800, nil])
            #expect(
                log.map { $0.text("code") } == Array(repeating: "UNABLE_TO_LOCK_ROW", count: 3) + [
                    nil
                ])
        }
    }

    @Test func leavesHeldJobsAlone() async throws {
        try await withStage { stage in
            let leads = await stage.simulator.addLeads(2)
            let batch = try await stage.run("enqueue", "-", "--batch", "later", input: csv(leads))
            #expect(batch.code == 0)
            #expect(try await stage.run("pause", "--batch", "later").code == 0)
            #expect(try await stage.drain().code == 0)
            #expect(try stage.counts() == ["held": 2])
            #expect(try await stage.run("resume", "--batch", "later").code == 0)
            #expect(try await stage.drain().code == 0)
            #expect(try await stage.objections(to: leads) == [])
        }
    }

    @Test func picksUpRowsThatAnotherProcessInserts() async throws {
        try await withStage { stage in
            let first = try await stage.enqueueLeads(1)
            let daemon = try stage.startDaemon()
            try await stage.simulator.await("it is at work") { $0.conversions.count == 1 }
            var leads = first
            for count in 2...4 {
                let lead = await stage.simulator.addLead()
                leads.append(lead)
                let end = try await stage.run(
                    "enqueue", "--lead-id", lead, "--converted-status", "Qualified")
                #expect(end.code == 0)
                // Its look of every five seconds would not be soon.
                try await stage.simulator.await("the lead is converted", within: .seconds(4)) {
                    $0.conversions.count == count
                }
            }
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try await stage.objections(to: leads) == [])
        }
    }

    @Test func goesOnWhenItIsResumed() async throws {
        try await withStage { stage in
            let leads = try await stage.enqueueLeads(2)
            #expect(try await stage.run("pause").output == "The queue is paused.\n")
            let daemon = try stage.startDaemon()
            try await stage.await("it waits") {
                try $0.reports.status(at: .now).waitingFor == .paused
            }
            #expect(try await stage.run("resume").output == "The queue goes on.\n")
            try await stage.simulator.await("they are converted", within: .seconds(4)) {
                $0.conversions.count == 2
            }
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try await stage.objections(to: leads) == [])
        }
    }

    private func csv(_ leads: [String]) -> String {
        "leadId,convertedStatus\n" + leads.map { "\($0),Qualified\n" }.joined()
    }
}
