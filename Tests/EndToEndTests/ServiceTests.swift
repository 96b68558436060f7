import Foundation
import Glibc
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// The daemon as systemd sees it.
@Suite(.serialized) struct ServiceTests {
    @Test func `tells that it is ready and how the queue stands`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(3)
            #expect(try await fixture.run("pause").code == 0)
            let socket = try NotifySocket(in: fixture.folder)
            let daemon = try fixture.startDaemon(changing: ["NOTIFY_SOCKET": socket.path])
            try await socket.waitFor("READY=1")
            try await socket.waitFor(
                "STATUS=3 leads to go; paused (go on with: leadconvert resume --db "
                    + "\(fixture.queue.path)).")
            #expect(try await fixture.run("resume").code == 0)
            try await socket.waitFor("STATUS=No leads to go.")
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
            try await socket.waitFor("STOPPING=1")
            #expect(socket.messages.first == "READY=1")
            #expect(socket.messages("STOPPING=1").count == 1)
            // Nobody asked for a watchdog.
            #expect(socket.messages("WATCHDOG=1") == [])
        }
    }

    @Test func `tells why it waits and until when`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(2)
            await fixture.simulator.stop()
            let socket = try NotifySocket(in: fixture.folder)
            _ = try fixture.startDaemon(changing: [
                "NOTIFY_SOCKET": socket.path, "LEADCONVERT_PROBE_INTERVAL": "600",
            ])
            let line = "STATUS=2 leads to go; waiting for the end of an outage until 2"
            try await socket.waitFor(line)
            let message = try #require(socket.messages(line).first)
            #expect(message.wholeMatch(of: /.* until [0-9-]{10}T[0-9:]{8}Z\./) != nil)
        }
    }

    @Test func `feeds the watchdog pass after pass`() async throws {
        try await withFixture { fixture in
            let socket = try NotifySocket(in: fixture.folder)
            let daemon = try fixture.startDaemon(changing: [
                "NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "400000",
            ])
            try await socket.waitFor("WATCHDOG=1", times: 4)
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
        }
    }

    @Test func `leaves the watchdog of another process alone`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(30)
            let socket = try NotifySocket(in: fixture.folder)
            let end = try await fixture.drain(changing: [
                "NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "4000", "WATCHDOG_PID": "1",
            ])
            #expect(end.code == 0)
            try await socket.waitFor("STOPPING=1")
            #expect(socket.messages("WATCHDOG=1") == [])
        }
    }

    @Test func `tells of a reload when it begins and when it ends`() async throws {
        try await withFixture { fixture in
            let socket = try NotifySocket(in: fixture.folder)
            let daemon = try fixture.startDaemon(changing: ["NOTIFY_SOCKET": socket.path])
            try await socket.waitFor("READY=1")
            daemon.send(SIGHUP)
            try await socket.waitFor("READY=1", times: 2)
            let told = socket.messages.filter { !$0.hasPrefix("STATUS=") }
            #expect(told.count == 3)
            #expect(told[1].wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*/) != nil)
        }
    }

    @Test func `asks for time while a call settles but not beyond the deadline`() async throws {
        try await withFixture {
            $0.stallSeconds = 600
        } _: { fixture in
            try await fixture.enqueueLeads(10)
            fixture.simulator.script(.stall)
            let socket = try NotifySocket(in: fixture.folder)
            let daemon = try fixture.startDaemon(changing: [
                "NOTIFY_SOCKET": socket.path, "LEADCONVERT_STOP_TIMEOUT": "4",
                // Passes come as often as it has to be fed, and each asks again.
                "WATCHDOG_USEC": "2000000",
            ])
            try await fixture.simulator.await("a call arrives") { $0.count(.convert) == 1 }
            daemon.terminate()
            try await socket.waitFor("EXTEND_TIMEOUT_USEC=", times: 1)
            #expect(try await daemon.waitForExit().code == 0)
            let told = socket.messages
            let stop = try #require(told.firstIndex(of: "STOPPING=1"))
            #expect(told[..<stop].allSatisfy { !$0.hasPrefix("EXTEND") })
            #expect(told.count { $0 == "STOPPING=1" } == 1)
            let asked = socket.messages("EXTEND_TIMEOUT_USEC=").compactMap {
                Int($0.dropFirst("EXTEND_TIMEOUT_USEC=".count))
            }
            // The deadline, and seven seconds for the way out: what is asked only gets less.
            #expect(asked.allSatisfy { $0 <= 11_000_000 })
            #expect(asked == asked.sorted(by: >))
            #expect(socket.messages("STATUS=Letting 1 call settle, until 2").count == 1)
        }
    }
}
