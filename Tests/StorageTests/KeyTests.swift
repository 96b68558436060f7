import Conversion
import GRDB
import TestSupport
import Testing

@testable import Storage

/// Which keys of groups, and which addresses, are the same.
@Suite struct KeyTests {
    private func insert(_ queue: JobQueue, _ column: String, _ value: String) -> String? {
        do {
            try queue.database.write { database in
                let number = try Int.fetchOne(database, sql: "SELECT count(*) FROM jobs") ?? 0
                try database.execute(
                    sql: """
                        INSERT INTO jobs (lead_id, converted_status, run_at, \(column))
                        VALUES (printf('00QWs%010d', \(number)), 'x', '2026-11-22T00:00:00.000Z',
                            \(value))
                        """)
            }
            return nil
        } catch let error as DatabaseError {
            return error.message
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        "x'4DFC6C6C6572'", "x'C3'", "x'61A9'", "x'EDA080'", "x'C080'", "x'F4908080'", "x'61FF62'",
    ])
    func `bytes that are not UTF-8 are refused by a named rule`(bytes: String) async throws {
        try await withQueue { queue in
            let text = "CAST(\(bytes) AS TEXT)"
            #expect(insert(queue, "group_key", text)?.contains("group_key_must_be_utf8") == true)
            let address = "CAST(\(bytes) AS TEXT) || '@example.org'"
            #expect(
                insert(queue, "match_email", address)?.contains("match_email_must_be_utf8") == true)
            #expect(insert(queue, "group_key", "'Acme'") == nil)
            #expect(throws: DatabaseError.self) {
                try queue.database.write {
                    try $0.execute(sql: "UPDATE jobs SET group_key = \(text)")
                }
            }
        }
    }

    @Test(arguments: ["Müller", "日本 株式会社", "😀 & Söhne", "\u{FEFF}A", "e\u{301}"])
    func `any UTF-8 text is a key`(key: String) async throws {
        try await withQueue { queue in
            #expect(insert(queue, "group_key", "'\(key)'") == nil)
            let call = try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 })
            #expect(call?.jobs.first?.groupKey?.utf8.elementsEqual(key.utf8) == true)
        }
    }

    @Test(arguments: ["group_key", "match_email", "name"])
    func `a NUL is refused by a named rule`(column: String) async throws {
        try await withQueue { queue in
            let text = "'a@b.c' || char(0) || 'd'"
            if column == "name" {
                let error = #expect(throws: OperatorError.self) {
                    try queue.run(sql: "INSERT INTO batches (name) VALUES (\(text))")
                }
                #expect(error?.sentence.contains("batch_name_must_hold_no_nul") == true)
            } else {
                let told = insert(queue, column, text)
                #expect(told?.contains("\(column)_must_hold_no_nul") == true, "\(told ?? "taken")")
            }
        }
    }

    /// Each pair with whether it is one key.
    static let pairs = [
        ("ACME", "acme", true), ("Müller", "MüLLER", true), ("MÜLLER", "Müller", false),
        ("\u{E9}", "e\u{301}", false), ("Straße", "STRASSE", false), ("İ", "i", false),
    ]

    @Test(arguments: pairs)
    func `SQL and Swift agree on what is one key`(left: String, right: String, isOne: Bool)
        async throws
    {
        #expect((FoldedKey(left) == FoldedKey(right)) == isOne)
        try await withQueue { queue in
            _ = insert(queue, "group_key", "'\(left)'")
            _ = insert(queue, "group_key", "'\(right)'")
            // While one of a group is in a call, no other of it is offered.
            let first = try #require(
                try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 }))
            let second = try queue.claims.claim(upTo: 1, CallStart(at: .ms(0)), choosing: { $0 })
            #expect((second == nil) == isOne)
            // The account that the first makes is that of the other, and of those that come later.
            var done = Settlement(first.jobs[0], in: first.id, .converted, to: .converted)
            done.records = ConvertedRecords(
                accountID: "001D000000HRzTRIA1", contactID: nil, opportunityID: nil)
            try queue.settlements.settle(
                CallEnd(callID: first.id, startedAt: .ms(0), at: .ms(1)), [done])
            _ = insert(queue, "group_key", "'\(right)'")
            let accounts = try queue.jobs().map { $0.text("account_id") != nil }
            #expect(accounts == [false, isOne, isOne])
        }
    }

    @Test(arguments: pairs)
    func `leads of one address wait for each other`(left: String, right: String, isOne: Bool)
        async throws
    {
        try await withQueue { queue in
            _ = insert(queue, "match_email", "'\(left)@b.c'")
            _ = insert(queue, "match_email", "'\(right)@b.c'")
            let match = try #require(
                try queue.claims.claimSearch(
                    .contact, upTo: 1, CallStart(at: .ms(0)), choosing: { $0 }))
            try queue.settlements.settle(
                CallEnd(callID: match.id, startedAt: .ms(0), at: .ms(1)), [],
                match.jobs.map { MatchFinding($0, .nothing) })
            let other = try queue.claims.claimSearch(
                .contact, upTo: 1, CallStart(at: .ms(2)), choosing: { $0 })
            #expect((other == nil) == isOne)
        }
    }
}
