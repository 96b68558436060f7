import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// Standard error as the journal reads it.
@Suite(.serialized) struct JournalTests {
    @Test func givesTheJournalLevelsAndNoTimes() async throws {
        try await withStage { stage in
            try await stage.enqueueLeads(30)
            stage.simulator.script(.unavailable, nextCalls: 2)
            let end = try await underJournal(
                stage, changing: ["LEADCONVERT_CONCURRENCY": "1", "LEADCONVERT_LOG_LEVEL": "debug"])
            #expect(end.code == 0)
            let lines = end.errors.split(separator: "\n")
            #expect(lines.allSatisfy { $0.prefixMatch(of: /<[4-7]>[a-z]/) != nil })
            #expect(lines.count { $0.hasPrefix("<4>circuit open ") } == 1)
            #expect(lines.count { $0.hasPrefix("<5>circuit closed after.s=") } == 1)
            #expect(
                lines.count { $0.hasPrefix("<7>call settled ") } == (try stage.queue.calls().count))
            #expect(lines.last == "<6>the queue is drained jobs.converted=30")
        }
    }

    @Test func givesTheJournalTheReasonForAnEnd() async throws {
        try await withStage { stage in
            let end = try await underJournal(
                stage, changing: ["LEADCONVERT_CALL_SIZE": "0", "LEADCONVERT_RATE": "-1"])
            #expect(end.code == 78)
            let lines = end.errors.split(separator: "\n")
            #expect(lines.count >= 2)
            #expect(lines.allSatisfy { $0.hasPrefix("<3>") })
        }
    }

    @Test func keepsItsOwnFormWhereStandardErrorGoesElsewhere() async throws {
        try await withStage { stage in
            let end = try await stage.drain(changing: ["JOURNAL_STREAM": "1:2"])
            #expect(end.code == 0)
            let lines = end.errors.split(separator: "\n")
            #expect(
                lines.allSatisfy { $0.prefixMatch(of: #/[0-9-]{10}T[0-9:.]{12}Z info /#) != nil })
        }
    }

    /// Runs the daemon until the queue is empty, with standard error as systemd hands it over.
    private func underJournal(
        _ stage: Stage, changing changes: [String: String]
    ) async throws -> ProgramEnd {
        let script = """
            JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$0" --until-empty
            """
        return try await Program.shell.run(
            ["-c", script, Program.daemon.path],
            environment: stage.settings.merging(changes) { $1 }, in: stage.folder)
    }
}
