import Conversion
import TestSupport
import Testing

@testable import Salesforce

@Suite struct AccountQueryTests {
    private let query = AccountQuery(field: "Domain__c", values: ["Acme", "O'Neil"])

    private func page(_ rows: String, done: Bool = true) -> String {
        #"{"totalSize":9,"done":\#(done),"records":[\#(rows)]}"#
    }

    private func read(_ status: Int, _ body: String, _ values: [String]? = nil)
        -> Reply<
            [[RecordID]]
        >.Outcome
    {
        AccountQuery(field: "Domain__c", values: values ?? query.values)
            .outcome(of: APIResponse(status, body), tellingPersonAccounts: false)
    }

    private func row(_ number: Int, _ value: String, isPerson: Bool = false) -> String {
        #"{"attributes":{"type":"Account"},"Id":"001Ws000000000\#(number)","domain__C":"\#(value)","#
            + #""IsPersonAccount":\#(isPerson)}"#
    }

    private func id(_ number: Int) throws -> RecordID {
        try RecordID("001Ws000000000\(number)", of: .account)
    }

    @Test func `asks for the field by its values, the oldest first`() {
        #expect(
            query.text(tellingPersonAccounts: true)
                == #"SELECT Id, Domain__c, IsPersonAccount FROM Account WHERE Domain__c IN "#
                + #"('Acme','O\'Neil') ORDER BY CreatedDate, Id"#)
    }

    @Test func `gives each value its accounts whatever the case, and leaves persons out`() throws {
        let rows = [row(1, "ACME"), row(2, "acme"), row(3, "o'neil", isPerson: true)]
        let outcome = read(200, page(rows.joined(separator: ",")))
        #expect(outcome == .value([[try id(1), try id(2)], []]))
    }

    @Test func `asks for less when a page is not the whole answer`() {
        #expect(read(200, page("", done: false)).code == "MANY_ACCOUNTS")
        #expect(read(200, page("", done: false), ["x"]).code == "MULTIPLE_ACCOUNTS_MATCH")
        #expect(read(200, page(row(1, "other"))).code == "OTHER_ACCOUNT")
    }

    @Test(arguments: [
        ("INVALID_FIELD", Blocker.configuration, "MATCH_FIELD_UNKNOWN"),
        ("INVALID_TYPE", .permission, "ACCOUNTS_NOT_VISIBLE"),
        ("MALFORMED_QUERY", .callTooLarge, "MALFORMED_QUERY"),
        ("REQUEST_LIMIT_EXCEEDED", .allowance, "REQUEST_LIMIT_EXCEEDED"),
    ])
    func `reads refusals, without what they quote`(_ code: String, blocker: Blocker, ours: String) {
        let outcome = read(400, #"[{"message":"near Acme","errorCode":"\#(code)"}]"#)
        guard case .refused(let met, let reason) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(met == blocker && reason.code == ours)
        #expect(!reason.text.contains("Acme"))
    }
}

extension Reply.Outcome {
    fileprivate var code: String? {
        switch self {
        case .value: nil
        case .refused(_, let reason), .unclear(let reason): reason.code
        }
    }
}
