import Foundation
import Logging
import SalesforceSimulator
import Storage
import TestSupport
import Testing

@testable import leadconvertd

/// Standard error as the journal reads it.
@Suite(.serialized) struct JournalTests {
    @Test func `gives the journal levels and no times`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(30)
            fixture.simulator.script(.unavailable, nextCalls: 2)
            let end = try await underJournal(
                fixture,
                changing: ["LEADCONVERT_CONCURRENCY": "1", "LEADCONVERT_LOG_LEVEL": "debug"])
            #expect(end.code == 0)
            let lines = end.errors.split(separator: "\n")
            #expect(lines.allSatisfy { $0.prefixMatch(of: /<[4-7]>[a-z]/) != nil })
            #expect(lines.count { $0.hasPrefix("<4>circuit open ") } == 1)
            #expect(lines.count { $0.hasPrefix("<5>circuit closed after.s=") } == 1)
            #expect(
                lines.count { $0.hasPrefix("<7>call settled ") }
                    == (try fixture.queue.calls().count))
            #expect(lines.last == "<6>the queue is drained jobs.converted=30")
        }
    }

    @Test func `gives the journal the reason for an end`() async throws {
        try await withFixture { fixture in
            let end = try await underJournal(
                fixture, changing: ["LEADCONVERT_CALL_SIZE": "0", "LEADCONVERT_RATE": "-1"])
            #expect(end.code == 78)
            let lines = end.errors.split(separator: "\n")
            #expect(lines.count >= 2)
            #expect(lines.allSatisfy { $0.hasPrefix("<3>") })
        }
    }

    @Test func `keeps its own form where standard error goes elsewhere`() async throws {
        try await withFixture { fixture in
            let end = try await fixture.drain(changing: ["JOURNAL_STREAM": "1:2"])
            #expect(end.code == 0)
            let lines = end.errors.split(separator: "\n")
            #expect(
                lines.allSatisfy { $0.prefixMatch(of: #/[0-9-]{10}T[0-9:.]{12}Z info /#) != nil })
        }
    }

    @Test func `a log for programs is an object a line`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(3)
            let end = try await fixture.drain(changing: ["LEADCONVERT_LOG_FORMAT": "json"])
            #expect(end.code == 0)
            let lines = try end.errors.split(separator: "\n").map { line in
                try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
            }
            #expect(
                lines.allSatisfy { $0["level"] == "info" && $0["time"]?.hasSuffix("Z") == true })
            #expect(lines.first?["message"] == "queue opened")
            #expect(lines.first?["queue.file"] == fixture.queue.path)
            #expect(lines.last?["jobs.converted"] == "3")
        }
    }

    @Test func `an entry of the journal has a field for each fact`() {
        let entry = Journal.entry(
            .warning, "two\nlines", [(key: "queue.file", value: "a.db"), (key: "é", value: "")])
        let text = """
            MESSAGE
            \u{9}\0\0\0\0\0\0\0two
            lines
            PRIORITY=4
            SYSLOG_IDENTIFIER=leadconvertd
            LEADCONVERT_QUEUE_FILE=a.db
            LEADCONVERT__=

            """
        #expect(String(decoding: entry, as: UTF8.self) == text)
    }

    /// Runs the daemon until the queue is empty, with standard error as systemd hands it over.
    private func underJournal(
        _ fixture: Fixture, changing changes: [String: String]
    ) async throws -> ProgramEnd {
        let script = """
            JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$0" --until-empty
            """
        return try await Program.shell.run(
            ["-c", script, Program.daemon.path],
            environment: fixture.settings.merging(changes) { $1 }, in: fixture.folder)
    }
}
