import Conversion
import Foundation
import Glibc
import Storage
import TestSupport
import Testing

/// `leadconvert enqueue` as scripts see it: what it takes, what it says, and how it ends.
@Suite(.serialized) struct EnqueueCommandTests {
    private static let sheet = """
        Company,leadId,convertedStatus,doNotCreateOpportunity
        Acme,00QWs0000000001,Qualified,
        "Bad, Inc.",00QWs000000000,Qualified,
        Wrong,001Ws0000000001,Qualified,
        Nobody,00QWs0000000002,,
        "Two
        lines",00QWs0000000003,Qualified,maybe
        Fine,00QWs0000000004,Qualified,yes

        """

    private static let refusals = """
        leads.csv:3: leadId: an id has 15 or 18 characters, this one has 14
        leads.csv:4: leadId: the id of a lead begins with 00Q
        leads.csv:5: convertedStatus: empty or missing: give a lead status that your org marks as \
        converted
        leads.csv:6: doNotCreateOpportunity: it is neither true nor false: write true, false or \
        nothing

        """

    @Test func `takes the good rows and names the others`() async throws {
        try await withFixture { fixture in
            try write(Self.sheet, in: fixture)
            let end = try await fixture.run("enqueue", "leads.csv")
            #expect(end.code == 65)
            #expect(end.output == "")
            #expect(
                end.errors == Self.refusals
                    + "2 added, 0 skipped (in the queue already), 4 refused.\n")
            let jobs = try fixture.queue.jobs()
            #expect(
                jobs.map { $0.text("lead_id") } == ["00QWs0000000001MAA", "00QWs0000000004MAA"])
            #expect(jobs.map { $0.number("do_not_create_opportunity") } == [0, 1])
        }
    }

    @Test func `a text that the queue has no room for keeps no other lead out`() async throws {
        try await withFixture { fixture in
            let long = String(repeating: "x", count: 1001)
            try write("leadId,Next\n00QWs0000000001,Call\n00QWs0000000002,\(long)\n", in: fixture)
            let end = try await fixture.run(
                "enqueue", "leads.csv", "--converted-status", "Qualified", "--task", "{{Next}}",
                "--note", "n", "--note-title", "{{Next}}")
            #expect(end.code == 65)
            #expect(
                end.errors == """
                    leads.csv:3: --task: it has more than 1000 characters: shorten it
                    1 added, 0 skipped (in the queue already), 1 refused.

                    """)
            #expect(try fixture.counts() == ["queued": 1])
        }
    }

    @Test func `is harmless when it runs twice`() async throws {
        try await withFixture { fixture in
            try write("leadId,convertedStatus\n00QWs0000000001,Qualified\n", in: fixture)
            let first = try await fixture.run("enqueue", "leads.csv")
            #expect(first.code == 0)
            #expect(first.errors == "1 added, 0 skipped (in the queue already), 0 refused.\n")
            let second = try await fixture.run("enqueue", "leads.csv")
            #expect(second.code == 0)
            #expect(second.errors == "0 added, 1 skipped (in the queue already), 0 refused.\n")
            #expect(try await fixture.run("enqueue", "leads.csv", "--strict").code == 65)
            #expect(try fixture.counts() == ["queued": 1])
        }
    }

    @Test func `takes nothing of an unclean file when strict`() async throws {
        try await withFixture { fixture in
            try write(Self.sheet, in: fixture)
            let end = try await fixture.run("enqueue", "leads.csv", "--strict")
            #expect(end.code == 65)
            #expect(
                end.errors == Self.refusals + "leads.csv: nothing of it is added (--strict).\n"
                    + "0 added, 0 skipped (in the queue already), 4 refused.\n")
            #expect(try fixture.counts() == [:])
        }
    }

    @Test func `only says what it would take in a dry run`() async throws {
        try await withFixture { fixture in
            try write(Self.sheet, in: fixture)
            let end = try await fixture.run("enqueue", "leads.csv", "--batch", "b", "--dry-run")
            #expect(end.code == 65)
            #expect(
                end.errors == Self.refusals
                    + "Dry run: 2 added, 0 skipped (in the queue already), 4 refused.\n")
            #expect(try fixture.counts() == [:])
            #expect(try await fixture.run("results", "b").code == 66)
        }
    }

    @Test func `reads NDJSON from standard input`() async throws {
        try await withFixture { fixture in
            let input = """
                {"leadId": "00QWs0000000001", "convertedStatus": "Qualified", "accountId": null}
                {"leadId": "x", "convertedStatus": "Qualified"}

                """
            let end = try await fixture.run("enqueue", "-", input: input)
            #expect(end.code == 65)
            #expect(
                end.errors == """
                    standard input:2: leadId: an id has 15 or 18 characters, this one has 1
                    1 added, 0 skipped (in the queue already), 1 refused.

                    """)
            #expect(try fixture.counts() == ["queued": 1])
        }
    }

    @Test func `takes a single lead at a time to come`() async throws {
        try await withFixture { fixture in
            let end = try await fixture.run(
                "enqueue", "--lead-id", "00QWs0000000001", "--converted-status", "Qualified",
                "--priority", "7", "--run-at", "2999-01-01T00:00:00+01:00")
            #expect(end.code == 0)
            let job = try #require(try fixture.queue.jobs().first)
            #expect(job.number("priority") == 7)
            #expect(job.text("run_at") == "2998-12-31T23:00:00.000Z")
        }
    }

    @Test func `stops before anything is taken when a file is missing`() async throws {
        try await withFixture { fixture in
            try write(Self.sheet, in: fixture)
            let end = try await fixture.run("enqueue", "leads.csv", "missing.csv")
            #expect(end.code == 66)
            #expect(end.errors == "leadconvert: missing.csv: no such file.\n")
            #expect(try fixture.counts() == [:])
        }
    }

    private func write(_ text: String, in fixture: Fixture) throws {
        try Data(text.utf8).write(to: fixture.folder.appendingPathComponent("leads.csv"))
    }

    @Test func `a reader of standard error who does not read locks no writer out`() async throws {
        try await withFixture { fixture in
            let leadconvert = CommandLineFixture(folder: fixture.folder)
            let rows = (0..<3).map { "00QWs\(1_000_000_000 + $0 % 2),A\n" }.joined()
            try leadconvert.write("leadId,convertedStatus\n\(rows)", to: "a.csv")
            let errors = Pipe()
            let filled = errors.fileHandleForWriting.fill()
            let enqueuing = try leadconvert.start(
                "enqueue", "a.csv", errors: errors.fileHandleForWriting)
            try errors.fileHandleForWriting.close()
            defer { enqueuing.terminate() }
            try await fixture.await("the rows are there", within: .seconds(400)) {
                try $0.jobs().count == 2
            }
            try fixture.enqueue(["00QWs0000000001"])
            var said: [UInt8] = []
            while case let bytes = errors.fileHandleForReading.nextBytes(), !bytes.isEmpty {
                said += bytes
            }
            #expect(
                String(decoding: said.dropFirst(filled), as: UTF8.self) == """
                    a.csv:4: leadId: this lead stands on line 2 already
                    2 added, 0 skipped (in the queue already), 1 refused.

                    """)
        }
    }

    @Test func `a terminal that was stopped locks no writer out`() async throws {
        try await withFixture { fixture in
            let leadconvert = CommandLineFixture(folder: fixture.folder)
            // So many that progress would be shown.
            let rows = (0..<100_000).map { "00QWs\(1_000_000_000 + $0),A\n" }.joined()
            try leadconvert.write("leadId,convertedStatus\n\(rows)", to: "a.csv")
            let (master, terminal) = try FileHandle.terminal()
            try #require(tcflow(terminal.fileDescriptor, TCOOFF) == 0)
            let enqueuing = try leadconvert.start("enqueue", "a.csv", errors: terminal)
            defer { enqueuing.terminate() }
            try await fixture.await("the rows are there", within: .seconds(400)) {
                try $0.rowCount() == 100_000
            }
            try #require(tcflow(terminal.fileDescriptor, TCOON) == 0)
            try terminal.close()
            var said: [UInt8] = []
            while case let bytes = master.nextBytes(), !bytes.isEmpty { said += bytes }
            let last = String(decoding: said, as: UTF8.self)
            #expect(
                last.hasSuffix("100000 added, 0 skipped (in the queue already), 0 refused.\r\n"))
        }
    }
}

extension JobQueue {
    fileprivate func rowCount() throws -> Int {
        try reports.status(at: .now).counts.values.reduce(0, +)
    }
}

extension FileHandle {
    /// Writes until a pipe holds no more.
    /// - Returns: How many bytes it holds.
    fileprivate func fill() -> Int {
        let flags = fcntl(fileDescriptor, F_GETFL)
        _ = fcntl(fileDescriptor, F_SETFL, flags | O_NONBLOCK)
        defer { _ = fcntl(fileDescriptor, F_SETFL, flags) }
        var (count, byte) = (0, UInt8(ascii: "."))
        while Glibc.write(fileDescriptor, &byte, 1) == 1 { count += 1 }
        return count
    }

    /// A terminal of our own: who reads from it and types, and who is on it.
    fileprivate static func terminal() throws -> (master: FileHandle, terminal: FileHandle) {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // TIOCSPTLCK and TIOCGPTN, which are no constants to Swift.
        var (isLocked, number): (Int32, Int32) = (0, 0)
        guard master >= 0, ioctl(master, 0x4004_5431, &isLocked) == 0,
            ioctl(master, 0x8004_5430, &number) == 0
        else { throw POSIXError(.ENOTTY) }
        let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { throw POSIXError(.ENOTTY) }
        return (
            FileHandle(fileDescriptor: master, closeOnDealloc: true),
            FileHandle(fileDescriptor: terminal, closeOnDealloc: true)
        )
    }
}
