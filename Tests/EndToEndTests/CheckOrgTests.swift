import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// Orgs that are not ready, and leads that would fail: each line names its remedy.
@Suite(.timeLimit(.minutes(5))) struct CheckOrgTests {
    @Test func tellsAWrongSecret() async throws {
        try await withStage { stage in
            let report = try await stage.check(changing: ["SALESFORCE_CLIENT_SECRET": "other"])
            #expect(report.end.code == 77)
            #expect(
                report["login"]
                    == .init(
                        status: "FAIL", name: "login",
                        message: "invalid client credentials (invalid_client)",
                        remedy: "Check SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET."))
            #expect(report["user"]?.message == "not looked at: there is no login")
        }
    }

    @Test func tellsAnAppThatIssuesJWTs() async throws {
        try await withStage {
            $0.issuesJWTShapedTokens = true
        } _: { stage in
            let report = try await stage.check()
            #expect(report.end.code == 78)
            #expect(report["login"]?.remedy.hasPrefix("Switch off \"Issue JSON Web Token") == true)
        }
    }

    @Test func tellsATokenThatTheOrgRefuses() async throws {
        try await withStage { stage in
            let report = try await stage.check(
                changing: [
                    "SALESFORCE_CLIENT_SECRET": nil, "SALESFORCE_INSTANCE_URL": stage.simulator.url,
                    "SALESFORCE_ACCESS_TOKEN": "00DWs000000oRgX!AQstale",
                ])
            #expect(report.end.code == 77)
            #expect(report.failures.map(\.name) == ["user"])
            #expect(report["user"]?.remedy.hasPrefix("check that the token is fresh") == true)
            #expect(!report.end.output.contains("AQstale"))
        }
    }

    @Test func tellsAVersionThatIsRetiredOrNotThereYet() async throws {
        try await withStage {
            $0.oldestVersion = 50
        } _: { stage in
            for (version, word) in [("45.0", "retired"), ("68.0", "not there yet")] {
                let report = try await stage.check(changing: ["SALESFORCE_API_VERSION": version])
                #expect(report.end.code == 78)
                #expect(report["version"]?.message.contains(word) == true)
                #expect(report["version"]?.remedy == "set SALESFORCE_API_VERSION=67.0")
            }
            let old = try await stage.check(changing: ["SALESFORCE_API_VERSION": "55.0"])
            #expect(old.end.code == 0)
            #expect(old["version"]?.status == "warn")
        }
    }

    @Test func tellsAUserWhoMayNotConvertLeads() async throws {
        try await withStage {
            $0.convertsLeads = false
        } _: { stage in
            let report = try await stage.check()
            #expect(report.end.code == 77)
            #expect(report.failures.map(\.name) == ["permission"])
            #expect(report["permission"]?.remedy.contains("System Permissions > Convert") == true)
        }
    }

    @Test func onlyWarnsWhereThePermissionCannotBeRead() async throws {
        try await withStage {
            $0.showsPermissions = false
        } _: { stage in
            let report = try await stage.check()
            #expect(report.end.code == 0)
            #expect(report["permission"]?.status == "warn")
            #expect(report["permission"]?.message == "can't be read (INVALID_TYPE)")
        }
    }

    @Test func tellsAUserWhoMayNotWriteTheRecords() async throws {
        try await withStage {
            $0.readOnlyObjects = ["Account"]
        } _: { stage in
            let report = try await stage.check()
            #expect(report.end.code == 77)
            #expect(report.failures.map(\.name) == ["objects"])
            #expect(report["objects"]?.remedy.hasSuffix("create Account, edit Account") == true)
        }
    }

    @Test func onlyWarnsOfOpportunitiesThatNobodyAsksFor() async throws {
        try await withStage {
            $0.readOnlyObjects = ["Opportunity"]
        } _: { stage in
            let lead = await stage.simulator.addLead()
            let some = try await stage.check()
            #expect(some.end.code == 77)
            var ask = LeadConversion(
                leadID: try RecordID(lead, of: .lead), convertedStatus: "Qualified")
            ask.doNotCreateOpportunity = true
            try stage.queue.enqueue(.init(), at: .now) { _ = try $0.add(ask) }
            let none = try await stage.check()
            #expect(none.end.code == 0)
            #expect(none["objects"]?.status == "warn")
        }
    }

    @Test func namesTheStatementThatFixesAWrongStatus() async throws {
        try await withStage {
            $0.convertedStatuses = ["Won's"]
        } _: { stage in
            let leads = await stage.simulator.addLeads(3)
            try stage.enqueue(Array(leads[..<2]), as: "Qualified")
            try stage.enqueue([leads[2]], as: "Won's")
            let report = try await stage.check()
            #expect(report.end.code == 65)
            #expect(
                report["statuses"]
                    == .init(
                        status: "FAIL", name: "statuses",
                        message: "2 jobs name the status \"Qualified\"; the org converts with: "
                            + "Won's",
                        remedy: "sqlite3 \(stage.queue.path) \"UPDATE jobs SET converted_status = "
                            + "'Won''s' WHERE state IN ('queued', 'held') AND converted_status = "
                            + "'Qualified'\""))
            let remedy = try #require(report["statuses"]?.remedy)
            let shell = try await Program.shell.run(["-c", remedy])
            #expect(shell.code == 0)
            let fixed = try await stage.check()
            #expect(fixed.end.code == 0)
            #expect(fixed["statuses"]?.status == "ok")
        }
    }

    @Test func tellsAnAllowanceThatIsSpentOrNearlySo() async throws {
        for (used, code, status) in [(990, Int32(75), "FAIL"), (870, 0, "warn")] {
            try await withStage {
                $0.dailyLimit = 1000
                $0.used = used
            } _: { stage in
                let report = try await stage.check()
                #expect(report.end.code == code)
                #expect(report["allowance"]?.status == status)
                #expect(report["allowance"]?.remedy.hasPrefix("wait") == true)
            }
        }
    }

    @Test func tellsAnOrgThatRefusesEveryRequestForToday() async throws {
        try await withStage {
            $0.dailyLimit = 10
            $0.used = 10
        } _: { stage in
            let report = try await stage.check()
            #expect(report.end.code == 75)
            #expect(report["user"]?.remedy.hasPrefix("wait until requests are a day old") == true)
        }
    }

    @Test func warnsOfTooManyCallsAtOnceForADeveloperOrg() async throws {
        try await withStage {
            $0.edition = "Developer Edition"
        } _: { stage in
            let report = try await stage.check(changing: ["LEADCONVERT_CONCURRENCY": "8"])
            #expect(report.end.code == 0)
            #expect(report["concurrency"]?.status == "warn")
            #expect(report["concurrency"]?.remedy == "set LEADCONVERT_CONCURRENCY=4")
        }
    }

    @Test func tellsLeadsThatWouldFailAndThoseThatAreConvertedAlready() async throws {
        try await withStage { stage in
            let gone = await stage.simulator.addLead(.deleted)
            let owned = await stage.simulator.addLead(.ownedByQueue)
            let converted = await stage.simulator.addLead(.alreadyConverted)
            try stage.enqueue([gone, owned, converted, await stage.simulator.addLead()])
            let report = try await stage.check()
            #expect(report.end.code == 65)
            let path = stage.queue.path
            #expect(
                report.lines.filter { $0.name == "leads" } == [
                    .init(
                        status: "FAIL", name: "leads",
                        message: "1 of 4 leads looked at is deleted, merged away or hidden from "
                            + "the user: they will fail",
                        remedy: "leadconvert cancel --db \(path) \(gone)"),
                    .init(
                        status: "FAIL", name: "leads",
                        message: "1 of 4 leads looked at is owned by a queue, and the job names no "
                            + "owner: they will fail",
                        remedy:
                            "name a user: sqlite3 \(path) \"UPDATE jobs SET owner_id = '005...' "
                            + "WHERE finished_at IS NULL AND lead_id IN ('\(owned)')\""),
                    .init(
                        status: "warn", name: "leads",
                        message: "1 of 4 leads looked at is converted already: they will be looked "
                            + "up and recorded as that",
                        remedy: "nothing, or: leadconvert cancel --db \(path) \(converted)"),
                ])
        }
    }

    @Test func looksAtAllLeadsWhenAsked() async throws {
        try await withStage { stage in
            var leads = await stage.simulator.addLeads(2100)
            leads.append(await stage.simulator.addLead(.deleted))
            try stage.enqueue(leads)
            let some = try await stage.check()
            #expect(some["leads"]?.message.contains("200 leads looked at") == true)
            let all = try await stage.check("--leads")
            #expect(all.end.code == 65)
            #expect(all["leads"]?.message.hasPrefix("1 of 2101 leads looked at is deleted") == true)
            let sizes = await stage.simulator.audit().calls.filter { $0.kind == .verify }.map(
                \.size)
            #expect(sizes == [200, 2000, 101])
        }
    }
}
