import Foundation
import TestSupport
import Testing

@Suite struct ReportTests {
    @Test func `a batch's report is one page by itself, and a CSV of all its leads`() async throws {
        try await withFixture { fixture in
            let good = await fixture.simulator.addLeads(3)
            let rows = good.map { "\($0),Qualified\n" } + ["00QWs0000000009,Nope\n"]
            let added = try await fixture.run(
                "enqueue", "-", "--batch", "fri<day", "--run-at", "2020-01-01T00:00:00Z",
                input: "leadId,convertedStatus\n" + rows.joined())
            #expect(added.code == 0)
            try await fixture.drain()
            let (page, table) = ("report.html", "report.csv")
            let end = try await fixture.run("report", "fri<day", "--html", page, "--csv", table)
            #expect(end.code == 0, "\(end.errors)")
            let html = try read(page, fixture)
            #expect(html.contains("<b class=\"big\">3</b> of 4 leads converted, <b>1</b> failed"))
            #expect(html.contains("fri&lt;day"))
            #expect(!html.contains("fri<day"))
            #expect(!html.contains("src="))
            #expect(!html.contains("href="))
            for lead in good { #expect(html.contains(lead)) }
            let lines = try read(table, fixture).split(separator: "\n")
            #expect(lines.count == 5)
            #expect(lines[0].hasPrefix("lead_id,state,account_id,"))
            #expect(lines[1].hasPrefix("\(good[0]),converted,001"))
            #expect(lines[4].hasPrefix("00QWs0000000009MAA,failed,,,,"))
            #expect(
                try await fixture.run("report", "fri<day", "--csv", "-").output
                    == read(table, fixture))
            #expect(try await fixture.run("report", "monday", "--html", page).code == 66)
            #expect(try await fixture.run("report", "fri<day").code == 64)
            #expect(
                try await fixture.run("report", "fri<day", "--html", "no/such/folder").code == 73)
        }
    }

    private func read(_ name: String, _ fixture: Fixture) throws -> String {
        try String(contentsOf: fixture.folder.appendingPathComponent(name), encoding: .utf8)
    }
}
