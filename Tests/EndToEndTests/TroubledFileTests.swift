import Conversion
import Foundation
import GRDB
import Glibc
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// The queue's file is locked, damaged or cut short under the daemon's hands.
@Suite(.serialized) struct TroubledFileTests {
    @Test func `keeps the answers that come while the file is locked`() async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(200)
            fixture.simulator.hold()
            let daemon = try fixture.startDaemon("--until-empty")
            // As many as may be out: only answers can want to be written.
            try await fixture.simulator.await("calls are in flight") { $0.count(.convert) == 4 }
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            configuration.busyMode = .timeout(400)
            let other = try DatabaseQueue(path: fixture.queue.path, configuration: configuration)
            try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            let locked = Timestamp.now
            fixture.simulator.release()
            try await daemon.waitFor("is locked by another writer")
            // No call arrived that is not in the file.
            let arrived = await fixture.simulator.audit().count(.convert)
            let recorded = try fixture.rows("SELECT 1 FROM calls WHERE kind = 'convert'").count
            #expect(arrived <= recorded)
            #expect(recorded < 20)
            let unlocked = Timestamp.now
            try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            let end = try await daemon.waitForExit()
            #expect(end.code == 0)
            #expect(end.errors.contains("the queue can be written again"))
            // An answer was not late, though it was written late. Not all of them: on a busy machine
            // some arrive after the file is free.
            let answered = try fixture.queue.calls().compactMap { call -> Timestamp? in
                guard let text = call.text("started_at"), let started = Timestamp(text),
                    started <= locked, let duration = call.number("duration_ms")
                else { return nil }
                return started + Int64(duration)
            }
            #expect(answered.contains { $0 < unlocked })
            #expect(try await fixture.mismatches(to: leads) == [])
            // Nothing was sent twice: that would be refused, and verified.
            #expect(await fixture.simulator.audit().count(.verify) == 0)
        }
    }

    @Test(arguments: [Harm.scribbled, .truncated])
    func `stops at a damaged file and goes on from the backup`(harm: Harm) async throws {
        try await withFixture { fixture in
            let leads = try await fixture.enqueueLeads(600)
            let backup = fixture.folder.appendingPathComponent("backup.db").path
            try fixture.queue.operations.backup(to: backup)
            // Into the file itself with all of it, out of the write-ahead log.
            try await DatabaseQueue(path: fixture.queue.path).writeWithoutTransaction {
                _ = try $0.checkpoint(.truncate)
            }
            fixture.simulator.hold(after: 8)
            let daemon = try fixture.startDaemon("--until-empty")
            try await fixture.simulator.await("calls are in flight") { $0.count(.convert) == 12 }
            try harm.strike(fixture.queue.path)
            fixture.simulator.release()
            let end = try await daemon.waitForExit()
            #expect(end.code == 74)
            #expect(end.errors.contains("is damaged. Keep it, restore the last backup"))
            let converted = await fixture.simulator.audit().conversions.count
            #expect(converted < leads.count)

            // The two commands that the README gives.
            for suffix in ["", "-wal", "-shm"] {
                unlink(fixture.queue.path + suffix)
            }
            try FileManager.default.copyItem(atPath: backup, toPath: fixture.queue.path)
            #expect(try await fixture.drain().code == 0)
            let restored = try JobQueue(path: fixture.queue.path, as: .client)
            #expect(try restored.jobs().allSatisfy { $0.text("state") == "converted" })
            let audit = await fixture.simulator.audit()
            #expect(audit.conversions.count == leads.count)
            let known = try restored.log().filter { $0.text("outcome") == "already_converted" }
            #expect(known.count == converted)
        }
    }
}

/// What happens to a file.
enum Harm: CustomTestStringConvertible {
    case scribbled
    case truncated

    var testDescription: String { "\(self)" }

    func strike(_ path: String) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        switch self {
        case .scribbled:
            let size = try file.seekToEnd()
            try file.seek(toOffset: 8192)
            try file.write(contentsOf: Data(repeating: 0x5A, count: Int(size) - 8192))
        case .truncated:
            try file.truncate(atOffset: 20_000)
        }
        try file.close()
    }
}
