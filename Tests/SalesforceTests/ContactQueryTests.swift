import Conversion
import TestSupport
import Testing

@testable import Salesforce

@Suite struct ContactQueryTests {
    private let addresses = ["Ada@example.org", "o'neil+x@example.org"]

    private func read(_ status: Int, _ body: String, _ addresses: [String]? = nil)
        -> Reply<[[FoundContact]]>.Outcome
    {
        ContactQuery.outcome(
            of: APIResponse(status, body), for: (addresses ?? self.addresses).map { .email($0) },
            tellingPersonAccounts: false)
    }

    private func page(_ rows: String, done: Bool = true) -> String {
        #"{"totalSize":9,"done":\#(done),"records":[\#(rows)]}"#
    }

    @Test func `escapes quotes and backslashes`() {
        #expect(
            ContactQuery.text(
                [.email(#"o'neil@example.org"#), .email(#"a\') OR (Email != '@x"#)],
                tellingPersonAccounts: false)
                == #"SELECT Id, AccountId, Email FROM Contact WHERE Email IN "#
                + #"('o\'neil@example.org','a\\\') OR (Email != \'@x') ORDER BY CreatedDate, Id"#)
    }

    @Test func `asks with one request that has nothing open in its URL`() async throws {
        try await withTransport { _ in
            .say(
                ScriptedServer.http(
                    200, #"{"totalSize":0,"done":true,"records":[]}"#,
                    headers: "Sforce-Limit-Info: api-usage=5/10"))
        } _: { transport, server in
            let reply = await transport.send(.searchContacts([.email("o'neil+x&y@example.org")]))
            #expect(reply.outcome == .foundContacts([[]]))
            #expect(reply.usage == OrgUsage(current: 5, limit: 10))
            let request = try #require(server.requests.first)
            #expect(
                request.line == "GET /services/data/v67.0/query?q=SELECT%20Id%2C%20AccountId%2C%20"
                    + "Email%2C%20IsPersonAccount%20FROM%20Contact%20WHERE%20Email%20IN%20%28%27o%5C%27neil%2Bx%26y%40"
                    + "example.org%27%29%20ORDER%20BY%20CreatedDate%2C%20Id HTTP/1.1")
            #expect(request.header("Authorization") == "Bearer 00D!token")
            #expect(server.requests.count == 1)
        }
    }

    @Test func `gives each address its contacts whatever the case`() throws {
        let contact = FoundContact(
            id: try RecordID("003Ws0000000001", of: .contact),
            accountID: try RecordID("001Ws0000000001", of: .account))
        let privateContact = FoundContact(
            id: try RecordID("003Ws0000000002", of: .contact), accountID: nil)
        let rows = """
            {"attributes":{"type":"Contact"},"Id":"003Ws0000000001IAA",
             "AccountId":"001Ws0000000001IAA","Email":"ADA@example.org"},
            {"Id":"003Ws0000000002IAA","AccountId":null,"Email":"ada@example.org"}
            """
        #expect(read(200, page(rows)) == .value([[contact, privateContact], []]))
    }

    @Test func `tells the contact of a person account`() async throws {
        let row = #"""
            {"Id":"003Ws0000000001IAA","AccountId":"001Ws0000000001IAA","Email":"a@b.c",\#
            "IsPersonAccount":true}
            """#
        let answer = ScriptedServer.http(200, page(row))
        try await withTransport { _ in
            .say(answer)
        } _: { transport, _ in
            guard
                case .foundContacts(let found) = await transport.send(
                    .searchContacts([.email("a@b.c")])
                ).outcome
            else {
                Issue.record("no contacts")
                return
            }
            #expect(found.first?.map(\.isPersonAccount) == [true])
        }
    }

    @Test func `asks without person accounts where the org has none, and remembers it`()
        async throws
    {
        let refusal =
            #"[{"message":"No such column 'IsPersonAccount'","errorCode":"INVALID_FIELD"}]"#
        let row = #"{"Id":"003Ws0000000001IAA","AccountId":null,"Email":"a@b.c"}"#
        let found = ScriptedServer.http(200, page(row))
        try await withTransport { request in
            request.line.contains("IsPersonAccount")
                ? .say(ScriptedServer.http(400, refusal)) : .say(found)
        } _: { transport, server in
            let first = await transport.send(.searchContacts([.email("a@b.c")]))
            #expect(first.outcome.gist == "refused adapted NO_PERSON_ACCOUNTS")
            for _ in 1...2 {
                #expect(
                    await transport.send(.searchContacts([.email("a@b.c")])).outcome.gist
                        == "foundContacts")
            }
            #expect(server.requests.count { $0.line.contains("IsPersonAccount") } == 1)
            #expect(transport.hasSession)
        }
    }

    @Test func `asks for less when a page is not the whole answer`() {
        #expect(read(200, page("", done: false)).gist == "refused callTooLarge MANY_CONTACTS")
        let stranger = #"{"Id":"003Ws0000000001IAA","Email":"x@example.org"}"#
        #expect(read(200, page(stranger)).gist == "refused callTooLarge OTHER_ADDRESS")
        // Of one address all are, whatever it is written like.
        #expect(read(200, page(stranger), ["ä@example.org"]).gist == "foundContacts")
        let outcome = read(200, page(stranger, done: false), ["ä@example.org"])
        #expect(outcome.gist == "refused callTooLarge MULTIPLE_CONTACTS_MATCH")
    }

    @Test func `doubts what is no list of contacts`() {
        for body in ["", "[]", page(#"{"Id":"003"}"#), page(#"{"Id":"003x","Email":"a@b"}"#)] {
            #expect(read(200, body).gist == "unclear UNREADABLE_ANSWER")
        }
    }

    @Test(arguments: [
        (400, "INVALID_TYPE", "refused permission CONTACTS_NOT_VISIBLE"),
        (400, "INVALID_FIELD", "refused permission CONTACTS_NOT_VISIBLE"),
        (400, "MALFORMED_QUERY", "refused callTooLarge MALFORMED_QUERY"),
        (401, "INVALID_SESSION_ID", "refused session INVALID_SESSION_ID"),
        (403, "REQUEST_LIMIT_EXCEEDED", "refused allowance REQUEST_LIMIT_EXCEEDED"),
        (400, "QUERY_TIMEOUT", "refused callTooLarge QUERY_TIMEOUT"),
    ])
    func `reads refusals`(_ status: Int, _ code: String, _ gist: String) {
        let body = #"[{"message":"near ada@example.org","errorCode":"\#(code)"}]"#
        #expect(read(status, body).gist == gist)
        if code == "QUERY_TIMEOUT" {
            #expect(read(status, body, ["ada@example.org"]).gist == "unclear QUERY_TIMEOUT")
        }
    }
}
