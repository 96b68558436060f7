import ArgumentParser
import Conversion
import Storage

struct PolicyList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the retry policies.",
        discussion: """
            Example:
              leadconvert policy list --json
            """
    )

    @Flag(exclusivity: .exclusive)
    var format: RowFormat?

    @OptionGroup var options: QueueOptions

    private static let columns = [
        "name", "max_attempts", "base_delay_ms", "factor", "max_delay_ms", "jitter", "on_failure",
        "allow_duplicates",
    ]

    func run() throws {
        let policies = try options.open().operations.policies().sorted { $0.key < $1.key }
        try RowFormat.print(format, table: Self.columns) { printer in
            try printer.begin(Self.columns)
            for (name, policy) in policies { try printer.print(Self.row(name, policy)) }
        }
    }

    private static func row(_ name: String, _ policy: RetryPolicy) -> Row {
        Row(
            columns: columns,
            values: [
                .text(name), .integer(Int64(policy.maxAttempts)), .integer(policy.baseDelayMS),
                .real(policy.factor), .integer(policy.maxDelayMS), .real(policy.jitter),
                .text(policy.onFailure.rawValue), .integer(policy.allowDuplicates ? 1 : 0),
            ]
        )
    }
}
