import ArgumentParser
import Conversion
import Foundation
import Storage
import TestSupport
import Testing

@testable import Commands

/// The wait for the lead that setup converts.
@Suite(.timeLimit(.minutes(2))) struct FirstLeadTests {
    @Test func `a queue in which nothing happens is waited for until the end and no longer`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let queue = try JobQueue(
                path: folder.appendingPathComponent("queue.db").path, as: .client)
            var changes = QueueChanges(of: queue)
            #expect(try changes.wait(until: .now))
            #expect(try !changes.wait(until: .now))
        }
    }

    @Test func `a lead that a daemon does not settle is given up`() async throws {
        try await withTemporaryFolder { folder in
            let queue = try JobQueue(
                path: folder.appendingPathComponent("queue.db").path, as: .client)
            let daemon = try DaemonLock(queue: queue.path, at: Timestamp(milliseconds: 0))
            defer { withExtendedLifetime(daemon) {} }
            let place = try SetupPlace(
                PlaceOptions.parse(["--db", queue.path]), folder: folder.path)
            let first = FirstLead(
                place: place, queue: queue, status: "Qualified", timeout: .zero)
            let lead = try RecordID("00QWs0000000001", of: .lead)
            #expect(try !first.convert(lead))
        }
    }
}
