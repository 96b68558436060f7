import Foundation
import Glibc
import SalesforceSimulator
import TestSupport
import Testing

@Suite(.serialized) struct StoppingTests {
    @Test func letsTheCallInFlightSettleAndStartsNoOther() async throws {
        try await withStage {
            // Longer than a busy machine takes to bring the signal.
            $0.latency = 3000...3000
        } _: { stage in
            let leads = try await stage.enqueueLeads(40)
            let daemon = try stage.startDaemon(changing: ["LEADCONVERT_CONCURRENCY": "1"])
            try await stage.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            daemon.terminate()
            let end = try await daemon.waitForExit()
            #expect(end.code == 0)
            #expect(end.errors.contains("stopping calls.in_flight=1"))
            #expect(await stage.simulator.audit().count(.convert) == 1)
            #expect(try stage.counts() == ["converted": 10, "queued": 30])
            #expect(try await stage.objections(to: Array(leads.prefix(10))) == [])
        }
    }

    @Test func endsTheWaitAtASecondSignalAndVerifiesTheRestLater() async throws {
        try await withStage {
            $0.stallSeconds = 600
        } _: { stage in
            let leads = try await stage.enqueueLeads(20)
            stage.simulator.script(.stall)
            let daemon = try stage.startDaemon(changing: ["LEADCONVERT_CONCURRENCY": "1"])
            try await stage.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            daemon.terminate()
            try await daemon.waitFor("stopping")
            daemon.terminate()
            #expect(try await daemon.waitForExit(within: .seconds(10)).code == 0)
            #expect(try stage.counts() == ["sending": 10, "queued": 10])

            #expect(try await stage.drain().code == 0)
            #expect(try await stage.objections(to: leads) == [])
            #expect(try stage.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func waitsNoLongerThanTheStopTimeout() async throws {
        try await withStage {
            $0.stallSeconds = 600
        } _: { stage in
            try await stage.enqueueLeads(10)
            stage.simulator.script(.stall)
            let daemon = try stage.startDaemon(changing: ["LEADCONVERT_STOP_TIMEOUT": "1"])
            try await stage.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            daemon.terminate()
            let end = try await daemon.waitForExit(within: .seconds(10))
            #expect(end.code == 0)
            #expect(end.errors.contains("stopped before every answer came"))
        }
    }

    @Test(arguments: [SIGTERM, SIGINT]) func stopsAtOnceWhenNothingIsToDo(
        signal: Int32
    ) async throws {
        try await withStage { stage in
            try await stage.enqueueLeads(1)
            let daemon = try stage.startDaemon()
            try await stage.await("the lead is converted") { _ in
                try stage.counts() == ["converted": 1]
            }
            daemon.send(signal)
            let end = try await daemon.waitForExit(within: .seconds(10))
            #expect(end.code == 0)
            #expect(end.errors.hasSuffix("stopped\n"))
        }
    }

    @Test func `a second signal ends a daemon whose log nobody reads`() async throws {
        try await withStage { stage in
            try await stage.enqueueLeads(1)
            let path = stage.folder.appendingPathComponent("log").path
            #expect(mkfifo(path, 0o600) == 0)
            let log = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            defer { close(log) }
            let daemon = try stage.startDaemon(after: "exec 2>log")
            try await stage.await("the lead is converted") { _ in
                try stage.counts() == ["converted": 1]
            }
            // Whoever writes to it waits for ever once it is full.
            while write(log, "\n", 1) == 1 {}
            // Two signals of one kind may become one on their way.
            daemon.send(SIGTERM)
            daemon.send(SIGINT)
            #expect(try await daemon.waitForExit().code == 0)
        }
    }
}
