import Foundation
import GRDB
import Glibc
import Storage
import TestSupport
import Testing

@Suite struct CommandLineOperateTests {
    private let rows = "leadId,convertedStatus\n00QWs0000000001,A\n00QWs0000000002,A\n"

    @Test func `says what it changed and what it left alone`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("enqueue", "-", "--batch", "friday", input: rows)
            #expect(try leadconvert("cancel", "1") == .init(output: "1 job cancelled.\n"))
            #expect(
                try leadconvert("cancel", "--batch", "friday")
                    == .init(
                        output: """
                            1 job cancelled.
                            1 job left alone: cancelled already.

                            """
                    )
            )
            #expect(
                try leadconvert("retry", "1", "00QWs0000000002")
                    == .init(
                        output: """
                            0 jobs will run again.
                            2 jobs left alone: cancelled; enqueue the lead again.

                            """
                    )
            )
            #expect(
                try leadconvert("retry", "--all-failed")
                    == .init(output: "0 jobs will run again.\n")
            )
        }
    }

    @Test func `pauses a batch and lets it go on`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("enqueue", "-", "--batch", "friday", input: rows)
            #expect(
                try leadconvert("pause", "--batch", "friday").output
                    == "friday is paused; 2 jobs held.\n"
            )
            #expect(
                try leadconvert("resume", "--batch", "friday").output
                    == "friday is resumed; 2 jobs released.\n"
            )
            #expect(
                try leadconvert("resume", "--batch", "friday").output == "friday was not paused.\n")
            let path = leadconvert.file("queue.db").path
            #expect(try leadconvert("pause").output == "The queue is paused: \(path)\n")
            #expect(try leadconvert("pause").output == "The queue is paused already: \(path)\n")
            #expect(
                try leadconvert("resume", "--batch", "friday").output == """
                    friday was not paused.
                    The whole queue is paused; go on with: leadconvert resume --db \(path)

                    """
            )
            #expect(try leadconvert("resume").output == "The queue is resumed: \(path)\n")
            #expect(try leadconvert("resume").output == "The queue was not paused: \(path)\n")
            #expect(try leadconvert("pause", "--batch", "monday").status == 66)
        }
    }

    @Test func `works on the queue that the daemon's settings name`() async throws {
        try await withCommandLine { leadconvert in
            try leadconvert.write("LEADCONVERT_DB=leads.db\n", to: "leads.env")
            let added = try leadconvert("enqueue", "-", "--env-file", "leads.env", input: rows)
            #expect(added.status == 0)
            let paused = try leadconvert.shell(
                "LEADCONVERT_ENV_FILE=leads.env exec leadconvert pause")
            #expect(paused.status == 0)
            let status = try leadconvert("status", "--db", "leads.db", "--json").output
            #expect(status.contains(#""paused": true"#) && status.contains(#""queued": 2"#))
            #expect(!FileManager.default.fileExists(atPath: leadconvert.file("queue.db").path))
        }
    }

    @Test func `resuming tells of jobs that were held though the batch was not paused`()
        async throws
    {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("enqueue", "-", "--batch", "friday", input: rows)
            _ = try leadconvert("pause", "--batch", "friday")
            let path = leadconvert.file("queue.db").path
            try DatabaseQueue(path: path).writeWithoutTransaction {
                try $0.execute(sql: "UPDATE batches SET paused = 0")
            }
            #expect(
                try leadconvert("resume", "--batch", "friday").output
                    == "friday was not paused; 2 held jobs released.\n")
            #expect(
                try leadconvert("resume", "--batch", "friday").output == "friday was not paused.\n")
        }
    }

    @Test func `retry names the batch that holds a job, and what lets it go on`() async throws {
        try await withCommandLine { leadconvert in
            for batch in ["old ones", "b1"] {
                let lead = batch == "b1" ? "00QWs0000000001" : "00QWs0000000002"
                _ = try leadconvert(
                    "enqueue", "--lead-id", lead, "--converted-status", "A", "--batch", batch)
                _ = try leadconvert("pause", "--batch", batch)
            }
            let path = leadconvert.file("queue.db").path
            func fail() throws {
                try DatabaseQueue(path: path).write {
                    try $0.execute(
                        sql: """
                            UPDATE jobs SET state = 'failed', finished_at = updated_at, attempts = 1,
                                error_code = 'X'
                            """)
                }
            }
            let held = """
                1 job held until b1 is resumed: leadconvert resume --batch b1 --db \(path)

                """
            let others = """
                1 job held until old ones is resumed: leadconvert resume --batch 'old ones' \
                --db \(path)

                """
            try fail()
            #expect(
                try leadconvert("retry", "--batch", "b1").output
                    == "1 job will run again.\n" + held)
            try fail()
            #expect(
                try leadconvert("retry", "--all-failed").output
                    == "2 jobs will run again.\n" + held + others)
            #expect(
                try leadconvert("retry", "--batch", "b1").output == """
                    0 jobs will run again.
                    1 job left alone: held with their batch; go on with: leadconvert resume --batch b1 \
                    --db \(path).

                    """)
        }
    }

    @Test func `retry and enqueue say that the queue, or the batch, is paused`() async throws {
        try await withCommandLine { leadconvert in
            let path = leadconvert.file("queue.db").path
            let isPaused =
                "The whole queue is paused; go on with: leadconvert resume --db \(path)\n"
            _ = try leadconvert("pause")
            let added = try leadconvert("enqueue", "-", "--batch", "b", input: rows)
            #expect(added.errors.hasSuffix(isPaused))
            try DatabaseQueue(path: path).write {
                try $0.execute(
                    sql: """
                        UPDATE jobs SET state = 'failed', finished_at = updated_at, attempts = 1,
                            error_code = 'X'
                        """)
            }
            #expect(
                try leadconvert("retry", "--all-failed").output
                    == "2 jobs will run again.\n" + isPaused)
            #expect(try leadconvert("retry", "--all-failed").output == "0 jobs will run again.\n")

            _ = try leadconvert("resume")
            _ = try leadconvert("pause", "--batch", "b")
            let more = try leadconvert(
                "enqueue", "-", "--batch", "b",
                input: rows + "00QWs0000000003,A\n00QWs0000000004,A\n")
            #expect(
                more.errors.hasSuffix(
                    "2 jobs held until b is resumed: leadconvert resume --batch b --db \(path)\n"))
            let none = try leadconvert("enqueue", "-", "--batch", "b", input: rows)
            #expect(!none.errors.contains("held"))
        }
    }

    @Test func `sets and lists policies`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert(
                "policy", "set", "patient", "--max-attempts", "10", "--base-delay", "1m",
                "--max-delay", "2h", "--on-failure", "pause", "--on-duplicates", "join",
                "--on-many-matches", "oldest", "--on-no-match", "fail", "--fallback-owner",
                "005000000000001", "--suppress-feed"
            )
            #expect(
                try leadconvert("policy", "list")
                    == .init(
                        output: """
                            name     max_attempts  base_delay_ms  factor  max_delay_ms  jitter  \
                            on_failure  allow_duplicates  on_duplicates  on_many_matches  \
                            on_no_match  fallback_owner
                            default             5          10000     2.0        900000     0.5  \
                            continue                   0  fail           fail             \
                            create
                            patient            10          60000     2.0       7200000     0.5  \
                            pause                      0  join           oldest           \
                            fail         005000000000001AAA

                            """
                    )
            )
            _ = try leadconvert("policy", "set", "patient", "--jitter", "0")
            #expect(
                try leadconvert("policy", "list", "--json").output.contains(
                    "\"max_delay_ms\": 7200000, \"jitter\": 0.0"
                )
            )
            #expect(
                try leadconvert("policy", "list", "--json").output.contains(
                    "\"suppress_feed\": 1, \"truncate_fields\": 0"))
            _ = try leadconvert("policy", "set", "patient", "--fallback-owner", "none")
            #expect(!(try leadconvert("policy", "list", "--json").output.contains("005")))
            #expect(try leadconvert("policy", "set", "x", "--fallback-owner", "00G").status == 64)
        }
    }

    @Test func `the last word on duplicates counts, whichever option said it`() async throws {
        try await withCommandLine { leadconvert in
            for (options, allows, word) in [
                (["--allow-duplicates"], 1, "allow"), (["--on-duplicates", "fail"], 0, "fail"),
                (["--on-duplicates", "allow"], 1, "allow"), (["--jitter", "0"], 1, "allow"),
                (["--no-allow-duplicates"], 0, "fail"), (["--on-duplicates", "join"], 0, "join"),
                (["--no-allow-duplicates"], 0, "join"),
            ] {
                _ = try leadconvert(["policy", "set", "p"] + options)
                let list = try leadconvert("policy", "list", "--json").output
                let row = list.split(separator: "\n").last { $0.contains("\"p\"") } ?? ""
                let both = "\"allow_duplicates\": \(allows), \"on_duplicates\": \"\(word)\""
                #expect(row.contains(both), "\(options): \(row)")
            }
        }
    }

    @Test func `a new policy has what the default says of duplicates, by SQL too`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            try DatabaseQueue(path: leadconvert.file("queue.db").path).write {
                try $0.execute(sql: "UPDATE policies SET allow_duplicates = 1")
            }
            _ = try leadconvert("policy", "set", "p", "--on-duplicates", "fail")
            _ = try leadconvert("policy", "set", "q", "--jitter", "0")
            let list = try leadconvert("policy", "list", "--json").output
            let rows = list.split(separator: "\n").filter { $0.contains("name") }
            let allows = rows.map { $0.contains(#""allow_duplicates": 1"#) }
            #expect(allows == [true, false, true], "\(list)")
        }
    }

    @Test(arguments: [
        (["--allow-duplicates", "--on-duplicates", "fail"], "--allow-duplicates contradicts "),
        (["--allow-duplicates", "--on-duplicates", "join"], "--allow-duplicates contradicts "),
        (
            ["--no-allow-duplicates", "--on-duplicates", "allow"],
            "--no-allow-duplicates contradicts "
        ),
    ])
    func `two words on duplicates must not differ`(options: [String], sentence: String) async throws
    {
        try await withCommandLine { leadconvert in
            let ending = try leadconvert(["policy", "set", "p"] + options)
            #expect(ending.status == 64)
            #expect(ending.errors.hasPrefix("Error: \(sentence)--on-duplicates"))
            let agreed = try leadconvert(
                "policy", "set", "p", "--no-allow-duplicates", "--on-duplicates", "join")
            #expect(agreed.status == 0)
        }
    }

    @Test(arguments: [
        (["--max-attempts", "0"], "--max-attempts must be 1 to 100."),
        (["--base-delay", "2d"], "--base-delay must be 0s to 1d."),
        (["--factor", "nan"], "--factor must be 1 to 100."),
        (["--max-delay", "31d"], "--max-delay must be 0s to 30d."),
        (["--jitter", "7"], "--jitter must be 0 to 1."),
    ])
    func `names the range of a policy's option`(option: [String], sentence: String) async throws {
        try await withCommandLine { leadconvert in
            let ending = try leadconvert(["policy", "set", "patient"] + option)
            #expect(ending.status == 64)
            #expect(ending.errors.hasPrefix("Error: \(sentence)\n"), "\(ending.errors)")
        }
    }

    @Test func `pruning a file that cannot shrink ends, and says what to do`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            let path = leadconvert.file("queue.db").path
            try DatabaseQueue(path: path).writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA auto_vacuum = NONE")
                try database.execute(sql: "VACUUM")
            }
            let many =
                "leadId,convertedStatus\n"
                + (1...2000).map { "00QWs\(String(1_000_000_000 + $0)),Won\n" }.joined()
            _ = try leadconvert("enqueue", "-", "--batch", "b", input: many)
            _ = try leadconvert("cancel", "--batch", "b")
            let end = try leadconvert("prune", "--older-than", "0s")
            #expect(end.status == 0)
            #expect(end.output.hasPrefix("2000 jobs, 0 log rows and 0 calls deleted.\n"))
            #expect(end.output.contains("then: sqlite3 queue.db 'PRAGMA auto_vacuum"))
            let results = try leadconvert("results", "b")
            #expect(results.output == "[]\n")
            #expect(results.errors.hasPrefix("2000 of 2000 leads of b can't be told of any more: "))
        }
    }

    @Test func `a reader that stops keeps no write-ahead log`() async throws {
        try await withCommandLine { leadconvert in
            let queue = try JobQueue(path: leadconvert.file("queue.db").path, as: .daemon)
            try queue.fill(jobs: 2000)
            let output = Pipe()
            let reader = try leadconvert.start("log", "--csv", output: output)
            // The pipe holds some of it; the rest waits for a reader that reads no more.
            #expect(!output.fileHandleForReading.nextBytes().isEmpty)
            try queue.add([900_000])
            try queue.checkpoint()
            let wal = try FileManager.default.attributesOfItem(
                atPath: leadconvert.file("queue.db-wal").path)
            #expect(wal[.size] as? Int == 0)
            // It may have inherited a mask that blocks every other signal.
            kill(reader.processIdentifier, SIGKILL)
            reader.waitUntilExit()
        }
    }

    @Test func `prunes and backs up`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("enqueue", "-", input: rows)
            _ = try leadconvert("cancel", "1")
            #expect(
                try leadconvert("prune", "--older-than", "0s").output
                    == "1 job, 0 log rows and 0 calls deleted.\n"
            )
            #expect(try leadconvert("backup", "copy.db").status == 0)
            #expect(try leadconvert("backup", "copy.db").status == 73)
            let jobs = try leadconvert("jobs")
            #expect(try leadconvert("jobs", "--db", "copy.db") == jobs)
        }
    }

    @Test(arguments: [
        ["retry"], ["retry", "1", "--all-failed"], ["retry", "--batch", "b", "--all-failed"],
        ["cancel"], ["cancel", "00Q"], ["jobs", "--limit", "0"], ["jobs", "--json", "--csv"],
        ["prune"], ["prune", "--older-than", "-1d"], ["log", "--since", "yesterday"], ["nonsense"],
    ])
    func `refuses wrong usage`(arguments: [String]) async throws {
        try await withCommandLine { leadconvert in
            let ending = try leadconvert(arguments)
            #expect(ending.status == 64)
            #expect(ending.output == "")
        }
    }
}
