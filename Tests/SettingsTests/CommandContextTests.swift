import Conversion
import Foundation
import TestSupport
import Testing

@testable import Settings

/// Which queue and which settings a command that is typed works with.
@Suite struct CommandContextTests {
    @Test func `the queue that the daemon's settings name is a command's, too`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("leads.env").path
            try "LEADCONVERT_DB=/srv/leads.db\n".write(
                toFile: file, atomically: false, encoding: .utf8)
            let other = ["LEADCONVERT_DB": "/srv/other.db"]
            let byFlag = CommandContext(settingsFile: file, environment: other)
            #expect(try byFlag.queue == "/srv/leads.db")
            let byVariable = CommandContext(
                environment: other.merging(["LEADCONVERT_ENV_FILE": file]) { $1 })
            #expect(try byVariable.queue == "/srv/leads.db")
            let byName = CommandContext(
                database: "here.db", settingsFile: "\(file).gone", environment: other)
            #expect(try byName.queue == "here.db")
            #expect(try CommandContext(environment: other).queue == "/srv/other.db")
            #expect(try CommandContext(environment: [:]).queue.hasSuffix("queue.db"))
            let gone = CommandContext(settingsFile: "\(file).gone", environment: other)
            let error = #expect(throws: OperatorError.self) { try gone.queue }
            #expect(error?.status == .configuration)
        }
    }

    @Test func `an org's queue is its service's, unless its settings say otherwise`() async throws {
        try await withTemporaryFolder { folder in
            let acme = try #require(ServicePlaces(org: "acme", root: folder.path))
            let own = ["LEADCONVERT_DB": "/srv/other.db", "LEADCONVERT_ENV_FILE": "/srv/other.env"]
            try "".put(into: acme.settings)
            let context = CommandContext(service: acme, environment: own, root: folder.path)
            #expect(context.settingsFile == acme.settings)
            #expect(try context.queue == acme.queue)
            try "LEADCONVERT_DB=/srv/acme.db\n".put(into: acme.settings)
            #expect(try context.queue == "/srv/acme.db")
        }
    }
}

extension String {
    /// Writes it into a file, and makes the folders that it needs.
    fileprivate func put(into path: String) throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try write(toFile: path, atomically: false, encoding: .utf8)
    }
}
