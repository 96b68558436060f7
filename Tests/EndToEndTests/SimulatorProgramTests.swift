import Foundation
import Glibc
import SalesforceSimulator
import TestSupport
import Testing

@Suite(.serialized) struct SimulatorProgramTests {
    @Test func `prints its URL and writes its audit when it is stopped`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("audit.json")
            let simulator = try Program.simulator.start(
                ["--port", "0", "--leads", "3", "--audit", file.path])
            defer { simulator.kill() }
            try await simulator.waitFor("\n")
            simulator.terminate()
            let end = try await simulator.waitForExit()
            #expect(end.code == 0)
            #expect(end.output.wholeMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+\n/) != nil)
            let audit = try String(contentsOf: file, encoding: .utf8)
            #expect(audit == #"{"conversions":[],"calls":[],"written":[]}"#)
        }
    }

    @Test func `converts for the daemon and keeps account`() async throws {
        try await withFixture { fixture in
            let file = fixture.folder.appendingPathComponent("audit.json")
            let simulator = try Program.simulator.start(
                ["--port", "0", "--leads", "5", "--audit", file.path])
            defer { simulator.kill() }
            try await simulator.waitFor("\n")
            let url = simulator.output.trimmingCharacters(in: .newlines)
            // The same seed makes the same leads.
            try await withSimulator {
                $0.leads = 5
            } _: { twin in
                try fixture.enqueue(await twin.leads().map(\.id))
            }
            #expect(try await fixture.drain(changing: ["SALESFORCE_LOGIN_URL": url]).code == 0)
            #expect(try fixture.counts() == ["converted": 5])
            simulator.terminate()
            #expect(try await simulator.waitForExit().code == 0)
            let audit = try String(contentsOf: file, encoding: .utf8)
            for job in try fixture.queue.jobs() {
                #expect(audit.contains(#""lead_id":"\#(job.text("lead_id") ?? "")""#))
            }
        }
    }

    @Test func `refuses a fault that it does not know`() async throws {
        let end = try await Program.simulator.run(["--port", "0", "--fault", "gremlins=0.5"])
        #expect(end.code == 64)
        #expect(end.errors.contains("there is no fault 'gremlins'; there are lock, "))
    }

    @Test func `says that the port is taken`() async throws {
        try await withSimulator { taken in
            let port = try #require(taken.url.split(separator: ":").last)
            let end = try await Program.simulator.run(["--port", String(port)])
            #expect(end.code == 71)
            #expect(end.output == "")
            #expect(end.errors.contains("cannot listen on 127.0.0.1:\(port)"))
        }
    }
}
