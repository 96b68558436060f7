import Foundation
import Glibc
import SalesforceSimulator
import TestSupport
import Testing

@Suite(.serialized) struct StoppingTests {
    @Test func `lets the call in flight settle and starts no other`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(40)
            fixture.simulator.hold()
            let daemon = try fixture.startDaemon(changing: ["LEADCONVERT_CONCURRENCY": "1"])
            try await fixture.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            daemon.terminate()
            try await daemon.waitFor("stopping calls.in_flight=1")
            fixture.simulator.release()
            let end = try await daemon.waitForExit()
            #expect(end.code == 0)
            #expect(await fixture.simulator.audit().count(.convert) == 1)
            #expect(try fixture.counts() == ["converted": 10, "queued": 30])
            #expect(try await fixture.mismatches(to: Array(leads.prefix(10))) == [])
        }
    }

    @Test func `ends the wait at a second signal and verifies the rest later`() async throws {
        try await withFixture {
            $0.stallSeconds = 600
        } _: { fixture in
            let leads = try await fixture.enqueueLeads(20)
            fixture.simulator.script(.stall)
            let daemon = try fixture.startDaemon(changing: ["LEADCONVERT_CONCURRENCY": "1"])
            try await fixture.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            daemon.terminate()
            try await daemon.waitFor("stopping")
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try fixture.counts() == ["sending": 10, "queued": 10])

            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: leads) == [])
            #expect(try fixture.queue.jobs().allSatisfy { $0.number("attempts") == 1 })
        }
    }

    @Test func `waits no longer than the stop timeout`() async throws {
        try await withFixture {
            $0.stallSeconds = 600
        } _: { fixture in
            try await fixture.enqueueLeads(10)
            fixture.simulator.script(.stall)
            let daemon = try fixture.startDaemon(changing: ["LEADCONVERT_STOP_TIMEOUT": "1"])
            try await fixture.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            daemon.terminate()
            let end = try await daemon.waitForExit()
            #expect(end.code == 0)
            #expect(try fixture.counts() == ["sending": 10])
        }
    }

    @Test(arguments: [SIGTERM, SIGINT]) func `stops at once when nothing is to do`(
        signal: Int32
    ) async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(1)
            let daemon = try fixture.startDaemon()
            try await fixture.await("the lead is converted") { _ in
                try fixture.counts() == ["converted": 1]
            }
            daemon.send(signal)
            let end = try await daemon.waitForExit()
            #expect(end.code == 0)
            #expect(end.errors.contains("stopping calls.in_flight=0"))
            #expect(end.errors.hasSuffix("stopped\n"))
        }
    }

    @Test func `a second signal ends a daemon whose log nobody reads`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(1)
            let path = fixture.folder.appendingPathComponent("log").path
            #expect(mkfifo(path, 0o600) == 0)
            let log = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            defer { close(log) }
            let daemon = try fixture.startDaemon(after: "exec 2>log")
            try await fixture.await("the lead is converted") { _ in
                try fixture.counts() == ["converted": 1]
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
