import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// The rate by the server's own watch: the built daemon on one side, the built simulator on the
/// other, each a process of its own, which other tests here don't keep waiting.
@Suite(.serialized) struct RateTests {
    private let rate = 10.0
    private let burst = 40.0
    private let calls = 120

    @Test func `sends at the rate and no faster`() async throws {
        try await withFixture { fixture in
            let file = fixture.folder.appendingPathComponent("audit.json")
            let simulator = try Program.simulator.start([
                "--port", "0", "--leads", "\(calls)", "--audit", file.path,
            ])
            defer { simulator.kill() }
            try await simulator.waitFor("\n")
            let url = simulator.output.trimmingCharacters(in: .newlines)
            // The same seed makes the same leads.
            try await withSimulator {
                $0.leads = calls
            } _: { twin in
                try fixture.enqueue(await twin.leads().map(\.id))
            }
            let end = try await fixture.drain(changing: [
                "SALESFORCE_LOGIN_URL": url, "LEADCONVERT_CALL_SIZE": "1",
                "LEADCONVERT_RATE": "\(rate)", "LEADCONVERT_BURST": "\(burst)",
            ])
            #expect(end.code == 0)
            simulator.terminate()
            try await simulator.waitForExit()
            let departures = try fixture.queue.calls()
                .filter { $0.text("kind") == "convert" }
                .compactMap { $0.text("started_at").flatMap { Timestamp($0) } }
                .map { Double($0.milliseconds) / 1000 }
            let arrivals = try arrivals(file)
            #expect(departures.count == calls)
            #expect(arrivals.count == calls)
            // Calls may arrive closer together than they left, by as much as the slowest of them
            // was under way. Both ends of a window are written in whole milliseconds, by a clock
            // that the system may slew meanwhile.
            let way = zip(departures, arrivals).map { $1 - $0 }.max() ?? 0
            #expect(isWithinTheRate(departures, jitter: 0.005))
            #expect(isWithinTheRate(arrivals, jitter: way + 0.005))
            // It was the rate that held calls back.
            #expect(try fixture.queue.calls().contains { $0.text("waited_for") == "token" })
        }
    }

    private func arrivals(_ file: URL) throws -> [Double] {
        struct Audit: Decodable {
            var calls: [Call]

            struct Call: Decodable {
                var kind: String
                var at: String
            }
        }
        let audit = try JSONDecoder().decode(Audit.self, from: Data(contentsOf: file))
        return audit.calls.filter { $0.kind == "convert" }
            .compactMap { Timestamp($0.at) }
            .map { Double($0.milliseconds) / 1000 }
            .sorted()
    }

    private func isWithinTheRate(_ times: [Double], jitter: Double) -> Bool {
        times.indices.allSatisfy { first in
            (first..<times.count).allSatisfy { last in
                let window = times[last] - times[first] + jitter
                return Double(last - first + 1) <= burst + rate * window
            }
        }
    }
}
