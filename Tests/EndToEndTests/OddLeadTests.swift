import Conversion
import Foundation
import Glibc
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// One lead that Salesforce never answers for, and codes that nobody has documented.
@Suite struct OddLeadTests {
    @Test func `a lead whose retrieval always fails keeps nobody waiting`() async throws {
        try await withStage { stage in
            var leads = await stage.simulator.addLeads(20)
            let odd = await stage.simulator.addLead(.retrievalFails)
            leads.insert(odd, at: 7)
            try stage.enqueue(leads)
            // Nobody hears what became of the first call, which has all of them.
            stage.simulator.script(.dropAfterCommit, nextCalls: 1)
            let daemon = try stage.startDaemon(changing: ["LEADCONVERT_CALL_SIZE": "21"])
            try await stage.await("all others are settled") { queue in
                try queue.jobs().filter { $0.text("state") == "converted" }.count == 20
            }
            let later = try await stage.enqueueLeads(5)
            try await stage.await("later ones are settled") { queue in
                try queue.jobs().filter { $0.text("state") == "converted" }.count == 25
            }
            #expect(try stage.queue.jobs()[7].text("state") == "verifying")
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)

            stage.simulator.change(odd, .retrievalWorks)
            #expect(try await stage.drain().code == 0)
            #expect(try await stage.objections(to: leads + later) == [])
        }
    }

    @Test func `an address whose search always fails fails its lead after its attempts`()
        async throws
    {
        try await withStage { stage in
            let policy = RetryPolicy(maxAttempts: 3, baseDelayMS: 50, maxDelayMS: 100)
            try stage.queue.operations.set(policy, named: "default")
            stage.simulator.failSearches(naming: "odd@example.org")
            let leads = await stage.simulator.addLeads(12)
            let rows = leads.enumerated().map { place, lead in
                "\(lead),Qualified,\(place == 3 ? "odd" : "p\(place)")@example.org\n"
            }
            try Data(("leadId,convertedStatus,Email\n" + rows.joined()).utf8)
                .write(to: stage.folder.appendingPathComponent("leads.csv"))
            #expect(try await stage.run("enqueue", "leads.csv", "--match-contact").code == 0)
            #expect(try await stage.drain().code == 0)

            let jobs = try stage.queue.jobs()
            #expect(jobs.filter { $0.text("state") == "converted" }.count == 11)
            #expect(jobs[3].text("state") == "failed")
            #expect(jobs[3].number("attempts") == 3)
            #expect(jobs[3].text("error_code") != nil)
            let outcomes = try stage.queue.log(of: leads[3]).map { $0.text("outcome") }
            #expect(outcomes == ["retry", "retry", "failed"])
        }
    }

    @Test(arguments: ["CANNOT_UPDATE_CONVERTED_LEAD", "A_CODE_NOBODY_KNOWS", "ANOTHER_ONE"])
    func `a restored copy converts nobody twice, whatever a second conversion is called`(
        code: String
    ) async throws {
        try await withStage {
            $0.secondConversionCode = code
        } _: { stage in
            let policy = RetryPolicy(maxAttempts: 2, baseDelayMS: 50, maxDelayMS: 100)
            try stage.queue.operations.set(policy, named: "default")
            let leads = try await stage.enqueueLeads(20)
            let backup = stage.folder.appendingPathComponent("backup.db").path
            try stage.queue.operations.backup(to: backup)
            #expect(try await stage.drain().code == 0)
            for suffix in ["", "-wal", "-shm"] { unlink(stage.queue.path + suffix) }
            try FileManager.default.copyItem(atPath: backup, toPath: stage.queue.path)

            #expect(try await stage.drain().code == 0)
            let restored = try JobQueue(path: stage.queue.path, as: .client)
            #expect(try restored.jobs().allSatisfy { $0.text("state") == "converted" })
            #expect(await stage.simulator.audit().conversions.count == leads.count)
        }
    }

    @Test(arguments: ["CANNOT_UPDATE_CONVERTED_LEAD", "A_CODE_NOBODY_KNOWS", "INVALID_STATUS"])
    func `a lead that is sent again and was converted is reported so under any code`(
        code: String
    ) async throws {
        try await withStage {
            $0.secondConversionCode = code
        } _: { stage in
            let policy = RetryPolicy(maxAttempts: 2, baseDelayMS: 50, maxDelayMS: 100)
            try stage.queue.operations.set(policy, named: "default")
            // An earlier call is taken for lost and for over, and was neither.
            let leads = try await stage.enqueueLeads(3)
            #expect(try await stage.drain().code == 0)
            try stage.queue.run(
                sql: """
                    UPDATE jobs SET state = 'queued', finished_at = NULL, attempts = 0,
                        may_be_converted = 1
                    """)
            #expect(try await stage.drain().code == 0)
            for lead in leads {
                let last = try #require(try stage.queue.log(of: lead).last)
                #expect(last.text("kind") == "verify")
                #expect(last.text("outcome") == "converted")
            }
            #expect(try stage.queue.jobs().allSatisfy { $0.text("state") == "converted" })
        }
    }
}
