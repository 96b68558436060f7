import Testing

@Suite struct CommandLineOperateTests {
    private let rows = "leadId,convertedStatus\n00QWs0000000001,A\n00QWs0000000002,A\n"

    @Test func saysWhatItChangedAndWhatItLeftAlone() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("enqueue", "-", "--batch", "friday", input: rows)
            #expect(try leadconvert("cancel", "1") == .init(output: "1 job cancelled.\n"))
            #expect(
                try leadconvert("cancel", "--batch", "friday")
                    == .init(
                        output: """
                            1 job cancelled.
                            1 job left alone: cancelled already.

                            """
                    )
            )
            #expect(
                try leadconvert("retry", "1", "00QWs0000000002")
                    == .init(
                        output: """
                            0 jobs will run again.
                            2 jobs left alone: cancelled; enqueue the lead again.

                            """
                    )
            )
            #expect(
                try leadconvert("retry", "--all-failed")
                    == .init(output: "0 jobs will run again.\n")
            )
        }
    }

    @Test func pausesABatchAndLetsItGoOn() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("enqueue", "-", "--batch", "friday", input: rows)
            #expect(
                try leadconvert("pause", "--batch", "friday").output
                    == "friday is paused; 2 jobs held.\n"
            )
            #expect(
                try leadconvert("resume", "--batch", "friday").output
                    == "friday goes on; 2 jobs let go.\n"
            )
            #expect(
                try leadconvert("resume", "--batch", "friday").output == "friday was not paused.\n")
            #expect(try leadconvert("pause").output == "The queue is paused.\n")
            #expect(try leadconvert("pause").output == "The queue is paused already.\n")
            #expect(
                try leadconvert("resume", "--batch", "friday").output == """
                    friday was not paused.
                    The whole queue is paused; go on with: leadconvert resume

                    """
            )
            #expect(try leadconvert("resume").output == "The queue goes on.\n")
            #expect(try leadconvert("resume").output == "The queue was not paused.\n")
            #expect(try leadconvert("pause", "--batch", "monday").status == 66)
        }
    }

    @Test func setsAndListsPolicies() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert(
                "policy", "set", "patient", "--max-attempts", "10", "--base-delay", "1m",
                "--max-delay", "2h", "--on-failure", "pause", "--allow-duplicates"
            )
            #expect(
                try leadconvert("policy", "list")
                    == .init(
                        output: """
                            name     max_attempts  base_delay_ms  factor  max_delay_ms  jitter  \
                            on_failure  allow_duplicates
                            default             5          10000     2.0        900000     0.5  \
                            continue                   0
                            patient            10          60000     2.0       7200000     0.5  \
                            pause                      1

                            """
                    )
            )
            _ = try leadconvert("policy", "set", "patient", "--jitter", "0")
            #expect(
                try leadconvert("policy", "list", "--json").output.contains(
                    "\"max_delay_ms\": 7200000, \"jitter\": 0.0"
                )
            )
        }
    }

    @Test(arguments: [
        (["--max-attempts", "0"], "--max-attempts must be 1 to 100."),
        (["--base-delay", "2d"], "--base-delay must be 0s to 1d."),
        (["--factor", "nan"], "--factor must be 1 to 100."),
        (["--max-delay", "31d"], "--max-delay must be 0s to 30d."),
        (["--jitter", "7"], "--jitter must be 0 to 1."),
    ])
    func namesTheRangeOfAPolicysOption(option: [String], sentence: String) async throws {
        try await withCommandLine { leadconvert in
            let ending = try leadconvert(["policy", "set", "patient"] + option)
            #expect(ending.status == 64)
            #expect(ending.errors.hasPrefix("Error: \(sentence)\n"), "\(ending.errors)")
        }
    }

    @Test func prunesAndBacksUp() async throws {
        try await withCommandLine { leadconvert in
            _ = try leadconvert("enqueue", "-", input: rows)
            _ = try leadconvert("cancel", "1")
            #expect(
                try leadconvert("prune", "--older-than", "0s").output
                    == "1 job, 0 log rows and 0 calls deleted.\n"
            )
            #expect(try leadconvert("backup", "copy.db").status == 0)
            #expect(try leadconvert("backup", "copy.db").status == 73)
            let jobs = try leadconvert("jobs")
            #expect(try leadconvert("jobs", "--db", "copy.db") == jobs)
        }
    }

    @Test(arguments: [
        ["retry"], ["retry", "1", "--all-failed"], ["retry", "--batch", "b", "--all-failed"],
        ["cancel"], ["cancel", "00Q"], ["jobs", "--limit", "0"], ["jobs", "--json", "--csv"],
        ["prune"], ["prune", "--older-than", "-1d"], ["log", "--since", "yesterday"], ["nonsense"],
    ])
    func refusesWrongUsage(arguments: [String]) async throws {
        try await withCommandLine { leadconvert in
            let ending = try leadconvert(arguments)
            #expect(ending.status == 64)
            #expect(ending.output == "")
        }
    }
}
