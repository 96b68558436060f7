import Foundation
import Testing

@Suite struct CommandLineListTests {
    private let lead = "00QWs0000000001MAA"

    @Test func `lists jobs as a table`() async throws {
        try await withCommandLine { leadconvert in
            try enqueue(leadconvert, 1, 10)
            #expect(
                try leadconvert("jobs")
                    == .init(
                        output: """
                            id  lead_id             state   attempts  converted_status  \
                            run_at                    error_code  error_message
                             1  00QWs0000000001MAA  queued         0  Qualified         \
                            2030-01-01T00:00:00.000Z
                             2  00QWs0000000010MAA  queued         0  Qualified         \
                            2030-01-01T00:00:00.000Z

                            """
                    )
            )
        }
    }

    @Test func `prints the result of one lead, or of one job`() async throws {
        try await withCommandLine { leadconvert in
            try enqueue(leadconvert, 1, 2)
            _ = try leadconvert("cancel", "1")
            let result = try leadconvert("results", "--lead", "00QWs0000000001")
            #expect(result.status == 0)
            #expect(result.output.contains("\"isSuccess\": false"))
            #expect(result.output.contains("\"leadId\": \"\(lead)\""))
            #expect(try leadconvert("results", "--lead", "1") == result)
            let waiting = try leadconvert("results", "--lead", "2", "--csv")
            #expect(waiting.status == 75)
            #expect(waiting.output.hasPrefix("lead_id,state,"))
            #expect(waiting.errors == "The lead is unsettled: ask again later.\n")
            #expect(try leadconvert("results", "--lead", "3").status == 66)
            #expect(try leadconvert("results", "friday", "--lead", "1").status == 64)
            #expect(try leadconvert("results").status == 64)
        }
    }

    @Test func `filters jobs`() async throws {
        try await withCommandLine { leadconvert in
            try enqueue(leadconvert, 1, 2)
            _ = try leadconvert("cancel", "1")
            #expect(
                try leadconvert("jobs", "--state", "cancelled", "--csv").output.hasPrefix("id,"))
            #expect(try count(leadconvert("jobs", "--state", "cancelled", "--json")) == 1)
            #expect(try count(leadconvert("jobs", "--lead", "00QWs0000000002", "--json")) == 1)
            #expect(try count(leadconvert("jobs", "--limit", "1", "--json")) == 1)
            #expect(try count(leadconvert("jobs", "--batch", "friday", "--json")) == 2)
            let none = try leadconvert("jobs", "--lead", "00QWs0000000002", "--state", "failed")
            #expect(none.status == 0)
        }
    }

    @Test func `prints an empty log with its header`() async throws {
        try await withCommandLine { leadconvert in
            try enqueue(leadconvert, 1)
            let header =
                "started_at  job_id  lead_id  kind  attempt  outcome  duration_ms  "
                + "backoff_ms  code  message\n"
            #expect(try leadconvert("log", lead) == .init(output: header))
            #expect(try leadconvert("log", lead, "--json") == .init(output: "[]\n"))
            #expect(try leadconvert("log", "--csv").output.hasPrefix("id,job_id,lead_id,"))
            let none = try leadconvert("jobs", "--state", "failed", "--csv").output
            #expect(none.hasPrefix("id,lead_id,"))
        }
    }

    @Test func `what is not there ends with 66, and where to look next`() async throws {
        try await withCommandLine { leadconvert in
            try enqueue(leadconvert, 1)
            _ = try leadconvert("enqueue", "-", "--db", "two words.db", input: "leadId\n")
            let lead = "00QWs0000000009"
            for name in ["queue.db", "two words.db"] {
                let path = leadconvert.file(name).path
                let place = name == "queue.db" ? path : "'\(path)'"
                let list = "See: leadconvert jobs --db \(place)"
                let noLead = "There is no job for lead \(lead)MAA. \(list)"
                let noBatch =
                    "There is no batch named monday. See them with: sqlite3 \(place) "
                    + "'SELECT * FROM batch_progress'"
                for (arguments, sentence) in [
                    (["log", lead], noLead), (["jobs", "--lead", lead], noLead),
                    (["jobs", "--lead", lead, "--state", "failed", "--json"], noLead),
                    (["results", "--lead", lead], noLead), (["cancel", lead], noLead),
                    (["retry", lead], noLead), (["jobs", "--batch", "monday"], noBatch),
                    (["log", "--batch", "monday"], noBatch), (["results", "monday"], noBatch),
                    (["cancel", "--batch", "monday"], noBatch),
                    (["retry", "17"], "There is no job 17. \(list)"),
                    (["results", "--lead", "17"], "There is no job 17. \(list)"),
                    (["log", "17"], "There is no job 17. \(list)"),
                    (
                        ["enqueue", "-", "--policy", "two words"],
                        "There is no policy named two words. Make it with: leadconvert policy set "
                            + "'two words' --db \(place)"
                    ),
                ] {
                    let end = try leadconvert(
                        arguments + ["--db", name], input: "leadId,convertedStatus\n")
                    #expect(
                        end == .init(status: 66, errors: "leadconvert: \(sentence)\n"),
                        "\(arguments)")
                }
            }
        }
    }

    @Test func `prints results as an action would`() async throws {
        try await withCommandLine { leadconvert in
            try enqueue(leadconvert, 1, 2)
            _ = try leadconvert("cancel", lead)
            let output = """
                [
                {"isSuccess": false, "actionName": "convertLead", "errors": [{"statusCode": \
                "CANCELLED", "message": "It was cancelled before it was sent."}], \
                "outputValues": {"leadId": "00QWs0000000001MAA"}},
                {"isSuccess": null, "actionName": "convertLead", "state": "queued", \
                "outputValues": {"leadId": "00QWs0000000002MAA"}}
                ]

                """
            #expect(
                try leadconvert("results", "friday")
                    == .init(
                        status: 75, output: output,
                        errors: "Some leads of friday are unsettled: ask again later.\n"
                    )
            )
            #expect(try leadconvert("results", "monday").status == 66)
        }
    }

    @Test func `shows how the queue stands`() async throws {
        try await withCommandLine { leadconvert in
            try enqueue(leadconvert, 1)
            _ = try leadconvert("pause")
            let path = leadconvert.file("queue.db").path
            let status = try leadconvert("status")
            #expect(
                status.output == """
                    queued     1
                    sending    0
                    verifying  0
                    held       0
                    finishing  0
                    converted  0
                    failed     0
                    cancelled  0
                    rate       0.00 leads/s
                    paused     yes; go on with: leadconvert resume --db \(path)
                    daemon     not running

                    """)
            #expect(
                try leadconvert("status", "--json")
                    == .init(
                        output: """
                            {"counts": {"queued": 1, "sending": 0, "verifying": 0, "held": 0, \
                            "finishing": 0, "converted": 0, "failed": 0, "cancelled": 0}, "rate_per_second": 0.0, \
                            "eta_seconds": null, "paused": true, "waiting_for": null, \
                            "waiting_until": null, "limiter": null, "usage": null, "daemon": null}

                            """
                    )
            )
        }
    }

    @Test func `hears that its output got stuck`() async throws {
        try await withCommandLine { leadconvert in
            let ending = try leadconvert(["jobs"], outputFile: "/dev/full")
            #expect(ending.status == 74)
        }
    }

    private func enqueue(_ leadconvert: CommandLineFixture, _ leads: Int...) throws {
        let rows = leads.map {
            "00QWs" + String(repeating: "0", count: 10 - "\($0)".count) + "\($0)\n"
        }
        let ending = try leadconvert(
            "enqueue", "-", "--converted-status", "Qualified", "--batch", "friday", "--run-at",
            "2030-01-01T01:00+01:00", input: "leadId\n" + rows.joined()
        )
        #expect(ending.status == 0, "\(ending.errors)")
    }

    private func count(_ ending: CommandLineFixture.Result) -> Int {
        ending.output.split(separator: "\n").filter { $0.hasPrefix("{") }.count
    }
}
