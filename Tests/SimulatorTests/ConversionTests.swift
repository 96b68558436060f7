import SalesforceSimulator
import TestSupport
import Testing

/// What convertLead does and says, lead by lead.
@Suite(.timeLimit(.minutes(20))) struct ConversionTests {
    @Test func `a converted lead is answered in Salesforce's words`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let id = try #require(await wire.simulator.leads(.open, limit: 1).first?.id)
            let answer = try await wire.convert([Envelope.lead(id)], token: token)
            let lead = try #require(await wire.simulator.lead(id))
            let account = try #require(lead.convertedAccountID)
            let contact = try #require(lead.convertedContactID)
            let opportunity = try #require(lead.convertedOpportunityID)
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "text/xml; charset=utf-8")
            #expect(
                answer.body == """
                    <?xml version="1.0" encoding="UTF-8"?>\
                    <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
                    xmlns="urn:partner.soap.sforce.com" \
                    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Header>\
                    <LimitInfoHeader><limitInfo><current>1</current><limit>100000</limit>\
                    <type>API REQUESTS</type></limitInfo></LimitInfoHeader></soapenv:Header>\
                    <soapenv:Body><convertLeadResponse><result><accountId>\(account)</accountId>\
                    <contactId>\(contact)</contactId><leadId>\(id)</leadId>\
                    <opportunityId>\(opportunity)</opportunityId><success>true</success></result>\
                    </convertLeadResponse></soapenv:Body></soapenv:Envelope>
                    """)
            #expect(lead.isConverted && lead.status == "Closed - Converted")
        }
    }

    @Test func `one lead fails and its neighbours are converted`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let leads = await wire.simulator.leads(.open, limit: 3)
            let asks = [
                Envelope.lead(leads[0].id), Envelope.lead(leads[1].id, status: "Nope &amp; more"),
                Envelope.lead(leads[2].id, noOpportunity: true),
            ]
            let answer = try await wire.convert(asks, token: token)
            let results = answer.body.all("result")
            #expect(answer.status == 200)
            try #require(results.map { $0.between("<leadId>", "<") } == leads.map(\.id))
            #expect(results.map { $0.between("<success>", "<") } == ["true", "false", "true"])
            #expect(
                results[1] == """
                    <accountId xsi:nil="true"/><contactId xsi:nil="true"/><errors>\
                    <fields>Status</fields><message>invalid convertedStatus: Nope &amp; more\
                    </message><statusCode>INVALID_STATUS</statusCode></errors>\
                    <leadId>\(leads[1].id)</leadId><opportunityId xsi:nil="true"/>\
                    <success>false</success>
                    """)
            #expect(results[2].contains(#"<opportunityId xsi:nil="true"/><success>true"#))
        }
    }

    @Test func `a second conversion is refused for that lead alone`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let id = await wire.simulator.addLead(.alreadyConverted)
            let other = await wire.simulator.addLead()
            let answer = try await wire.convert(
                [Envelope.lead(id), Envelope.lead(other)], token: token)
            #expect(codes(answer) == ["CANNOT_UPDATE_CONVERTED_LEAD", nil])
            #expect(await wire.simulator.audit().conversions.map(\.leadID) == [other])
        }
    }

    @Test func `a lead of a queue needs an owner`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let id = await wire.simulator.addLead(.ownedByQueue)
            let refused = try await wire.convert([Envelope.lead(id)], token: token)
            #expect(
                refused.body.all("message") == [
                    "Converted objects can only be owned by users.  If the lead is not owned by a "
                        + "user, you must specify a user for the Owner field."
                ])
            let owner = wire.simulator.userID()
            let accepted = try await wire.convert([Envelope.lead(id, ownerID: owner)], token: token)
            #expect(codes(accepted) == [nil])
        }
    }

    @Test func `the rules of accounts, contacts and opportunities hold`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let org = wire.simulator
            let ids = await org.leads(.open, limit: 11).map(\.id)
            let account = org.accountID(0), contact = org.contactID(ofAccount: 0)
            let opportunity = org.opportunityID(ofAccount: 0)
            let asks = [
                Envelope.lead(ids[0], accountID: account, contactID: contact),
                Envelope.lead(ids[1], contactID: contact),
                Envelope.lead(ids[2], accountID: org.accountID(1), contactID: contact),
                Envelope.lead(ids[3], noOpportunity: true, opportunityName: "Big order"),
                Envelope.lead(
                    ids[4], accountID: account, opportunityID: opportunity,
                    opportunityName: "Big order"),
                Envelope.lead(ids[5], accountID: account, opportunityID: opportunity),
                Envelope.lead(ids[6], opportunityName: String(repeating: "x", count: 81)),
                Envelope.lead(ids[7], ownerID: org.inactiveUserID()),
                Envelope.lead(ids[8], accountID: contact),
                Envelope.lead("00Q000000000001"),
                Envelope.lead("00QWs00001LY7VLMA2"),
            ]
            let answer = try await wire.convert(asks, token: token)
            #expect(
                codes(answer) == [
                    nil, "REQUIRED_FIELD_MISSING", "INVALID_CROSS_REFERENCE_KEY",
                    "FIELD_INTEGRITY_EXCEPTION", "FIELD_INTEGRITY_EXCEPTION", nil,
                    "STRING_TOO_LONG", "INACTIVE_OWNER_OR_USER", "MALFORMED_ID",
                    "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID",
                ])
            #expect(await org.lead(ids[0])?.convertedContactID == contact)
            #expect(await org.lead(ids[5])?.convertedOpportunityID == opportunity)
        }
    }

    @Test func `a duplicate rule names the contact that it found`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let contact = wire.simulator.contactID()
            let id = await wire.simulator.addLead(.duplicateOf([contact]))
            let refused = try await wire.convert([Envelope.lead(id)], token: token)
            #expect(codes(refused) == ["DUPLICATES_DETECTED"])
            #expect(refused.body.contains(#"<errors xsi:type="DuplicateError">"#))
            #expect(refused.body.contains("<sf:Id>\(contact)</sf:Id><sf:Id>\(contact)</sf:Id>"))
            let header = """
                <urn:DuplicateRuleHeader><urn:allowSave>true</urn:allowSave>\
                <urn:includeRecordDetails>false</urn:includeRecordDetails>\
                <urn:runAsCurrentUser>true</urn:runAsCurrentUser></urn:DuplicateRuleHeader>
                """
            let saved = try await wire.convert([Envelope.lead(id)], token: token, header: header)
            #expect(codes(saved) == [nil])
        }
    }

    @Test func `refuses what is deleted, locked or stopped by a trigger`() async throws {
        try await withOrg { wire in
            let token = try await wire.login()
            let asks = [
                Envelope.lead(await wire.simulator.addLead(.deleted)),
                Envelope.lead(await wire.simulator.addLead(.triggerFailure("LeadTrigger: no"))),
                Envelope.lead(await wire.simulator.addLead(.lockedFor(times: 1))),
            ]
            let first = try await wire.convert(asks, token: token)
            #expect(
                codes(first) == [
                    "ENTITY_IS_DELETED", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                    "UNABLE_TO_LOCK_ROW",
                ])
            #expect(codes(try await wire.convert([asks[2]], token: token)) == [nil])
        }
    }

    /// The code of each result, nil where it succeeded.
    private func codes(_ answer: Answer) -> [String?] {
        answer.body.all("result").map { $0.between("<statusCode>", "<") }
    }
}
