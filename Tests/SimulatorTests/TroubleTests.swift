import SalesforceSimulator
import TestSupport
import Testing

/// Trouble that is ordered: of the whole org, or of leads and addresses by name.
@Suite(.timeLimit(.minutes(20))) struct SimulatorTroubleTests {
    @Test func `an incident refuses conversions until it is ended, and nothing else`() async throws
    {
        try await withOrg { wire in
            let token = try await wire.login()
            let ask = Envelope.lead(await wire.simulator.addLead())
            wire.simulator.begin(Incident("MADE_UP_CODE"))
            for _ in 1...2 {
                let refused = try await wire.convert([ask], token: token)
                #expect(refused.status == 500)
                #expect(refused.body.contains("<sf:exceptionCode>MADE_UP_CODE</sf:exceptionCode>"))
            }
            #expect(try await wire.get("/limits", token: token).status == 200)
            wire.simulator.endIncident()
            #expect(try await wire.convert([ask], token: token).body.all("success") == ["true"])
        }
    }

    @Test func `an incident of so many calls ends by itself`() async throws {
        try await withOrg {
            $0.incident = Incident("INTERNAL_ERROR", .bareFault, calls: 1)
        } _: { wire in
            let token = try await wire.login()
            let ask = Envelope.lead(await wire.simulator.addLead())
            let refused = try await wire.convert([ask], token: token)
            #expect(refused.body.contains("<faultcode>soapenv:INTERNAL_ERROR</faultcode>"))
            #expect(!refused.body.contains("<detail>"))
            #expect(try await wire.convert([ask], token: token).body.all("success") == ["true"])
        }
    }

    @Test func `an incident ends after its seconds`() async throws {
        try await withOrg {
            $0.incident = Incident("INTERNAL_ERROR", seconds: 0)
        } _: { wire in
            let token = try await wire.login()
            let ask = Envelope.lead(await wire.simulator.addLead())
            #expect(try await wire.convert([ask], token: token).body.all("success") == ["true"])
        }
    }

    @Test func `an incident can fail each lead of a call`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let asks = await wire.simulator.leads(.open, limit: 2).map { Envelope.lead($0.id) }
            wire.simulator.begin(Incident("TOO_MANY_APEX_REQUESTS", .eachLead))
            let answer = try await wire.convert(asks, token: token)
            #expect(answer.status == 200)
            #expect(
                answer.body.all("statusCode") == [
                    "TOO_MANY_APEX_REQUESTS", "TOO_MANY_APEX_REQUESTS",
                ])
            #expect(await wire.simulator.audit().conversions.isEmpty)
        }
    }

    @Test func `the limits look healthy while conversions find the allowance spent`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            wire.simulator.begin(Incident("REQUEST_LIMIT_EXCEEDED"))
            let refused = try await wire.convert([], token: token)
            #expect(refused.body.contains("TotalRequests Limit exceeded."))
            let limits = try await wire.get("/limits", token: token)
            #expect(limits.body.contains(#""DailyApiRequests":{"Max":100000,"Remaining":99999"#))
        }
    }

    @Test func `an incident can reach every call`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            wire.simulator.begin(
                Incident("API_CURRENTLY_DISABLED", of: Set(CallKind.allCases)))
            let limits = try await wire.get("/limits", token: token)
            #expect(limits.status == 403)
            #expect(limits.body.contains(#""errorCode":"API_CURRENTLY_DISABLED""#))
        }
    }

    @Test(arguments: [
        (Fault.stray403, UInt(403)), (.stray404, 404), (.stray421, 421), (.strayRedirect, 302),
    ])
    func `an edge answers in the org's place`(_ fault: Fault, _ status: UInt) async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            wire.simulator.script(fault, of: .record)
            wire.simulator.script(fault)
            wire.simulator.script(fault, of: .token)
            let id = await wire.simulator.addLead()
            let answers = [
                try await wire.convert([Envelope.lead(id)], token: token),
                try await wire.get("/sobjects/Lead/\(id)", token: token),
                try await wire.send("POST", "/services/oauth2/token"),
            ]
            for answer in answers {
                #expect(answer.status == status)
                #expect(answer.body.hasPrefix("<!DOCTYPE html>"))
            }
            #expect(await wire.simulator.audit().conversions.isEmpty)
        }
    }

    @Test func `a lead whose reading fails spoils every request that names it`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let failing = await wire.simulator.addLead(.retrievalFails)
            let good = await wire.simulator.addLead()
            let both = try await wire.retrieve(
                #"{"ids":["\#(good)","\#(failing)"],"fields":["Id"]}"#, token: token)
            #expect(both.status == 500)
            #expect(both.body.hasSuffix(#","errorCode":"UNKNOWN_EXCEPTION"}]"#))
            let alone = try await wire.retrieve(
                #"{"ids":["\#(good)"],"fields":["Id"]}"#, token: token)
            #expect(alone.status == 200)
        }
    }

    @Test func `a search that names a failing address fails`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let query = "/query?q=SELECT+Id+FROM+Contact+WHERE+Email+IN+('a@x.org','FAILING@x.org')"
            wire.simulator.failSearches(naming: "failing@x.org")
            #expect(try await wire.get(query, token: token).status == 500)
            wire.simulator.failSearches(naming: "failing@x.org", false)
            #expect(try await wire.get(query, token: token).status == 200)
        }
    }

    @Test func `a lead is refused with a code of its own, beside neighbours that convert`()
        async throws
    {
        try await withOrg { wire in
            let token = try await wire.login()
            let lead = await wire.simulator.addLead(.refused(code: "SERVER_UNAVAILABLE", times: 1))
            let asks = [Envelope.lead(lead), Envelope.lead(await wire.simulator.addLead())]
            let first = try await wire.convert(asks, token: token)
            #expect(first.body.all("success") == ["false", "true"])
            #expect(first.body.all("statusCode") == ["SERVER_UNAVAILABLE"])
            let second = try await wire.convert([asks[0]], token: token)
            #expect(second.body.all("success") == ["true"])
        }
    }

    @Test func `a second conversion gets the code that was chosen`() async throws {
        try await withOrg {
            $0.secondConversionCode = "NEVER_SEEN"
        } _: { wire in
            let token = try await wire.login()
            let ask = Envelope.lead(await wire.simulator.addLead())
            let answer = try await wire.convert([ask, ask], token: token)
            #expect(answer.body.all("statusCode") == ["NEVER_SEEN"])
        }
    }

    @Test func `an error after the commit has no detail of Salesforce's`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let id = await wire.simulator.addLead()
            wire.simulator.script(.errorAfterCommit)
            let answer = try await wire.convert([Envelope.lead(id)], token: token)
            #expect(answer.status == 500)
            #expect(answer.body.contains("<faultcode>soapenv:Server.userException</faultcode>"))
            #expect(await wire.simulator.lead(id)?.isConverted == true)
        }
    }

    @Test func `a success can come without any id`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let id = await wire.simulator.addLead()
            wire.simulator.script(.successWithoutIDs)
            let answer = try await wire.convert([Envelope.lead(id)], token: token)
            #expect(answer.body.contains("<result><success>true</success></result>"))
            #expect(await wire.simulator.lead(id)?.isConverted == true)
        }
    }

    @Test func `a duplicate rule names every record that it found`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let account = wire.simulator.accountID(3)
            let contacts = [
                wire.simulator.contactID(), wire.simulator.contactID(second: true),
            ]
            let id = await wire.simulator.addLead(.duplicateOf([account] + contacts))
            let answer = try await wire.convert([Envelope.lead(id)], token: token)
            #expect(answer.body.all("sf:Id") == ([account] + contacts).flatMap { [$0, $0] })
            #expect(answer.body.all("entityType") == ["Account", "Contact"])
            #expect(answer.body.all("size") == ["1", "2"])
        }
    }
}

/// People who are accounts.
@Suite(.timeLimit(.minutes(20))) struct PersonAccountTests {
    @Test func `a person account takes no contact beside it`() async throws {
        try await withOrg {
            $0.hasPersonAccounts = true
        } _: { wire in
            let token = try await wire.login()
            let person = await wire.simulator.addPersonAccount(email: "p@x.org")
            let id = await wire.simulator.addLead()
            let refused = try await wire.convert(
                [Envelope.lead(id, accountID: person.accountID, contactID: person.contactID)],
                token: token)
            #expect(refused.body.all("statusCode") == ["INVALID_CONTACT"])
            let taken = try await wire.convert(
                [Envelope.lead(id, accountID: person.accountID)], token: token)
            #expect(taken.body.all("contactId") == [person.contactID])
        }
    }

    @Test(arguments: [false, true])
    func `an org shows its person accounts only where it has the feature`(
        hasPersonAccounts: Bool
    ) async throws {
        try await withOrg {
            $0.hasPersonAccounts = hasPersonAccounts
        } _: { wire in
            let token = try await wire.login()
            let person = await wire.simulator.addPersonAccount(email: "p@x.org")
            let query = "/query?q=SELECT+IsPersonAccount+FROM+Contact+WHERE+Email='p@x.org'"
            let answer = try await wire.get(query, token: token)
            #expect(answer.status == (hasPersonAccounts ? 200 : 400))
            #expect(answer.body.contains(#""IsPersonAccount":true"#) == hasPersonAccounts)
            let account = try await wire.get("/sobjects/Account/\(person.accountID)", token: token)
            #expect(account.body.contains("IsPersonAccount") == hasPersonAccounts)
        }
    }
}
