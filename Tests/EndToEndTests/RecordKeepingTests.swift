import Conversion
import Foundation
import GRDB
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// What is left behind for people to read, and what must not be.
@Suite(.serialized) struct RecordKeepingTests {
    @Test func `shows the history of each lead readably`() async throws {
        try await withFixture { fixture in
            let lead = try await fixture.enqueueLeads(1)[0]
            fixture.simulator.script(.dropAfterCommit)
            #expect(try await fixture.drain().code == 0)
            let history = try fixture.rows("SELECT * FROM run_history")
            #expect(
                history.first.map { Array($0.columnNames) } == [
                    "at", "job", "lead", "batch", "kind", "attempt", "outcome", "code", "message",
                    "ms", "backoff_ms", "next_run_at", "now", "account", "contact", "opportunity",
                    "call", "leads_in_call", "http", "waited_ms", "waited_for", "org_calls_used",
                    "org_calls_limit", "leads_at_most", "leads_at_most_for",
                ])
            let facts = try fixture.rows(
                """
                SELECT kind || ' ' || attempt || ' ' || outcome || ' '
                    || coalesce(code, 'no code') || ' ' || now
                FROM run_history
                WHERE lead = '\(lead)' AND leads_in_call = 1
                """)
            #expect(
                facts.map { $0[0] as String } == [
                    "convert 1 unknown CONNECTION_LOST converted",
                    "verify 1 converted no code converted",
                ])
        }
    }

    @Test func `keeps the log from being changed`() async throws {
        try await withFixture { fixture in
            try await fixture.enqueueLeads(1)
            #expect(try await fixture.drain().code == 0)
            for sql in ["UPDATE run_log SET outcome = 'failed'", "DELETE FROM run_log"] {
                let error = #expect(throws: OperatorError.self) { try fixture.queue.run(sql: sql) }
                #expect(error?.sentence.contains("run_log_is_append_only") == true)
            }
            #expect(try fixture.queue.log().map { $0.text("outcome") } == ["converted"])
        }
    }

    @Test func `keeps secrets and leads' data out of log and file`() async throws {
        let secret = "5Aep861-refresh-token-that-nobody-may-see"
        try await withFixture {
            $0.refreshToken = secret
        } _: { fixture in
            try await fixture.enqueueLeads(10)
            fixture.simulator.script(.expireSession, forCall: 1)
            let daemon = try fixture.startDaemon(
                changing: [
                    "LEADCONVERT_LOG_LEVEL": "trace", "SALESFORCE_CLIENT_SECRET": "",
                    "SALESFORCE_REFRESH_TOKEN": secret,
                ])
            try await fixture.await("all are converted") { _ in
                try fixture.counts() == ["converted": 10]
            }
            // Killed, it leaves its write-ahead log. Reading the file itself here would end the
            // locks that SQLite has on it in this process.
            daemon.kill()
            let errors = try await daemon.waitForExit().errors
            let copy = fixture.folder.appendingPathComponent("copy")
            try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: false)
            let names = ["", "-wal", "-shm", ".lock"].map { fixture.queue.path + $0 }
            #expect(try await Program.copy.run(["-p"] + names + [copy.path]).code == 0)
            var texts = [Data(errors.utf8)]
            for name in try FileManager.default.contentsOfDirectory(atPath: copy.path) {
                let file = copy.appendingPathComponent(name)
                texts.append(try Data(contentsOf: file))
                let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
                let rights = try #require(attributes[.posixPermissions] as? NSNumber)
                #expect(rights.intValue & 0o007 == 0, "others can read \(name)")
            }
            #expect(texts.count == 5)
            // What the org's access tokens begin with.
            for text in texts {
                for word in [secret, "!AQ"] { #expect(text.range(of: Data(word.utf8)) == nil) }
            }
        }
    }
}
