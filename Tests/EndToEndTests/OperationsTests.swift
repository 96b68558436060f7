import GRDB
import Storage
import TestSupport
import Testing

@Suite struct OperationsTests {
    @Test func `the commands record who did what, and retry takes a code`() async throws {
        try await withFixture { fixture in
            let added = try await fixture.run(
                "enqueue", "--lead-id", "00QWs0000000001", "--converted-status", "A", "--batch",
                "friday")
            #expect(added.code == 0)
            try fixture.queue.run(
                sql: """
                    UPDATE jobs SET state = 'failed', error_code = 'LOCKED', finished_at = updated_at
                    """)
            #expect(
                try await fixture.run("retry", "--code", "OTHER").output
                    == "0 jobs will run again.\n"
            )
            #expect(
                try await fixture.run("retry", "--code", "LOCKED", "--batch", "friday").output
                    == "1 job will run again.\n")
            #expect(try await fixture.run("pause", "--batch", "friday").code == 0)
            #expect(try await fixture.run("resume").code == 0)
            #expect(try await fixture.run("cancel", "1").code == 0)
            #expect(try await fixture.run("prune", "--older-than", "0s").code == 0)
            let rows = try fixture.rows("SELECT * FROM operations ORDER BY id")
            #expect(
                rows.map {
                    "\($0["action"] as String) \($0["target"] as String): \($0["jobs"] as Int)"
                }
                .dropLast() == [
                    "retry code OTHER: 0", "retry code LOCKED of batch friday: 1",
                    "pause batch friday: 1", "resume queue: 0", "cancel job 1: 1",
                ])
            #expect(rows.last?["action"] == "prune")
            #expect(rows.last?["jobs"] == 1)
            #expect(Set(rows.map { $0["by"] as String }).count == 1)
            #expect(rows.allSatisfy { !($0["by"] as String).isEmpty })
        }
    }

    @Test(arguments: [
        ["retry", "--code", "X", "--all-failed"], ["retry", "--code", "X", "17"], ["retry"],
    ])
    func `a code goes with a batch and with nothing else`(arguments: [String]) async throws {
        try await withFixture { fixture in
            let end = try await Program.helper.run(
                arguments, environment: ["LEADCONVERT_DB": fixture.queue.path])
            #expect(end.code == 64)
            #expect(end.errors.contains("--code (with --batch, if you like)"))
        }
    }
}
