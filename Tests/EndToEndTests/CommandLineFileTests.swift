import Foundation
import SalesforceSimulator
import Storage
import TestSupport
import Testing

/// Files that the helper writes, and what is in their place already.
@Suite struct CommandLineFileTests {
    private let rows = "leadId,convertedStatus\n00QWs0000000001,A\n00QWs0000000002,A\n"

    @Test func `a queue that is not there is not copied, nor made`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("enqueue", "-", "--db", "leads.db", input: rows)
            _ = try leadconvert("backup", "good.db", "--db", "leads.db")
            let end = try leadconvert("backup", "--replace", "good.db")
            #expect(end.status == 66)
            #expect(end.errors.contains("There is no queue \(leadconvert.file("queue.db").path)."))
            #expect(end.errors.contains("Name another with --db"))
            #expect(!FileManager.default.fileExists(atPath: leadconvert.file("queue.db").path))
            _ = try leadconvert("migrate")
            let empty = try leadconvert("backup", "--replace", "good.db")
            #expect(empty.status == 73)
            #expect(empty.errors.contains("is a copy of another queue than"), "\(empty.errors)")
            #expect(try leadconvert("jobs", "--db", "good.db", "--csv").output.contains("02MAA"))
        }
    }

    @Test func `an input that can't be read leaves no queue behind`() async throws {
        try await withCommandLine { leadconvert in
            let soql = ["--from-soql", "SELECT Id FROM Lead", "--converted-status", "Won"]
            for (input, code) in [
                (["gone.csv"], 66), (["--source", "gone.db", "--from-sql", "SELECT 1"], 66),
                (["--from-soql", "@gone.soql"], 66), (soql, 78),
            ] {
                let end = try leadconvert(["enqueue"] + input)
                #expect(end.status == code, "\(end.errors)")
                #expect(!FileManager.default.fileExists(atPath: leadconvert.file("queue.db").path))
            }
        }
    }

    @Test func `a command that adds to a new queue says that it is made`() async throws {
        try await withCommandLine { leadconvert in
            let path = leadconvert.file("typo.db").path
            let made = "There was no queue \(path): it is made, and empty.\n"
            let added = "2 added, 0 skipped (in the queue already), 0 refused.\n"
            let first = try leadconvert("enqueue", "-", "--db", "typo.db", input: rows)
            #expect(first == .init(errors: made + added))
            let more = rows.replacingOccurrences(of: "00QWs000", with: "00QWs001")
            let second = try leadconvert("enqueue", "-", "--db", "typo.db", input: more)
            #expect(second == .init(errors: added))
        }
    }

    @Test func `a report keeps the rights of the file that it replaces`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("enqueue", "-", "--batch", "b", input: rows)
            let file = leadconvert.file("b.csv").path
            try leadconvert.write("old", to: "b.csv")
            #expect(chmod(file, 0o640) == 0)
            // Root may give it away; anybody else keeps what is theirs.
            let owner: (uid_t, gid_t) = geteuid() == 0 ? (65_534, 1) : (geteuid(), getegid())
            #expect(chown(file, owner.0, owner.1) == 0)
            #expect(try leadconvert("report", "b", "--csv", "b.csv").status == 0)
            var status = stat()
            #expect(stat(file, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o640)
            #expect(status.st_uid == owner.0 && status.st_gid == owner.1)
            #expect(
                try String(contentsOfFile: file, encoding: .utf8).contains("00QWs0000000002MAA"))
        }
    }

    @Test func `a query's file may be a pipe, and what is wrong with one is said`() async throws {
        try await withCommandLine { leadconvert in
            // It gets as far as the login, which nothing was set for.
            let pipe = try leadconvert.shell(
                #"printf '\357\273\277# ours\r\nSELECT Id\r\nFROM Lead' | "#
                    + "leadconvert enqueue --from-soql @/dev/stdin --converted-status Won")
            #expect(pipe.status == 78, "\(pipe.errors)")
            try Data([0x53, 0xFF]).write(to: leadconvert.file("latin"))
            for (name, status, sentence) in [
                ("gone", 66, "gone: no such file."), (".", 74, ".: Is a directory."),
                ("latin", 65, "latin is not UTF-8 text."),
            ] as [(String, Int32, String)] {
                let end = try leadconvert("enqueue", "--from-soql", "@\(name)")
                #expect(end == .init(status: status, errors: "leadconvert: \(sentence)\n"))
            }
        }
    }

    @Test func `a command that makes the queue itself says so`() async throws {
        try await withCommandLine { leadconvert in
            let path = leadconvert.file("typo.db").path
            let first = try leadconvert("pause", "--db", "typo.db")
            #expect(first.output == "The queue is paused: \(path)\n")
            #expect(first.errors == "There was no queue \(path): it is made, and empty.\n")
            let second = try leadconvert("pause", "--db", "typo.db")
            #expect(second == .init(output: "The queue is paused already: \(path)\n"))
        }
    }

    @Test func `a backup onto the queue changes nothing under the daemon`() async throws {
        try await withFixture {
            $0.latency = 50...100
        } _: { fixture in
            let leads = try await fixture.enqueueLeads(30)
            let daemon = try fixture.startDaemon(
                "--until-empty", changing: ["LEADCONVERT_CONCURRENCY": "1"])
            try await fixture.simulator.await("a call arrives") { $0.count(.convert) >= 1 }
            let end = try await fixture.run("backup", "--replace", fixture.queue.path)
            #expect(end.code == 73)
            #expect(end.errors.contains("is the queue itself"), "\(end.errors)")
            #expect(try await daemon.waitForExit().code == 0)
            #expect(try fixture.counts() == ["converted": leads.count])
        }
    }

    @Test func `a copy that can't be written leaves nothing behind`() async throws {
        try await withCommandLine { leadconvert in
            let many =
                "leadId,convertedStatus\n"
                + (1...2000).map { "00QWs\(String(1_000_000_000 + $0)),Won\n" }.joined()
            _ = try leadconvert("enqueue", "-", "--batch", "b", input: many)
            // Blocks of 512 bytes: more than a -shm needs, and less than copy or report.
            let limit = "trap '' XFSZ; ulimit -f 100; "
            let copy = try leadconvert.shell(limit + "exec leadconvert backup copy.db")
            #expect(copy.status == 74, "\(copy.errors)")
            #expect(copy.errors.hasPrefix("leadconvert: copy.db can't be "))
            #expect(!copy.errors.contains("not an error"))
            let report = try leadconvert.shell(limit + "exec leadconvert report b --csv b.csv")
            #expect(report.status == 74)
            #expect(
                report.errors == "leadconvert: b.csv can't be written: File too large.\n")
            let files = try FileManager.default.contentsOfDirectory(
                atPath: leadconvert.folder.path)
            #expect(Set(files).isSubset(of: ["queue.db", ".input", ".output", ".errors"]))
        }
    }

    @Test func `a report is written into what is no plain file, which stays what it is`()
        async throws
    {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("enqueue", "-", "--batch", "b", input: rows)
            let csv = try leadconvert("report", "b", "--csv", "-").output
            #expect(csv.contains("00QWs0000000002MAA"))
            let pipe = try leadconvert.shell(
                "mkfifo pipe; cat pipe & leadconvert report b --csv pipe && wait && test -p pipe")
            #expect(pipe == .init(output: csv))
            let link = try leadconvert.shell(
                "ln -s target link; leadconvert report b --csv link && cat target && test -L link")
            #expect(link == .init(output: csv))
            let stream = try leadconvert.shell(
                "ln -s /dev/stdout out; leadconvert report b --csv out | cat; test -L out")
            #expect(stream == .init(output: csv))
            let full = try leadconvert.shell(
                "ln -s /dev/full full; leadconvert report b --html full; "
                    + "code=$?; test -L full && exit $code")
            #expect(
                full
                    == .init(
                        status: 74,
                        errors: "leadconvert: full can't be written: No space left on device.\n"))
            let folder = try leadconvert.shell(
                "mkdir d; leadconvert report b --csv d")
            #expect(folder.status == 73)
            #expect(folder.errors.contains("d can't be made: d: Is a directory"))
        }
    }
}
