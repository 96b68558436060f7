import Conversion
import NIOCore
import TestSupport
import Testing

@testable import Salesforce

/// Pages of a query that an operator wrote.
@Suite struct QueryPageTests {
    private func page(_ body: String) -> QueryPage? { QueryPage(ByteBuffer(string: body)) }

    @Test func `takes the records as they are written, a line each`() throws {
        let body = #"""
            {
              "records" : [ {"Id":"1","N":1.50,"A":{"B":[1,2]},
                "T":"a \"] } \\"} , {"Id":"2"} ],
              "totalSize" : 2, "done" : true
            }
            """#
        let read = try #require(page(body))
        let lines = String(decoding: read.lines, as: UTF8.self)
        #expect(
            lines == #"""
                {"Id":"1","N":1.50,"A":{"B":[1,2]},    "T":"a \"] } \\"}
                {"Id":"2"}

                """#)
        #expect(read.total == 2 && read.next == nil)
    }

    @Test func `goes on at the address that the page names, on this server only`() {
        func goesOn(_ url: String) -> Bool {
            page(#"{"totalSize":1,"done":false,"nextRecordsUrl":"\#(url)","records":[]}"#)?.next
                != nil
        }
        #expect(goesOn("/services/data/v67.0/query/01gX-2000"))
        #expect(!goesOn("https://example.org/services/data/"))
        #expect(page(#"{"totalSize":1,"done":false,"records":[]}"#) == nil)
        #expect(page(#"{"totalSize":1,"done":true}"#) == nil)
    }

    @Test(arguments: [
        (400, "MALFORMED_QUERY", true), (400, "INVALID_FIELD", true), (400, "QUERY_TIMEOUT", false),
        (401, "INVALID_SESSION_ID", false), (403, "REQUEST_LIMIT_EXCEEDED", false),
    ])
    func `tells a query that is refused from a request that is`(
        _ status: Int, code: String, isOfQuery: Bool
    ) {
        let body = #"[{"message":"no such column","errorCode":"\#(code)"}]"#
        let outcome = QueryAnswer.outcome(of: APIResponse(status, body))
        if case .value(.refused(let reason)) = outcome {
            #expect(isOfQuery && reason.message == "no such column")
        } else {
            #expect(!isOfQuery)
        }
    }
}
