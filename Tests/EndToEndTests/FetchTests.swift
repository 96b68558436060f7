import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// `results --fetch`: what the org has now, whole or not at all.
@Suite(.serialized) struct FetchTests {
    private let fetch = ["results", "friday", "--fetch", "Account.Name"]

    @Test func `a batch of any size is read back in its order, and a lost answer asked for again`()
        async throws
    {
        try await withConverted(2100) { fixture, leads in
            fixture.simulator.script(.dropAfterCommit, nextCalls: 2, of: .verify)
            let end = try await fixture.fetch(fetch)
            #expect(end.code == 0, "\(end.errors)")
            let results = try objects(end.output)
            #expect(
                results.map { ($0["outputValues"] as? [String: Any])?["leadId"] as? String }
                    == leads)
            #expect(
                results.allSatisfy {
                    ($0["fields"] as? [String: Any])?["Account.Name"] is String
                })
            #expect(try fixture.fetches == 4)
        }
    }

    @Test func `an allowance that is spent midway ends with 69, and nothing is printed`()
        async throws
    {
        try await withConverted(2100) { fixture, _ in
            let day = try fixture.queue.settlements.callsOfTheLastDay(at: SystemClock.now())
            let share = (Double(day.reduce(0) { $0 + $1.calls }) + 1.5) / 100_000
            for format in ["--json", "--csv"] {
                let end = try await fixture.fetch(
                    fetch + [format], changing: ["LEADCONVERT_DAILY_SHARE": "\(share)"])
                #expect(end.code == 69)
                #expect(end.output == "")
                #expect(
                    end.errors == """
                        leadconvert: Nothing was printed: our share of the org's API requests is used \
                        up. Wait until requests are a day old, lower LEADCONVERT_RESERVE or raise \
                        LEADCONVERT_DAILY_SHARE. Type it again, or leave --fetch out: then the org is \
                        not asked.

                        """)
            }
            #expect(try fixture.fetches == 2)
        }
    }

    @Test func `an answer that never comes ends with 69, and nothing is printed`() async throws {
        try await withConverted(3) { fixture, _ in
            fixture.simulator.script(.dropAfterCommit, nextCalls: 3, of: .verify)
            let end = try await fixture.fetch(fetch)
            #expect(end.code == 69)
            #expect(end.output == "")
            #expect(end.errors.hasPrefix("leadconvert: Nothing was printed: "), "\(end.errors)")
            #expect(try fixture.fetches == 3)
        }
    }

    @Test func `unsettled leads are printed too, and one lead can be read back`() async throws {
        try await withConverted(3) { fixture, leads in
            let more = await fixture.simulator.addLeads(1)
            try fixture.enqueue(more, batch: "friday")
            let end = try await fixture.fetch(fetch)
            #expect(end.code == 75)
            #expect(try objects(end.output).count == 4)
            let one = try await fixture.fetch(
                ["results", "--lead", leads[0], "--fetch", "Contact.Id", "--csv"])
            #expect(one.code == 0, "\(one.errors)")
            #expect(one.output.split(separator: "\n").count == 2)
        }
    }

    private func withConverted(
        _ count: Int, _ body: (Fixture, [String]) async throws -> Void
    ) async throws {
        try await withFixture {
            $0.leads = 0
        } _: { fixture in
            let leads = await fixture.simulator.addLeads(count)
            try fixture.enqueue(leads, batch: "friday")
            try await fixture.drain(changing: ["LEADCONVERT_CALL_SIZE": "100"])
            try await body(fixture, leads)
        }
    }

    private func objects(_ output: String) throws -> [[String: Any]] {
        let parsed = try JSONSerialization.jsonObject(with: Data(output.utf8))
        return try #require(parsed as? [[String: Any]])
    }
}

extension Fixture {
    fileprivate func enqueue(_ leads: [String], batch: String) throws {
        var options = EnqueueOptions()
        options.batch = batch
        options.runAt = Timestamp.now + -60_000
        try queue.enqueue(options, at: .now) { queue in
            for lead in leads {
                try queue.add(
                    LeadConversion(
                        leadID: RecordID(lead, of: .lead), convertedStatus: "Qualified"))
            }
        }
    }

    fileprivate func fetch(
        _ arguments: [String], changing changes: [String: String] = [:]
    ) async throws -> ProgramEnd {
        try await Program.helper.run(
            arguments, environment: settings.merging(changes) { $1 }, in: folder)
    }

    fileprivate var fetches: Int {
        get throws { try queue.calls().count { $0.text("kind") == "fetch" } }
    }
}
