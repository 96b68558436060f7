import SalesforceSimulator
import TestSupport
import Testing

/// The Apex action that somebody deployed.
@Suite(.timeLimit(.minutes(20))) struct SimulatorActionTests {
    private func answer(_ wire: Wire, _ body: String) async throws -> Answer {
        try await wire.send(
            "POST", "/services/data/v67.0/actions/custom/apex/ConvertLeads",
            headers: [
                "Authorization": "Bearer \(try await wire.login())",
                "Content-Type": "application/json",
            ], body: body)
    }

    private func withAction(_ body: (Wire) async throws -> Void) async throws {
        try await withOrg({ $0.apexAction = "ConvertLeads" }, body)
    }

    private func input(_ lead: String, _ more: String = "") -> String {
        #"{"leadId":"\#(lead)","convertedStatus":"Qualified"\#(more)}"#
    }

    @Test func `answers for each input in its order`() async throws {
        try await withAction { wire in
            let id = await wire.simulator.addLead()
            let answer = try await answer(wire, #"{"inputs":[\#(input(id)),\#(input(id))]}"#)
            #expect(answer.status == 200)
            #expect(answer.headers["sforce-limit-info"]?.hasPrefix("api-usage=1/100000") == true)
            let lead = try #require(await wire.simulator.lead(id))
            let account = try #require(lead.convertedAccountID)
            let contact = try #require(lead.convertedContactID)
            let opportunity = try #require(lead.convertedOpportunityID)
            #expect(
                answer.body == """
                    [{"actionName":"ConvertLeads","errors":null,"invocationId":null,\
                    "isSuccess":true,"outcome":null,"outputValues":{"leadId":"\(id)",\
                    "accountId":"\(account)","contactId":"\(contact)",\
                    "opportunityId":"\(opportunity)","statusCode":null,"message":null},\
                    "sortOrder":-1,"version":1},{"actionName":"ConvertLeads","errors":null,\
                    "invocationId":null,"isSuccess":true,"outcome":null,"outputValues":\
                    {"leadId":"\(id)","accountId":null,"contactId":null,"opportunityId":null,\
                    "statusCode":"CANNOT_UPDATE_CONVERTED_LEAD",\
                    "message":"cannot reference converted lead"},"sortOrder":-1,"version":1}]
                    """)
        }
    }

    @Test(arguments: [
        (#"{"inputs":[{"leadId":"x"}]}"#, "REQUIRED_FIELD_MISSING"),
        (#"{"inputs":[{"leadId":"x","convertedStatus":"Q","LeadId":"x"}]}"#, "INVALID_INPUT"),
        (#"{"inputs":[],"allOrNone":false}"#, "INVALID_INPUT"),
        (#"{"inputs":[{"leadId":"x","convertedStatus":"Q","ownerId":5}]}"#, "JSON_PARSER_ERROR"),
        (#"{"input":[]}"#, "INVALID_INPUT"), ("[]", "JSON_PARSER_ERROR"),
    ])
    func `refuses inputs that the class does not have`(body: String, code: String) async throws {
        try await withAction { wire in
            let answer = try await answer(wire, body)
            #expect(answer.status == 400)
            #expect(answer.body.hasSuffix(#","errorCode":"\#(code)"}]"#), "\(answer.body)")
        }
    }

    @Test func `refuses more than a hundred inputs`() async throws {
        try await withAction { wire in
            let inputs = await wire.simulator.leads(.open, limit: 101).map { input($0.id) }
            let body = #"{"inputs":[\#(inputs.joined(separator: ","))]}"#
            let answer = try await answer(wire, body)
            #expect(answer.body.hasSuffix(#","errorCode":"EXCEEDED_LEAD_CONVERT_LIMIT"}]"#))
            #expect(await wire.simulator.audit().conversions.isEmpty)
        }
    }

    @Test func `fails for all inputs when its code throws`() async throws {
        try await withAction { wire in
            let good = await wire.simulator.addLead()
            let poison = await wire.simulator.addLead(.poison)
            let answer = try await answer(wire, #"{"inputs":[\#(input(good)),\#(input(poison))]}"#)
            #expect(answer.status == 400)
            let results = answer.body.split(separator: #""isSuccess":false"#)
            #expect(results.count == 3)
            #expect(answer.body.contains(#""statusCode":"UNKNOWN_EXCEPTION""#))
            #expect(answer.body.contains("An Apex error occurred: LeadTrigger: System.LimitExc"))
            #expect(await wire.simulator.audit().conversions.isEmpty)
        }
    }

    @Test func `fails for the input that its code threw for, and converts the others`() async throws
    {
        try await withAction { wire in
            let failing = await wire.simulator.addLead(.invocationThrows)
            let good = await wire.simulator.addLead()
            let answer = try await answer(wire, #"{"inputs":[\#(input(failing)),\#(input(good))]}"#)
            #expect(answer.status == 400)
            #expect(answer.body.split(separator: #""isSuccess":false"#).count == 2)
            #expect(answer.body.split(separator: #""isSuccess":true"#).count == 2)
            #expect(await wire.simulator.audit().conversions.map(\.leadID) == [good])
        }
    }

    @Test func `answers 500 with an array of errors after it has converted`() async throws {
        try await withAction { wire in
            let id = await wire.simulator.addLead()
            wire.simulator.script(.errorAfterCommit)
            let answer = try await answer(wire, #"{"inputs":[\#(input(id))]}"#)
            #expect(answer.status == 500)
            #expect(answer.body.hasSuffix(#","errorCode":"UNKNOWN_EXCEPTION"}]"#))
            #expect(await wire.simulator.lead(id)?.isConverted == true)
        }
    }

    @Test func `writes an empty code, or no ids at all, beside a success`() async throws {
        try await withAction { wire in
            wire.simulator.script(.emptyStatusCode)
            let first = try await answer(
                wire, #"{"inputs":[\#(input(await wire.simulator.addLead()))]}"#)
            #expect(first.body.contains(#""statusCode":"","message":null"#))
            wire.simulator.script(.successWithoutIDs)
            let second = try await answer(
                wire, #"{"inputs":[\#(input(await wire.simulator.addLead()))]}"#)
            #expect(second.body.contains(#""outputValues":{"leadId":null,"accountId":null"#))
        }
    }

    @Test func `lets duplicates pass only when it is told to`() async throws {
        try await withAction { wire in
            let contact = wire.simulator.contactID()
            let lead = await wire.simulator.addLead(.duplicateOf([contact]))
            let refused = try await answer(wire, #"{"inputs":[\#(input(lead))]}"#)
            #expect(refused.body.contains("DUPLICATES_DETECTED"))
            let told = input(lead, #","allowDuplicates":true"#)
            let passed = try await answer(wire, #"{"inputs":[\#(told)]}"#)
            #expect(passed.body.contains(#""statusCode":null"#))
        }
    }

    @Test func `is not there when nobody has deployed it`() async throws {
        try await withOrg { wire in
            let answer = try await answer(wire, #"{"inputs":[]}"#)
            #expect(answer.status == 404)
            #expect(answer.body.contains(#""errorCode":"NOT_FOUND""#))
        }
    }
}
