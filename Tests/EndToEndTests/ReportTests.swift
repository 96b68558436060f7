import Foundation
import Glibc
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

    @Test func `a report whose program is killed leaves nothing`() async throws {
        try await withCommandLine { leadconvert in
            let rows = (1...6000).map { "00Q" + String(format: "%012d", $0) + ",Qualified\n" }
            _ = try leadconvert(
                "enqueue", "-", "--batch", "b", input: "leadId,convertedStatus\n" + rows.joined())
            try leadconvert.write("old", to: "old.csv")
            for file in ["new.csv", "old.csv"] {
                // The kernel kills it at the first byte beyond 128 KB of a file.
                let end = try leadconvert.shell(
                    "ulimit -c 0; ulimit -f 256; leadconvert report b --csv \(file); echo $?")
                #expect(end.output == "\(128 + SIGXFSZ)\n", "\(end.errors)")
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: leadconvert.folder.path)
                .filter { $0.contains(".csv") }
            #expect(left == ["old.csv"])
            #expect(try String(contentsOf: leadconvert.file("old.csv"), encoding: .utf8) == "old")

            #expect(try leadconvert("report", "b", "--csv", "new.csv").status == 0)
            chmod(leadconvert.file("old.csv").path, 0o640)
            #expect(try leadconvert("report", "b", "--csv", "old.csv").status == 0)
            let whole = try Data(contentsOf: leadconvert.file("new.csv"))
            #expect(whole.count > 200_000)
            #expect(try Data(contentsOf: leadconvert.file("old.csv")) == whole)
            let attributes = try FileManager.default.attributesOfItem(
                atPath: leadconvert.file("old.csv").path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o640)
        }
    }

    private func read(_ name: String, _ fixture: Fixture) throws -> String {
        try String(contentsOf: fixture.folder.appendingPathComponent(name), encoding: .utf8)
    }
}
