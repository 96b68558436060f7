import SalesforceSimulator
import TestSupport
import Testing

/// The REST side: verification, limits, queries, and what is not there.
@Suite(.timeLimit(.minutes(20))) struct SimulatorRestTests {
    @Test func `leads are read in order, with null for what is not there`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let id = await wire.simulator.addLead()
            let deleted = await wire.simulator.addLead(.deleted)
            wire.simulator.convertExternally(id)
            let account = try #require(await wire.simulator.lead(id)?.convertedAccountID)
            let answer = try await wire.retrieve(
                """
                {"ids":["nonsense","\(id.prefix(15))","\(deleted)"],\
                "fields":["Id","IsConverted","ConvertedAccountId","ConvertedOpportunityId"]}
                """, token: token)
            #expect(
                answer.body == """
                    [null,{"attributes":{"type":"Lead",\
                    "url":"/services/data/v67.0/sobjects/Lead/\(id)"},"Id":"\(id)",\
                    "IsConverted":true,"ConvertedAccountId":"\(account)",\
                    "ConvertedOpportunityId":null},null]
                    """)
            #expect(answer.status == 200)
        }
    }

    @Test func `an unknown field and too many ids are refused`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let unknown = try await wire.retrieve(#"{"ids":[],"fields":["Nope"]}"#, token: token)
            #expect(unknown.status == 400)
            #expect(unknown.body.contains(#""errorCode":"INVALID_FIELD""#))
            let ids = Array(repeating: "\"x\"", count: 2001).joined(separator: ",")
            let many = try await wire.retrieve(
                "{\"ids\":[\(ids)],\"fields\":[\"Id\"]}", token: token)
            #expect(many.status == 400)
        }
    }

    @Test func `calls are counted and the usage is told in both forms`() async throws {
        try await withOrg {
            $0.used = 41
            $0.dailyLimit = 43
        } _: { wire in
            let token = try await wire.login()
            _ = try await wire.send("GET", "/services/data/")
            let first = try await wire.get("/limits", token: token)
            #expect(first.body.contains(#""DailyApiRequests":{"Max":43,"Remaining":1,"#))
            #expect(first.headers["sforce-limit-info"] == "api-usage=42/43; api-bursts=1/750")
            let second = try await wire.get("/limits", token: token)
            #expect(second.headers["sforce-limit-info"] == "api-usage=43/43")
            let third = try await wire.get("/limits", token: token)
            #expect(third.status == 403)
            #expect(
                third.body == """
                    [{"message":"TotalRequests Limit exceeded.",\
                    "errorCode":"REQUEST_LIMIT_EXCEEDED"}]
                    """)
            let soap = try await wire.convert([], token: token)
            #expect(soap.body.contains("REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded."))
        }
    }

    @Test func `calls beyond those that may run at once are refused`() async throws {
        try await withOrg {
            $0.concurrent = 1
            $0.stallSeconds = 3600
        } _: { wire in
            let token = try await wire.login()
            wire.simulator.script(.stall)
            try await withThrowingTaskGroup { group in
                group.addTask { _ = try? await wire.convert([], token: token) }
                await wire.simulator.wait { $0.calls.count == 2 }
                let answer = try await wire.convert([], token: token)
                #expect(answer.body.contains("ConcurrentRequests (Concurrent API Requests) Limit"))
                #expect(try await wire.get("/limits", token: token).status == 403)
                group.cancelAll()
            }
        }
    }

    @Test func `the queries that a client needs are answered`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let statuses = try await wire.get(
                "/query?q=SELECT+MasterLabel,IsConverted+FROM+LeadStatus+WHERE+IsConverted+%3D+true"
                    + "+ORDER+BY+SortOrder+DESC", token: token)
            #expect(statuses.body.contains(#""totalSize":2,"done":true"#))
            #expect(statuses.body.between("\"MasterLabel\":\"", "\"") == "Qualified")
            let id = await wire.simulator.addLead(email: "it'S@example.org")
            let lead = try await wire.get(
                "/query?q=SELECT+Id+FROM+Lead+WHERE+Email='it\\\\'s%40example.org'+AND+Id+IN+"
                    .replacing("\\\\", with: "%5C") + "('\(id)','x')", token: token)
            #expect(lead.body.contains("\"Id\":\"\(id)\""))
            let broken = try await wire.get("/query?q=SELECT+FROM", token: token)
            #expect(broken.status == 400)
        }
    }

    @Test func `a long answer comes page by page`() async throws {
        try await withOrg {
            $0.leads = 2500
        } _: { wire in
            let token = try await wire.login()
            let first = try await wire.get("/query?q=SELECT+Id+FROM+Lead", token: token)
            #expect(first.body.hasPrefix(#"{"totalSize":2500,"done":false,"nextRecordsUrl":"#))
            let next = try #require(first.body.between("/services/data/v67.0/query/", "\""))
            let second = try await wire.get("/query/\(next)", token: token)
            #expect(second.body.hasPrefix(#"{"totalSize":2500,"done":true,"records":["#))
            let ids = (first.body + second.body).split(separator: "\"Id\":\"").dropFirst()
            #expect(Set(ids.map { $0.prefix(18) }).count == 2500)
            #expect(try await wire.get("/query/01gWs-0", token: token).status == 400)
        }
    }

    @Test func `one record is shown with all its fields or with some`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let id = wire.simulator.userID()
            let some = try await wire.get("/sobjects/User/\(id)?fields=isactive", token: token)
            #expect(
                some.body == """
                    {"attributes":{"type":"User","url":"/services/data/v67.0/sobjects/User/\(id)"},\
                    "IsActive":true}
                    """)
            let all = try await wire.get("/sobjects/User/\(id)", token: token)
            #expect(all.body.contains("\"Username\":\"ada@example.com\""))
            #expect(try await wire.get("/sobjects/User/x", token: token).status == 404)
        }
    }

    @Test func `no standard action converts leads`() async throws {
        try await withOrg { wire in
            let answer = try await wire.send(
                "POST", "/services/data/v67.0/actions/standard/convertLead",
                headers: ["Authorization": "Bearer \(try await wire.login())"], body: "{}")
            #expect(answer.status == 404)
            #expect(
                answer.body == """
                    [{"message":"Invalid Action Type: convertLead","errorCode":"NOT_FOUND"}]
                    """)
        }
    }

    @Test func `leads are listed as CSV with commas and quotes escaped`() async throws {
        try await withOrg { wire in
            let id = await wire.simulator.addLead(
                company: "A, \"B\"", email: "a@b.c", .ownedByQueue)
            let answer = try await wire.send("GET", "/__simulator/leads?state=queue-owned&limit=1")
            #expect(
                answer.body == #"""
                    Id,Company,Email,Status,OwnerId
                    \#(id),"A, ""B""",a@b.c,Open - Not Contacted,\#(wire.simulator.queueID())

                    """#)
        }
    }
}
