import Foundation
import TestSupport
import Testing

@Suite struct CommandLineEnqueueTests {
    private let rows = """
        leadId,convertedStatus,opportunityName
        00QWs0000000001,Qualified,"Acme, Inc."
        nonsense,Qualified,
        00QWs0000000002,Qualified,
        """
    private let refusal = "leads.csv:3: leadId: an id has 15 or 18 characters, this one has 8\n"

    @Test func `takes good rows and names bad ones`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            try leadconvert.write(rows, to: "leads.csv")
            let summary = "2 added, 0 skipped (in the queue already), 1 refused.\n"
            #expect(
                try leadconvert("enqueue", "leads.csv")
                    == .init(status: 65, errors: refusal + summary)
            )
        }
    }

    @Test func `skips leads that are in the queue already`() async throws {
        try await withCommandLine { leadconvert in
            let row = "{\"leadId\": \"00QWs0000000001\", \"convertedStatus\": \"Qualified\"}\n"
            _ = try leadconvert("enqueue", "-", input: row)
            #expect(
                try leadconvert("enqueue", "-", input: row)
                    == .init(errors: "0 added, 1 skipped (in the queue already), 0 refused.\n")
            )
            #expect(try leadconvert("enqueue", "-", "--strict", input: row).status == 65)
        }
    }

    @Test func `takes nothing of an unclean file when strict`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            try leadconvert.write(rows, to: "leads.csv")
            let summary = """
                leads.csv: nothing of it is added (--strict).
                0 added, 0 skipped (in the queue already), 1 refused.

                """
            #expect(
                try leadconvert("enqueue", "leads.csv", "--strict")
                    == .init(status: 65, errors: refusal + summary)
            )
            #expect(try leadconvert("jobs", "--json").output == "[]\n")
        }
    }

    @Test func `only says what it would take in a dry run`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            try leadconvert.write(rows, to: "leads.csv")
            let summary = "Dry run: 2 added, 0 skipped (in the queue already), 1 refused.\n"
            #expect(
                try leadconvert("enqueue", "leads.csv", "--dry-run")
                    == .init(status: 65, errors: refusal + summary)
            )
            #expect(try leadconvert("jobs", "--json").output == "[]\n")
        }
    }

    @Test func `a dry run makes no queue`() async throws {
        try await withCommandLine { leadconvert in
            try leadconvert.write(rows, to: "leads.csv")
            try FileManager.default.createDirectory(
                at: leadconvert.file("tmp"), withIntermediateDirectories: false)
            let line = "TMPDIR=$PWD/tmp leadconvert enqueue leads.csv --dry-run"
            let end = try leadconvert.shell(line)
            #expect(end.status == 65)
            let queue = leadconvert.file("queue.db").path
            #expect(
                end.errors == """
                    There is no queue \(queue): it would be made, and empty.
                    \(refusal)Dry run: 2 added, 0 skipped (in the queue already), 1 refused.

                    """)
            let unknown = try leadconvert.shell("\(line) --policy night")
            #expect(unknown.status == 66)
            #expect(unknown.errors.contains("There is no policy named night."))
            #expect(unknown.errors.hasSuffix("policy set night --db \(queue)\n"))
            #expect(try leadconvert.shell("\(line) --policy default").status == 65)
            // What can't be made is not promised.
            let nowhere = try leadconvert.shell("\(line) --db none/queue.db")
            #expect(nowhere.status == 73 && !nowhere.errors.contains("would be made"))
            let left = try FileManager.default.subpathsOfDirectory(atPath: leadconvert.folder.path)
            #expect(left.filter { !$0.hasPrefix(".") }.sorted() == ["leads.csv", "tmp"])
        }
    }

    @Test func `a value may begin with a dash`() async throws {
        try await withCommandLine { leadconvert in
            let lead = ["enqueue", "--lead-id", "00QWs0000000001", "--converted-status", "Won"]
            let end = try leadconvert(
                lead + [
                    "--priority", "-5", "--note", "- one\n- two", "--note-title", "-1-",
                    "--task", "-- call --",
                ])
            #expect(end.status == 0, "\(end.errors)")
            let job = try leadconvert("jobs", "--json").output
            for value in [
                #""priority": -5"#, #""note_body": "- one\n- two""#, #""note_title": "-1-""#,
                #""task_subject": "-- call --""#,
            ] { #expect(job.contains(value), "\(job)") }
        }
    }

    @Test(arguments: [
        (["--note", "--strict"], "--note lacks its text: --strict is an option."),
        (
            ["--note", "n", "--note-title", "--batch=b"],
            "--note-title lacks its text: --batch=b is an"
        ),
        (["--task", "--note", "n"], "--task lacks its text: --note is an option."),
        (["--priority", "--strict"], "The value '--strict' is invalid for '--priority <number>'"),
    ])
    func `an option is no value, where the shell has left none`(
        options: [String], sentence: String
    ) async throws {
        try await withCommandLine { leadconvert in
            let end = try leadconvert(["enqueue", "leads.csv"] + options)
            #expect(end.status == 64)
            #expect(end.errors.contains(sentence), "\(end.errors)")
        }
    }

    @Test func `takes other files when one cannot be taken`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            try leadconvert.write("Key,Company\n", to: "a.csv")
            try leadconvert.write(rows, to: "leads.csv")
            let errors = """
                a.csv:1: the header has no column leadId. Name the column that holds it: \
                --map 'leadId={{COLUMN}}'.
                a.csv: 0 added, 0 skipped (in the queue already), 0 refused.
                \(refusal)leads.csv: 2 added, 0 skipped (in the queue already), 1 refused.
                2 added, 0 skipped (in the queue already), 1 refused.

                """
            #expect(
                try leadconvert("enqueue", "a.csv", "leads.csv")
                    == .init(status: 65, errors: errors)
            )
        }
    }

    @Test func `a report is taken as it is, and the summary says how`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            let report = """
                "Lead ID";"Company";"Owner ID"
                "00QWs0000000001";"Größe AG";"005Ws0000000001"

                "Leads of the week"
                "Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
                """
            try report.data(using: .windowsCP1252)?.write(to: leadconvert.file("report.csv"))
            let arguments = [
                "enqueue", "report.csv", "--encoding", "Windows-1252", "--converted-status", "Won",
                "--map", "opportunityName={{Company}}",
            ]
            let notes = """
                report.csv: encoding: windows-1252
                report.csv: columns: leadId from Lead ID, ownerId from Owner ID; 1 other not named \
                a field
                report.csv: left out: 2 lines of a report's footer
                1 added, 0 skipped (in the queue already), 0 refused.

                """
            #expect(try leadconvert(arguments) == .init(errors: notes))
            let job = try leadconvert("jobs", "--json").output
            #expect(job.contains(#""opportunity_name": "Größe AG""#))
            #expect(job.contains(#""owner_id": "005Ws0000000001IAA""#))
        }
    }

    @Test func `the status that is set is for rows that name none`() async throws {
        try await withTemporaryFolder { folder in
            let settings = [
                "LEADCONVERT_DB": "queue.db", "LEADCONVERT_CONVERTED_STATUS": "Qualified",
            ]
            let rows = "leadId,convertedStatus\n00QWs0000000001,\n00QWs0000000002,Won\n"
            let end = try await Program.helper.run(
                ["enqueue", "-"], environment: settings, input: rows, in: folder)
            #expect(end.code == 0, "\(end.errors)")
            let lead = try await Program.helper.run(
                ["enqueue", "--lead-id", "00QWs0000000003"], environment: settings, in: folder)
            #expect(lead.code == 0, "\(lead.errors)")
            let jobs = try await Program.helper.run(
                ["jobs", "--csv"], environment: settings, in: folder)
            #expect(jobs.output.components(separatedBy: ",Qualified,").count == 3)
            #expect(jobs.output.components(separatedBy: ",Won,").count == 2)
        }
    }

    @Test func `a column's status wins over the option's, as does a template's`() async throws {
        try await withCommandLine { leadconvert in
            let rows = "leadId,convertedStatus\n00QWs0000000001,\n00QWs0000000002,Won\n"
            _ = try leadconvert("enqueue", "-", "--converted-status", "Flag", input: rows)
            let row = #"{"leadId": "00QWs0000000003"}"#
            _ = try leadconvert(
                "enqueue", "-", "--converted-status", "Flag", "--map", "convertedStatus=Map",
                input: row)
            let jobs = try leadconvert("jobs", "--csv").output.split(separator: "\n")
            let statuses = jobs.dropFirst().map { $0.split(separator: ",")[2] }
            #expect(statuses == ["Flag", "Won", "Map"])
        }
    }

    @Test(arguments: [
        ("", "--converted-status: it is blank."),
        (" ", "--converted-status: it is blank."),
        ("Qual\u{1B}ified", "--converted-status: it holds a control character: take that out."),
        ("{{Status}}", "--converted-status: it is one status for all; a template goes with --map"),
    ])
    func `the option's status is one`(status: String, sentence: String) async throws {
        try await withCommandLine { leadconvert in
            let end = try leadconvert(
                "enqueue", "--lead-id", "00QWs0000000001", "--converted-status", status)
            #expect(end.status == 64)
            #expect(end.errors.hasPrefix("leadconvert: \(sentence)"), "\(end.errors)")
        }
    }

    @Test(arguments: ["{{Status}}", " ", "Qual\u{1B}ified"])
    func `the environment's status is one as well`(status: String) async throws {
        try await withCommandLine { leadconvert in
            try leadconvert.write("leadId\n00QWs0000000001\n", to: "leads.csv")
            let line = "LEADCONVERT_CONVERTED_STATUS='\(status)' leadconvert enqueue leads.csv"
            let end = try leadconvert.shell(line)
            #expect(end.status == 78)
            #expect(end.errors.hasPrefix("leadconvert: LEADCONVERT_CONVERTED_STATUS: it "))
            #expect(!FileManager.default.fileExists(atPath: leadconvert.file("queue.db").path))
            #expect(try leadconvert.shell("\(line) --converted-status Qualified").status == 0)
        }
    }

    @Test func `takes a single lead`() async throws {
        try await withCommandLine { leadconvert in
            let ending = try leadconvert(
                "enqueue", "--lead-id", "00QWs0000000001", "--converted-status", "Qualified",
                "--map", "opportunityName=Acme"
            )
            #expect(ending.status == 0)
            let job = try leadconvert("jobs", "--json").output
            #expect(job.contains("\"opportunity_name\": \"Acme\""))
        }
    }

    @Test func `renders a template for each row`() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            try leadconvert.write(
                """
                {"leadId": "{{trigger.lead.id}}", "convertedStatus": "Qualified",
                 "opportunityName": "{{Company}} - Q3"}
                """, to: "request.json"
            )
            try leadconvert.write(
                "[{\"lead\": {\"id\": \"00QWs0000000001\"}, \"Company\": \"Acme\"}, {}]",
                to: "rows.json"
            )
            let errors = """
                rows.json:1: leadId: this row has no trigger.lead.id, which {{trigger.lead.id}} \
                asks for
                1 added, 0 skipped (in the queue already), 1 refused.

                """
            #expect(
                try leadconvert("enqueue", "rows.json", "--template", "request.json")
                    == .init(status: 65, errors: errors)
            )
            #expect(try leadconvert("jobs", "--json").output.contains("\"Acme - Q3\""))
        }
    }

    @Test(
        arguments: [
            (["enqueue"], 64, "Error: Name files, - for standard input, or --from-sql"),
            (["enqueue", "-", "--lead-id", "x"], 64, "Error: Name files"),
            (["enqueue", "-", "--run-at", "soon"], 64, "Error: The value 'soon' is invalid"),
            (
                ["enqueue", "-", "--map", "foo=1"], 64,
                "leadconvert: --map: no field is called foo."
            ),
            (["enqueue", "gone.csv"], 66, "leadconvert: gone.csv: no such file.\n"),
            (["enqueue", "-", "--policy", "p"], 66, "leadconvert: There is no policy named p."),
            (["enqueue", "-", "--db", "gone/queue.db"], 73, "leadconvert: gone/queue.db can't be"),
            (["enqueue", "-", "--db", ".input"], 78, "leadconvert: .input is not a SQLite file."),
        ] as [([String], Int32, String)])
    func `ends as the manual says`(arguments: [String], status: Int32, errors: String) async throws
    {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("migrate")
            let ending = try leadconvert(arguments, input: "leadId,convertedStatus\n")
            #expect(ending.status == status)
            #expect(ending.errors.hasPrefix(errors), "\(ending.errors)")
            #expect(ending.output == "")
        }
    }
}
