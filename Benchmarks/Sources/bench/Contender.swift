/// Who takes leads from a file to Salesforce.
enum Contender: CaseIterable {
    /// What a RevOps engineer would write in an afternoon.
    case script
    /// The daemon and its command line program.
    case product
}

extension Contender {
    /// Puts the leads of a CSV file into a queue.
    func enqueue(_ csv: String, into queue: String, of bench: Bench) -> ChildProcess.Command {
        switch self {
        case .script: python(bench, "enqueue", queue, csv)
        case .product:
            ChildProcess.Command("\(bench.binaries)/leadconvert", "enqueue", csv, "--db", queue)
        }
    }

    /// Converts what is in a queue: until it is empty, or until it is told to stop.
    func drain(
        _ queue: String, through url: String, untilEmpty: Bool, of bench: Bench
    ) -> ChildProcess.Command {
        switch self {
        case .script:
            return python(bench, "drain", queue, url, untilEmpty ? "--until-empty" : nil)
        case .product:
            var command = ChildProcess.Command(
                "\(bench.binaries)/leadconvertd", "--db", queue,
                untilEmpty ? "--until-empty" : nil)
            command.environment = Self.settings(url: url)
            return command
        }
    }

    private func python(_ bench: Bench, _ words: String?...) -> ChildProcess.Command {
        ChildProcess.Command("/usr/bin/env", words: ["python3", bench.script] + words)
    }

    /// Eight calls in flight, as the script has eight threads, and an allowance that is no limit.
    private static func settings(url: String) -> [String] {
        [
            "SALESFORCE_LOGIN_URL=\(url)", "SALESFORCE_CLIENT_ID=bench",
            "SALESFORCE_CLIENT_SECRET=bench", "LEADCONVERT_CONCURRENCY=8",
            "LEADCONVERT_RATE=100000", "LEADCONVERT_BURST=100000",
            "LEADCONVERT_DAILY_SHARE=1", "LEADCONVERT_RESERVE=0",
        ]
    }
}
