import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// A second machine that takes over from a copy: two daemons, two files, one org.
@Suite struct StandbyTests {
    @Test func `a standby that takes over from a copy converts each lead exactly once`()
        async throws
    {
        try await withFixture {
            $0.latency = 50...100
        } _: { fixture in
            var leads = try await fixture.enqueueLeads(60)
            let first = try fixture.startDaemon(changing: ["LEADCONVERT_CONCURRENCY": "1"])
            try await fixture.simulator.await("ten are converted") { $0.conversions.count >= 10 }
            // What the timer does, and what ships the copy: it is in its place only when it is whole.
            let copy = fixture.folder.appendingPathComponent("backup.db").path
            for _ in 1...2 {
                let end = try await fixture.run("backup", "--replace", copy)
                #expect(end.code == 0, "\(end.errors)")
            }
            let known = try JobQueue(path: copy, as: .client).reports.status(at: .now).counts
            let late = try await fixture.enqueueLeads(20)
            leads += late
            try await fixture.simulator.await("more are converted than the copy knows") {
                $0.conversions.count >= known[.converted, default: 0] + 10
            }
            // The first machine is gone, in the middle of whatever it did.
            first.kill()
            try await first.waitForExit()

            let folder = fixture.folder.appendingPathComponent("standby")
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: false)
            let file = folder.appendingPathComponent("queue.db").path
            try FileManager.default.copyItem(atPath: copy, toPath: file)
            // What was enqueued after the copy is enqueued again, along with what is there already.
            let csv =
                "leadId,convertedStatus\n"
                + leads.map { "\($0),Qualified\n" }.joined()
            let again = try await Program.helper.run(
                ["enqueue", "-", "--db", file], input: csv, in: folder)
            #expect(again.code == 0, "\(again.errors)")
            let end = try await fixture.startDaemon(
                "--until-empty", changing: ["LEADCONVERT_DB": file]
            ).waitForExit()
            #expect(end.code == 0, "\(end.errors)")

            let audit = await fixture.simulator.audit()
            #expect(audit.conversionCounts == Dictionary(leads.map { ($0, 1) }) { $1 })
            let standby = try JobQueue(path: file, as: .client)
            let jobs = try standby.jobs()
            #expect(Set(jobs.map { $0.text("lead_id") }) == Set(leads))
            #expect(
                jobs.allSatisfy {
                    $0.text("state") == "converted" && $0.text("result_account_id") != nil
                })
            let outcomes = try standby.log().compactMap { $0.text("outcome") }
            #expect(outcomes.contains("already_converted"))
        }
    }
}
