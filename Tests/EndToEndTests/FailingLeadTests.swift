import Conversion
import Foundation
import Glibc
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// One lead that Salesforce never answers for, and codes that nobody has documented.
@Suite struct FailingLeadTests {
    @Test func `a lead whose retrieval always fails does not stop the others`() async throws {
        try await withFixture { fixture in
            var leads = await fixture.simulator.addLeads(20)
            let failing = await fixture.simulator.addLead(.retrievalFails)
            leads.insert(failing, at: 7)
            try fixture.enqueue(leads)
            // Nobody hears what became of the first call, which has all of them.
            fixture.simulator.script(.dropAfterCommit, nextCalls: 1)
            let daemon = try fixture.startDaemon(changing: ["LEADCONVERT_CALL_SIZE": "21"])
            try await fixture.await("all others are settled") { queue in
                try queue.jobs().filter { $0.text("state") == "converted" }.count == 20
            }
            let later = try await fixture.enqueueLeads(5)
            try await fixture.await("later ones are settled") { queue in
                try queue.jobs().filter { $0.text("state") == "converted" }.count == 25
            }
            #expect(try fixture.queue.jobs()[7].text("state") == "verifying")
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)

            fixture.simulator.change(failing, .retrievalWorks)
            #expect(try await fixture.drain().code == 0)
            #expect(try await fixture.mismatches(to: leads + later) == [])
        }
    }

    @Test func `an address whose search always fails fails its lead after its attempts`()
        async throws
    {
        try await withFixture { fixture in
            let policy = RetryPolicy(maxAttempts: 3, baseDelayMS: 50, maxDelayMS: 100)
            try fixture.queue.operations.set(policy, named: "default")
            fixture.simulator.failSearches(naming: "failing@example.org")
            let leads = await fixture.simulator.addLeads(12)
            let rows = leads.enumerated().map { place, lead in
                "\(lead),Qualified,\(place == 3 ? "failing" : "p\(place)")@example.org\n"
            }
            try Data(("leadId,convertedStatus,Email\n" + rows.joined()).utf8)
                .write(to: fixture.folder.appendingPathComponent("leads.csv"))
            #expect(try await fixture.run("enqueue", "leads.csv", "--match-contact").code == 0)
            #expect(try await fixture.drain().code == 0)

            let jobs = try fixture.queue.jobs()
            #expect(jobs.filter { $0.text("state") == "converted" }.count == 11)
            #expect(jobs[3].text("state") == "failed")
            #expect(jobs[3].number("attempts") == 3)
            #expect(jobs[3].text("error_code") != nil)
            let outcomes = try fixture.queue.log(of: leads[3]).map { $0.text("outcome") }
            #expect(outcomes == ["retry", "retry", "failed"])
        }
    }

    @Test func `a queue on which only commands have asked Salesforce is no older copy`()
        async throws
    {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(3)
            let check = try await Program.helper.run(
                ["check"], environment: fixture.settings, in: fixture.folder)
            #expect(check.code == 0)
            let end = try await fixture.drain()
            #expect(end.code == 0)
            #expect(!end.errors.contains("older copy"), "\(end.errors)")
            #expect(try await fixture.mismatches(to: leads) == [])
        }
    }

    @Test(arguments: ["CANNOT_UPDATE_CONVERTED_LEAD", "A_CODE_NOBODY_KNOWS", "INVALID_STATUS"])
    func `a restored copy converts nobody twice, whatever a second conversion is called`(
        code: String
    ) async throws {
        try await withFixture {
            $0.secondConversionCode = code
        } _: { fixture in
            let policy = RetryPolicy(maxAttempts: 2, baseDelayMS: 50, maxDelayMS: 100)
            try fixture.queue.operations.set(policy, named: "default")
            let leads = try await fixture.enqueueLeads(20)
            let backup = fixture.folder.appendingPathComponent("backup.db").path
            try fixture.queue.operations.backup(to: backup)
            #expect(try await fixture.drain().code == 0)
            for suffix in ["", "-wal", "-shm"] { unlink(fixture.queue.path + suffix) }
            try FileManager.default.copyItem(atPath: backup, toPath: fixture.queue.path)

            #expect(try await fixture.drain().code == 0)
            let restored = try JobQueue(path: fixture.queue.path, as: .client)
            #expect(try restored.jobs().allSatisfy { $0.text("state") == "converted" })
            #expect(await fixture.simulator.audit().conversions.count == leads.count)
        }
    }

    @Test(arguments: ["CANNOT_UPDATE_CONVERTED_LEAD", "A_CODE_NOBODY_KNOWS", "INVALID_STATUS"])
    func `a lead that is sent again and was converted is reported so under any code`(
        code: String
    ) async throws {
        try await withFixture {
            $0.secondConversionCode = code
        } _: { fixture in
            let policy = RetryPolicy(maxAttempts: 2, baseDelayMS: 50, maxDelayMS: 100)
            try fixture.queue.operations.set(policy, named: "default")
            // An earlier call is taken for lost and for over, and was neither.
            let leads = try await fixture.enqueueLeads(3)
            #expect(try await fixture.drain().code == 0)
            try fixture.queue.run(
                sql: """
                    UPDATE jobs SET state = 'queued', finished_at = NULL, attempts = 0,
                        may_be_converted = 1
                    """)
            #expect(try await fixture.drain().code == 0)
            for lead in leads {
                let last = try #require(try fixture.queue.log(of: lead).last)
                #expect(last.text("kind") == "verify")
                #expect(last.text("outcome") == "converted")
            }
            #expect(try fixture.queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }
}
