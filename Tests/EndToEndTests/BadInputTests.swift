import Foundation
import TestSupport
import Testing

/// What `leadconvert enqueue` says of input that can't be taken, whole.
@Suite struct BadInputTests {
    private static let header = "leadId,convertedStatus\n"
    private static let lead = "00QWs0000000001,A\n"
    private static let nothing = "0 added, 0 skipped (in the queue already), 0 refused.\n"

    private struct Case: Sendable {
        var input = header + lead
        var arguments: [String] = []
        var status: Int32
        var errors: String
    }

    @Test(
        arguments: [
            Case(
                input: "leadId,convertedStatus,lead_id\n00QWs0000000001,A,00QWs0000000001\n",
                status: 65,
                errors: "leads.csv:1: two columns name leadId. Take one out or rename it.\n"
                    + nothing),
            Case(
                arguments: ["--map", "opportunityName={{Company"], status: 64,
                errors: "leadconvert: --map opportunityName: a {{ never ends: close it with }}.\n"),
            Case(
                arguments: ["--template", "template.json"], status: 65,
                errors: "leadconvert: template.json: leadId: a {{ never ends: close it with }}.\n"),
            Case(
                arguments: ["--policy", "patient"], status: 66,
                errors: "leadconvert: There is no policy named patient. Make it with: "
                    + "leadconvert policy set patient --db QUEUE\n"),
            Case(
                input: header + lead + "00QWs0000000002,A\n" + lead, status: 65,
                errors: "leads.csv:4: leadId: this lead stands on line 2 already\n"
                    + "2 added, 0 skipped (in the queue already), 1 refused.\n"),
            Case(
                input: "\u{7F}ELF\0\u{1}\u{2}", status: 65,
                errors:
                    "leads.csv:1: not UTF-8 text. Save the file as UTF-8, or name its encoding: "
                    + "--encoding windows-1252 (or utf-16, iso-8859-1).\n" + nothing),
            Case(
                input: "PK\u{3}\u{4}\0\0leads", status: 65,
                errors: "leads.csv: it is a workbook (or an archive), not text. In the spreadsheet "
                    + "program save it as CSV UTF-8.\n" + nothing),
        ]) private func `says what is wrong`(_ bad: Case) async throws
    {
        try await withCommandLine { leadconvert in
            try leadconvert.write(bad.input, to: "leads.csv")
            try leadconvert.write(
                "{\"leadId\": \"{{Id\", \"convertedStatus\": \"A\"}", to: "template.json")
            _ = try leadconvert("migrate")
            let end = try leadconvert(["enqueue", "leads.csv"] + bad.arguments)
            let path = leadconvert.file("queue.db").path
            let errors = bad.errors.replacingOccurrences(of: "QUEUE", with: path)
            #expect(end == .init(status: bad.status, output: "", errors: errors))
        }
    }

    @Test func `says that a batch's name is taken and joins it`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("enqueue", "-", "--batch", "friday", input: Self.header + Self.lead)
            let end = try leadconvert(
                "enqueue", "-", "--batch", "friday", input: Self.header + "00QWs0000000002,A\n")
            let errors = """
                There is a batch named friday already, with 1 lead: the new ones join it.
                1 added, 0 skipped (in the queue already), 0 refused.

                """
            #expect(end == .init(status: 0, output: "", errors: errors))
        }
    }

    /// With less memory for data than the line is long.
    @Test func `reads a line of many megabytes in little memory`() async throws {
        try await withTemporaryFolder { folder in
            let script = """
                { echo leadId,convertedStatus; head -c 160000000 /dev/zero | tr '\\0' x; echo; \
                echo 00QWs0000000001,A; } > leads.csv
                ulimit -d 131072
                '\(Program.helper.file.path)' migrate --db queue.db 2>/dev/null
                exec '\(Program.helper.file.path)' enqueue leads.csv --db queue.db
                """
            let end = try await Program.shell.run(
                ["-c", script], in: folder, within: .seconds(400))
            #expect(end.code == 65)
            #expect(
                end.errors == """
                    leads.csv:2: longer than 1048576 bytes: no row needs that many
                    1 added, 0 skipped (in the queue already), 1 refused.

                    """)
        }
    }
}
