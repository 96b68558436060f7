import Conversion
import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// Orgs that are not ready, and leads that would fail: each line names its remedy.
@Suite(.timeLimit(.minutes(20))) struct CheckOrgTests {
    @Test func `tells a wrong secret`() async throws {
        try await withFixture { fixture in
            let report = try await fixture.check(changing: ["SALESFORCE_CLIENT_SECRET": "other"])
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

    @Test func `tells an app that issues JWTs`() async throws {
        try await withFixture {
            $0.issuesJWTShapedTokens = true
        } _: { fixture in
            let report = try await fixture.check()
            #expect(report.end.code == 78)
            #expect(report["login"]?.remedy.hasPrefix("Switch off \"Issue JSON Web Token") == true)
        }
    }

    @Test func `tells a token that the org refuses`() async throws {
        try await withFixture { fixture in
            let report = try await fixture.check(
                changing: [
                    "SALESFORCE_CLIENT_SECRET": nil,
                    "SALESFORCE_INSTANCE_URL": fixture.simulator.url,
                    "SALESFORCE_ACCESS_TOKEN": "00DWs000000oRgX!AQstale",
                ])
            #expect(report.end.code == 77)
            #expect(report.failures.map(\.name) == ["user"])
            #expect(report["user"]?.remedy.hasPrefix("check that the token is fresh") == true)
            #expect(!report.end.output.contains("AQstale"))
        }
    }

    @Test func `tells a version that is retired or not there yet`() async throws {
        try await withFixture {
            $0.oldestVersion = 55
        } _: { fixture in
            for (version, word) in [("54.0", "retired"), ("68.0", "not there yet")] {
                let report = try await fixture.check(changing: ["SALESFORCE_API_VERSION": version])
                #expect(report.end.code == 78)
                #expect(report["version"]?.message.contains(word) == true)
                #expect(report["version"]?.remedy == "set SALESFORCE_API_VERSION=67.0")
            }
            let old = try await fixture.check(changing: ["SALESFORCE_API_VERSION": "55.0"])
            #expect(old.end.code == 0)
            #expect(old["version"]?.status == "warn")
        }
    }

    @Test func `tells a user who may not convert leads`() async throws {
        try await withFixture {
            $0.convertsLeads = false
        } _: { fixture in
            let report = try await fixture.check()
            #expect(report.end.code == 77)
            #expect(report.failures.map(\.name) == ["permission"])
            #expect(report["permission"]?.remedy.contains("System Permissions > Convert") == true)
        }
    }

    @Test func `only warns where the permission cannot be read`() async throws {
        try await withFixture {
            $0.showsPermissions = false
        } _: { fixture in
            let report = try await fixture.check()
            #expect(report.end.code == 0)
            #expect(report["permission"]?.status == "warn")
            #expect(report["permission"]?.message == "can't be read (INVALID_TYPE)")
        }
    }

    @Test func `tells a user who may not write the records`() async throws {
        try await withFixture {
            $0.readOnlyObjects = ["Account"]
        } _: { fixture in
            let report = try await fixture.check()
            #expect(report.end.code == 77)
            #expect(report.failures.map(\.name) == ["objects"])
            #expect(report["objects"]?.remedy.hasSuffix("create Account, edit Account") == true)
        }
    }

    @Test func `tells a user who may not make the notes and tasks that are asked for`() async throws
    {
        try await withFixture {
            $0.readOnlyObjects = ["Note", "Task"]
        } _: { fixture in
            #expect(try await fixture.check().end.code == 0)
            let lead = await fixture.simulator.addLead()
            _ = try await fixture.run(
                "enqueue", "--lead-id", lead, "--converted-status", "Qualified", "--note", "Hello")
            let report = try await fixture.check()
            #expect(report.end.code == 77)
            #expect(report["objects"]?.message.hasSuffix("may not create Note") == true)
        }
    }

    @Test func `only warns of opportunities that nobody asks for`() async throws {
        try await withFixture {
            $0.readOnlyObjects = ["Opportunity"]
        } _: { fixture in
            let lead = await fixture.simulator.addLead()
            let some = try await fixture.check()
            #expect(some.end.code == 77)
            var ask = LeadConversion(
                leadID: try RecordID(lead, of: .lead), convertedStatus: "Qualified")
            ask.doNotCreateOpportunity = true
            try fixture.queue.enqueue(.init(), at: .now) { _ = try $0.add(ask) }
            let none = try await fixture.check()
            #expect(none.end.code == 0)
            #expect(none["objects"]?.status == "warn")
        }
    }

    @Test func `names the statement that fixes a wrong status`() async throws {
        try await withFixture {
            $0.convertedStatuses = ["Won's"]
        } _: { fixture in
            let leads = await fixture.simulator.addLeads(3)
            try fixture.enqueue(Array(leads[..<2]), as: "Qualified")
            try fixture.enqueue([leads[2]], as: "Won's")
            let report = try await fixture.check()
            #expect(report.end.code == 65)
            #expect(
                report["statuses"]
                    == .init(
                        status: "FAIL", name: "statuses",
                        message: "2 jobs name the status \"Qualified\"; the org converts with: "
                            + "Won's",
                        remedy:
                            "sqlite3 \(fixture.queue.path) \"UPDATE jobs SET converted_status = "
                            + "'Won''s' WHERE state IN ('queued', 'held') AND converted_status = "
                            + "'Qualified'\""))
            let remedy = try #require(report["statuses"]?.remedy)
            let shell = try await Program.shell.run(["-c", remedy])
            #expect(shell.code == 0)
            let fixed = try await fixture.check()
            #expect(fixed.end.code == 0)
            #expect(fixed["statuses"]?.status == "ok")
        }
    }

    @Test func `tells an allowance that is spent or nearly so`() async throws {
        for (used, code, status) in [(990, Int32(75), "FAIL"), (870, 0, "warn")] {
            try await withFixture {
                $0.dailyLimit = 1000
                $0.used = used
            } _: { fixture in
                let report = try await fixture.check()
                #expect(report.end.code == code)
                #expect(report["allowance"]?.status == status)
                #expect(report["allowance"]?.remedy.hasPrefix("wait") == true)
            }
        }
    }

    @Test func `tells an org that refuses every request for today`() async throws {
        try await withFixture {
            $0.dailyLimit = 10
            $0.used = 10
        } _: { fixture in
            let report = try await fixture.check()
            #expect(report.end.code == 75)
            #expect(report["user"]?.remedy.hasPrefix("wait until requests are a day old") == true)
        }
    }

    @Test func `warns of too many calls at once for a developer org`() async throws {
        try await withFixture {
            $0.edition = "Developer Edition"
        } _: { fixture in
            let report = try await fixture.check(changing: ["LEADCONVERT_CONCURRENCY": "8"])
            #expect(report.end.code == 0)
            #expect(report["concurrency"]?.status == "warn")
            #expect(report["concurrency"]?.remedy == "set LEADCONVERT_CONCURRENCY=4")
        }
    }

    @Test func `tells leads that would fail and those that are converted already`() async throws {
        try await withFixture { fixture in
            let gone = await fixture.simulator.addLead(.deleted)
            let owned = await fixture.simulator.addLead(.ownedByQueue)
            let converted = await fixture.simulator.addLead(.alreadyConverted)
            try fixture.enqueue([gone, owned, converted, await fixture.simulator.addLead()])
            let report = try await fixture.check()
            #expect(report.end.code == 65)
            let path = fixture.queue.path
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
                            + "WHERE finished_at IS NULL AND lead_id IN ('\(owned)')\"; "
                            + "or for all such leads: leadconvert policy set default --db \(path) "
                            + "--fallback-owner 005..."),
                    .init(
                        status: "warn", name: "leads",
                        message: "1 of 4 leads looked at is converted already: they will be looked "
                            + "up and recorded as that",
                        remedy: "nothing, or: leadconvert cancel --db \(path) \(converted)"),
                ])
        }
    }

    @Test func `a command that names the first of many leads can be typed as it stands`()
        async throws
    {
        try await withFixture { fixture in
            for _ in 1...6 { try fixture.enqueue([await fixture.simulator.addLead(.deleted)]) }
            let remedy = try #require(try await fixture.check()["leads"]?.remedy)
            let start = "for the first 5 (--json has all): leadconvert "
            #expect(remedy.hasPrefix("\(start)cancel --db "))
            let command = remedy.dropFirst(start.count).split(separator: " ").map(String.init)
            let end = try await Program.helper.run(command, in: fixture.folder)
            #expect(end.output == "5 jobs cancelled.\n", "\(end.errors)")
        }
    }

    @Test func `looks at all leads when asked`() async throws {
        try await withFixture { fixture in
            var leads = await fixture.simulator.addLeads(2100)
            leads.append(await fixture.simulator.addLead(.deleted))
            try fixture.enqueue(leads)
            let some = try await fixture.check()
            #expect(some["leads"]?.message.contains("200 leads looked at") == true)
            let all = try await fixture.check("--leads")
            #expect(all.end.code == 65)
            #expect(all["leads"]?.message.hasPrefix("1 of 2101 leads looked at is deleted") == true)
            let sizes = await fixture.simulator.audit().calls.filter { $0.kind == .verify }.map(
                \.size)
            #expect(sizes == [200, 2000, 101])
        }
    }
}
