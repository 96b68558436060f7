import Conversion
import Foundation
import Storage
import TestSupport
import Testing

@Suite struct CommandLineFollowTests {
    private let header =
        "lead_id,state,result_account_id,result_contact_id,result_opportunity_id,error_code,"
        + "error_message,already_converted,after_code,after_message,after_errors"

    @Test func `gives each result once all before it are settled`() async throws {
        try await withBatch { leadconvert, queue, call in
            let output = Pipe()
            let follower = try leadconvert.start(
                "results", "friday", "--follow", "--csv", output: output)
            var lines = Lines(of: output)
            #expect(try lines.next() == header)
            try settle(queue, call, 1)
            try settle(queue, call, 0)
            #expect(try lines.next() == "00QWs0000000001MAA,converted,,,,,,0,,,")
            #expect(try lines.next() == "00QWs0000000002MAA,converted,,,,,,0,,,")
            try settle(queue, call, 2)
            #expect(try lines.next() == "00QWs0000000003MAA,converted,,,,,,0,,,")
            #expect(try lines.next() == nil)
            follower.waitUntilExit()
            #expect(follower.terminationStatus == 0)
        }
    }

    @Test func `ends each line of JSON as it comes`() async throws {
        try await withBatch { leadconvert, queue, call in
            let output = Pipe()
            _ = try leadconvert.start("results", "friday", "--follow", output: output)
            var lines = Lines(of: output)
            for job in 0...2 {
                try settle(queue, call, job)
                if job == 0 { #expect(try lines.next() == "[") }
                let start = "\(job == 0 ? "" : ","){\"isSuccess\": true, "
                #expect(try lines.next()?.hasPrefix(start) == true)
            }
            #expect(try lines.next() == "]")
        }
    }

    @Test func `says the same at once of a batch that is done`() async throws {
        try await withBatch { leadconvert, queue, call in
            for job in 0...2 { try settle(queue, call, job) }
            let whole = try leadconvert("results", "friday", "--csv")
            #expect(try leadconvert("results", "friday", "--csv", "--follow") == whole)
            #expect(try leadconvert("results", "monday", "--follow").status == 66)
        }
    }

    private func withBatch(
        _ body: (CommandLineFixture, JobQueue, ClaimedCall) throws -> Void
    ) async throws {
        try await withCommandLine { leadconvert in
            let path = leadconvert.folder.appendingPathComponent("queue.db").path
            let queue = try JobQueue(path: path, as: .daemon)
            var options = EnqueueOptions()
            options.batch = "friday"
            try queue.add(1...3, options)
            let call = try queue.claims.claim(upTo: 3, CallStart(at: .ms(0)), choosing: { $0 })
            try body(leadconvert, queue, try #require(call))
        }
    }

    private func settle(_ queue: JobQueue, _ call: ClaimedCall, _ job: Int) throws {
        try queue.settlements.settle(
            CallEnd(callID: call.id, startedAt: .ms(0), at: .ms(1)),
            [Settlement(call.jobs[job], in: call.id, .converted, to: .converted)])
    }
}

/// The lines that a program prints, as soon as each is whole.
private struct Lines {
    private let file: FileHandle
    private var rest = Data()

    init(of pipe: Pipe) {
        file = pipe.fileHandleForReading
    }

    /// Waits for the next line; nil at the end.
    mutating func next() throws -> String? {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: rest[..<end], as: UTF8.self)
                rest = rest[(end + 1)...]
                return line
            }
            let piece = file.nextBytes()
            guard !piece.isEmpty else { return nil }
            rest += piece
        }
    }
}
