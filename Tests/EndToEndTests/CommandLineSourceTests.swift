import Foundation
import Testing

@Suite struct CommandLineSourceTests {
    private let header = "leadId,convertedStatus\n"

    @Test func `does not lock the queue while it waits for input`() async throws {
        try await withCommandLine { leadconvert in
            let pipe = Pipe()
            let slow = try leadconvert.start("enqueue", "-", "--strict", input: pipe)
            // More than a pipe holds, so that some has been read when all is written.
            let rows = (0..<10_000).map { "00QWs\(100_000_000_0 + $0),Qualified\n" }.joined()
            try pipe.fileHandleForWriting.write(contentsOf: Data((header + rows).utf8))
            let other = ["enqueue", "--lead-id", "00QWs0000000001", "--converted-status", "A"]
            #expect(try leadconvert(other).status == 0)
            try pipe.fileHandleForWriting.close()
            slow.waitUntilExit()
            #expect(slow.terminationStatus == 0)
            #expect(try leadconvert("status").output.hasPrefix("queued     10001\n"))
        }
    }

    @Test func `refuses a lead that stands twice in a file`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            try leadconvert.write(header + "00QWs0000000001,A\n00QWs0000000001,A\n", to: "a.csv")
            let errors = """
                a.csv:3: leadId: this lead stands on line 2 already
                1 added, 0 skipped (in the queue already), 1 refused.

                """
            #expect(try leadconvert("enqueue", "a.csv") == .init(status: 65, errors: errors))
        }
    }

    @Test func `counts rows that are refused for one reason`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            let rows = (0..<50).map { "00QWs\(1_000_000_000 + $0),A\n" }.joined()
            try leadconvert.write(header + rows, to: "a.csv")
            let ending = try leadconvert("enqueue", "a.csv", "--map", "ownerId={{Owner}}")
            let lines = ending.errors.split(separator: "\n")
            #expect(ending.status == 65)
            #expect(lines.count == 22)
            let reason = "ownerId: this row has no Owner, which {{Owner}} asks for"
            #expect(lines[19] == "a.csv:21: \(reason)")
            #expect(
                lines[20]
                    == "a.csv:51: \(reason) (the last of 30 more rows refused for that reason)")
            #expect(lines[21] == "0 added, 0 skipped (in the queue already), 50 refused.")
        }
    }

    @Test func `names each row that is refused for a reason of its own`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            let rows = (0..<3000).map { "00QWs\(1_000_000_000 + $0 % 10),A\n" }.joined()
            try leadconvert.write(header + rows, to: "a.csv")
            let ending = try leadconvert("enqueue", "a.csv", "--dry-run")
            let lines = ending.errors.split(separator: "\n")
            #expect(ending.status == 65)
            #expect(lines.count == 2991)
            for (place, line) in lines.dropLast().enumerated() {
                let twice = "leadId: this lead stands on line \(2 + place % 10) already"
                #expect(line == "a.csv:\(12 + place): \(twice)")
            }
        }
    }

    @Test
    func `refuses a lead that a query gives twice, and takes one whose first row was refused`()
        async throws
    {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            _ = try leadconvert("migrate", "--db", "crm.db")
            let rows = [("01", ""), ("01", "A"), ("02", "A"), ("01", "B")]
            let query = rows.map {
                "SELECT '00QWs00000000\($0)' AS leadId, '\($1)' AS convertedStatus"
            }
            let ending = try leadconvert(
                "enqueue", "--from-sql", query.joined(separator: " UNION ALL "), "--source",
                "crm.db")
            let status = "give a lead status that your org marks as converted"
            let errors = """
                crm.db row 1: convertedStatus: empty or missing: \(status)
                crm.db row 4: leadId: this lead stands in row 2 already
                2 added, 0 skipped (in the queue already), 2 refused.

                """
            #expect(ending == .init(status: 65, errors: errors))
        }
    }

    @Test func `takes rows from a query`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            // Any SQLite file will do, this program's own included.
            let row = header + "00QWs0000000001,A\n00QWs0000000002,B\n"
            _ = try leadconvert("enqueue", "-", "--db", "crm.db", input: row)
            let query =
                "SELECT lead_id, converted_status, id FROM jobs UNION ALL SELECT 'x', 'B', 7"
            let ending = try leadconvert(
                "enqueue", "--from-sql", query, "--source", "crm.db", "--map",
                "opportunityName=Sale {{id}}"
            )
            let errors = """
                crm.db row 3: leadId: an id has 15 or 18 characters, this one has 1
                2 added, 0 skipped (in the queue already), 1 refused.

                """
            #expect(ending == .init(status: 65, errors: errors))
            #expect(try leadconvert("jobs", "--json").output.contains("\"Sale 2\""))
        }
    }

    @Test(
        arguments: [
            ("SELECT 1", "gone.db", 66, "leadconvert: gone.db: no such file.\n"),
            ("SELECT 1", ".input", 65, "leadconvert: .input is not a SQLite file.\n"),
            ("SELECT nope", "crm.db", 64, "leadconvert: The query fails: no such column: nope.\n"),
            ("DELETE FROM jobs", "crm.db", 64, "leadconvert: The query fails: it would write; "),
            (
                "SELECT 1; SELECT 2", "crm.db", 64,
                "leadconvert: The query fails: it has more than one statement; give one SELECT.\n"
            ),
            (" -- none", "crm.db", 64, "leadconvert: The query gives no rows. Write one that "),
            ("SELECT ?", "crm.db", 64, "leadconvert: The query fails: "),
            ("SELECT 1", "crm.db", 65, "crm.db: the query has no column leadId."),
            (
                "SELECT x'FF' AS leadId, 'A' AS convertedStatus", "crm.db", 65,
                "crm.db row 1: leadId is not UTF-8 text."
            ),
        ] as [(String, String, Int32, String)])
    func `says what is wrong with a query`(
        query: String, file: String, status: Int32, errors: String
    ) async throws {
        try await withCommandLine { leadconvert in
            for name in ["queue.db", "crm.db"] { _ = try leadconvert("migrate", "--db", name) }
            let arguments = ["enqueue", "--from-sql", query, "--source", file]
            let ending = try leadconvert(arguments, input: "no database")
            #expect(ending.status == status)
            #expect(ending.errors.hasPrefix(errors), "\(ending.errors)")
        }
    }
}
