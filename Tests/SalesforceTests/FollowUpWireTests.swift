import Conversion
import Foundation
import NIOCore
import Testing

@testable import Salesforce

/// How records are written and searched for after a conversion.
@Suite struct FollowUpWireTests {
    private let lead = try? RecordID("00QWs000001AbcDMAS", of: .lead)

    @Test func `sets fields as they were written, each record by itself`() throws {
        let updates = [
            FieldUpdate(
                object: "Account", recordID: "001A", fields: #"{"AnnualRevenue":1.50,"Site":null}"#),
            FieldUpdate(object: "Contact", recordID: "003A", fields: "{}"),
        ]
        #expect(
            String(buffer: RecordWrites.body(updates))
                == #"{"allOrNone":false,"records":[{"attributes":{"type":"Account"},"id":"001A","AnnualRevenue":1.50,"Site":null},{"attributes":{"type":"Contact"},"id":"003A"}]}"#
        )
    }

    @Test func `a title is one line that the mark ends, however long the text`() throws {
        let lead = try #require(lead)
        let mark = FollowUpMark(lead, .note, ["body"])
        let long = MarkedRecord(
            .note(body: "b"), on: "003A", String(repeating: "ü", count: 100) + "\nsecond",
            mark: mark)
        #expect(long.title.utf16.count == 80 && long.title.hasSuffix(" \(mark)"))
        let short = MarkedRecord(.note(body: "b"), on: "003A", "Two\nlines", mark: mark)
        #expect(short.title == "Two lines \(mark)")
        #expect(mark.description.wholeMatch(of: /\[lc-[0-9a-z]{8}\]/) != nil)
        // The same in every life of the queue, and another for another text.
        #expect(mark == FollowUpMark(lead, .note, ["body"]))
        #expect(mark != FollowUpMark(lead, .note, ["Body"]))
        #expect(mark != FollowUpMark(lead, .task, ["body"]))
    }

    @Test func `a task is about the contact and what it was made for`() throws {
        let mark = FollowUpMark(try #require(lead), .task, ["Call"])
        let task = MarkedRecord(
            .task(aboutID: "006A", due: "2030-01-31", ownerID: "005A"), on: "003A", "Call \"Ada\"",
            mark: mark)
        #expect(
            String(buffer: RecordWrites.body([task]))
                == #"{"allOrNone":false,"records":[{"attributes":{"type":"Task"},"WhoId":"003A","WhatId":"006A","Subject":"Call \"Ada\" \#(mark)","ActivityDate":"2030-01-31","OwnerId":"005A"}]}"#
        )
    }

    @Test(arguments: [
        (200, #"[{"id":"001A","success":true,"errors":[]}]"#, "done"),
        (
            200,
            #"[{"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW","message":"m"}]}]"#,
            "transient"
        ),
        (
            200, #"[{"success":false,"errors":[{"statusCode":"INVALID_FIELD","message":"m"}]}]"#,
            "permanent"
        ),
        (
            200, #"[{"success":false,"errors":[{"statusCode":"NOBODY_KNOWS","message":"m"}]}]"#,
            "transient"
        ),
        (200, #"[{"id":"001B","success":true,"errors":[]}]"#, "unclear"),
        (200, "[]", "unclear"),
        (200, "<html>", "unclear"),
        (400, #"[{"errorCode":"INVALID_FIELD","message":"m"}]"#, "permanent"),
        (500, #"[{"errorCode":"UNKNOWN_EXCEPTION","message":"m"}]"#, "unclear"),
        (500, #"[{"errorCode":"INVALID_FIELD","message":"m"}]"#, "unclear"),
        (400, #"[{"errorCode":"UNKNOWN_EXCEPTION","message":"m"}]"#, "callTooLarge"),
        (503, #"[{"errorCode":"SERVER_UNAVAILABLE","message":"m"}]"#, "outage"),
        (400, #"[{"errorCode":"REQUEST_RUNNING_TOO_LONG","message":"m"}]"#, "unclear"),
        (401, #"[{"errorCode":"INVALID_SESSION_ID","message":"m"}]"#, "session"),
        (502, "<html>", "unclear"), (503, "<html>", "outage"),
    ])
    func `reads what became of one record`(status: Int, body: String, meaning: String) {
        let response = APIResponse(status: status, body: ByteBuffer(string: body))
        let told =
            switch RecordWrites.outcome(of: response, for: ["001A"]) {
            case .value(let records):
                switch records[0] {
                case .done: "done"
                case .transient: "transient"
                case .permanent: "permanent"
                case .limited: "limited"
                case .blocked: "blocked"
                }
            case .refused(let blocker, _): "\(blocker)"
            case .unclear: "unclear"
            }
        #expect(told == meaning)
    }

    @Test func `a field that the org lacks is found by halves and does not stop the others`() {
        let body = #"[{"errorCode":"INVALID_FIELD","message":"No such column"}]"#
        let response = APIResponse(status: 400, body: ByteBuffer(string: body))
        guard case .refused(.callTooLarge, _) = RecordWrites.outcome(of: response, for: [nil, nil])
        else {
            Issue.record("not halved")
            return
        }
    }

    @Test func `records that run into a limit that they share are sent again in smaller calls`() {
        let over = #"""
            {"success":false,"errors":[{"statusCode":"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",\#
            "message":"T: System.LimitException: Apex CPU time limit exceeded"}]}
            """#
        let done = #"{"id":"001A","success":true,"errors":[]}"#
        func outcome(_ results: [String]) -> Reply<[RecordOutcome]>.Outcome {
            let body = ByteBuffer(string: "[\(results.joined(separator: ","))]")
            return RecordWrites.outcome(
                of: APIResponse(status: 200, body: body), for: results.map { _ in nil })
        }
        if case .value(let records) = outcome([done, over]), case .limited = records[1] {
        } else {
            Issue.record("not limited")
        }
        if case .refused(.callTooLarge, _) = outcome([over, over]) {
        } else {
            Issue.record("not halved")
        }
        if case .value(let records) = outcome([over]), case .permanent = records[0] {
        } else {
            Issue.record("not permanent")
        }
    }

    @Test func `finds each record by its mark on its parent, and no other`() throws {
        let lead = try #require(lead)
        let notes = (1...2).map { place in
            MarkedRecord(
                .note(body: "b"), on: "003Ws000000000\(place)", "Title",
                mark: FollowUpMark(lead, .note, ["\(place)"]))
        }
        let text = MarkQuery.text(notes)
        #expect(
            text
                == "SELECT Id, ParentId, Title FROM Note WHERE ParentId IN ('003Ws0000000001','003Ws0000000002') AND (Title LIKE '%lc-\(notes[0].mark.code)%' OR Title LIKE '%lc-\(notes[1].mark.code)%')"
        )
        let rows = [
            ("002A", "003Ws0000000001AAA", "Renamed [lc-\(notes[0].mark.code)]"),
            ("002B", "003Ws0000000002AAA", "Title [lc-\(notes[0].mark.code)]"),
        ].map { #"{"Id":"\#($0.0)","ParentId":"\#($0.1)","Title":"\#($0.2)"}"# }
        let body = #"{"done":true,"records":[\#(rows.joined(separator: ","))]}"#
        let response = APIResponse(status: 200, body: ByteBuffer(string: body))
        #expect(MarkQuery.outcome(of: response, for: notes) == .value([["002A"], []]))
        let more = APIResponse(
            status: 200, body: ByteBuffer(string: #"{"done":false,"records":[]}"#))
        guard case .refused(.callTooLarge, _) = MarkQuery.outcome(of: more, for: notes) else {
            Issue.record("a first page is not all")
            return
        }
    }
}
