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
    @Test func keepsTheAnswersThatComeWhileTheFileIsLocked() async throws {
        try await withStage {
            $0.latency = 300...300
        } _: { stage in
            let leads = try await stage.enqueueLeads(200)
            let daemon = try stage.startDaemon("--until-empty")
            try await stage.simulator.await("a call arrives") { $0.count(.convert) >= 1 }
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            configuration.busyMode = .timeout(20)
            let other = try DatabaseQueue(path: stage.queue.path, configuration: configuration)
            try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            try await daemon.waitFor("is locked by another writer")
            // No call arrived that is not in the file.
            let arrived = await stage.simulator.audit().count(.convert)
            let recorded = try stage.rows("SELECT 1 FROM calls WHERE kind = 'convert'").count
            #expect(arrived <= recorded)
            #expect(recorded < 20)
            try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            let end = try await daemon.waitForExit()
            #expect(end.code == 0)
            #expect(end.errors.contains("the queue can be written again"))
            // The answers were not late, though they were written late.
            let durations = try stage.queue.calls().compactMap { $0.number("duration_ms") }
            #expect(durations.allSatisfy { $0 < 4500 })
            #expect(try await stage.objections(to: leads) == [])
            #expect(await stage.simulator.audit().count(.convert) == 20)
            #expect(await stage.simulator.audit().count(.verify) == 0)
        }
    }

    @Test(arguments: [Harm.scribbled, .truncated])
    func stopsAtADamagedFileAndGoesOnFromTheBackup(harm: Harm) async throws {
        try await withStage {
            $0.latency = 100...100
        } _: { stage in
            let leads = try await stage.enqueueLeads(600)
            let backup = stage.folder.appendingPathComponent("backup.db").path
            try stage.queue.operations.backup(to: backup)
            // Into the file itself with all of it, out of the write-ahead log.
            try await DatabaseQueue(path: stage.queue.path).writeWithoutTransaction {
                _ = try $0.checkpoint(.truncate)
            }
            let daemon = try stage.startDaemon("--until-empty")
            try await stage.simulator.await("calls arrive") { $0.count(.convert) >= 8 }
            try harm.strike(stage.queue.path)
            let end = try await daemon.waitForExit()
            #expect(end.code == 74)
            #expect(end.errors.contains("is damaged. Keep it, restore the last backup"))
            let converted = await stage.simulator.audit().conversions.count
            #expect(converted < leads.count)

            // The two commands that the README gives.
            for suffix in ["", "-wal", "-shm"] {
                unlink(stage.queue.path + suffix)
            }
            try FileManager.default.copyItem(atPath: backup, toPath: stage.queue.path)
            #expect(try await stage.drain().code == 0)
            let restored = try JobQueue(path: stage.queue.path, as: .client)
            #expect(try restored.jobs().allSatisfy { $0.text("state") == "converted" })
            let audit = await stage.simulator.audit()
            #expect(audit.conversions.count == leads.count)
            let known = try restored.log().filter { $0.text("outcome") == "already_converted" }
            #expect(known.count == converted)
        }
    }
}

/// What befalls a file.
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
