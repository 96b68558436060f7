import ArgumentParser
import Conversion
import Storage

struct Policy: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List and set retry policies.",
        discussion: """
            Examples:
              leadconvert policy list
              leadconvert policy set patient --max-attempts 10 --max-delay 2h
              leadconvert policy set careful --on-no-match fail --on-duplicates join
            """,
        subcommands: [PolicyList.self, PolicySet.self]
    )
}

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

    func run() throws {
        let policies = try options.open().reports.policies()
        let columns = policies.first?.columns ?? []
        try RowFormat.print(format, table: columns.dropLast(2)) { printer in
            try printer.begin(columns)
            for policy in policies { try printer.print(policy) }
        }
    }
}

struct PolicySet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Make a retry policy, or change one.",
        discussion: """
            What is not given stays as it is; a new policy has it from the default. The next \
            attempt goes by it.

            Example:
              leadconvert policy set patient --max-attempts 10 --max-delay 2h
              leadconvert enqueue leads.csv --policy patient
            """
    )

    @Argument(help: "The policy's name.")
    var name: String

    @Option(help: ArgumentHelp("Attempts in all, 1 to 100.", valueName: "count"))
    var maxAttempts: Int?

    @Option(
        help: ArgumentHelp("The pause after the first attempt.", valueName: "duration"),
        transform: duration
    )
    var baseDelay: Int64?

    @Option(help: ArgumentHelp("What each further pause is multiplied by.", valueName: "number"))
    var factor: Double?

    @Option(help: ArgumentHelp("The longest pause.", valueName: "duration"), transform: duration)
    var maxDelay: Int64?

    @Option(help: ArgumentHelp("The part of a pause left to chance, 0 to 1.", valueName: "part"))
    var jitter: Double?

    @Option(help: "What a batch does when one of its leads fails.")
    var onFailure: RetryPolicy.OnFailure?

    @Flag(
        inversion: .prefixedNo,
        help: "The same as --on-duplicates allow; without it, fail where it was allow.")
    var allowDuplicates: Bool?

    @Option(
        help: ArgumentHelp(
            "What becomes of a lead that a duplicate rule stops.",
            discussion: """
                fail: it names the records that match. allow: rules that only warn are overridden. \
                join: the lead is converted into the one account or contact that the rule names.
                """))
    var onDuplicates: RetryPolicy.OnDuplicates?

    @Option(help: "Which of several contacts, or accounts, that match is meant.")
    var onManyMatches: RetryPolicy.OnManyMatches?

    @Option(help: "Whether a lead that matches no contact or account makes new ones.")
    var onNoMatch: RetryPolicy.OnNoMatch?

    @Option(
        help: ArgumentHelp(
            "The user who owns the new records where a queue or an inactive user owns the lead; "
                + "none takes it away.", valueName: "user-id"),
        transform: FallbackOwner.init)
    var fallbackOwner: FallbackOwner?

    @Flag(inversion: .prefixedNo, help: "Whether the conversion leaves no entry in feeds.")
    var suppressFeed: Bool?

    @Flag(inversion: .prefixedNo, help: "Whether text that is too long for its field is cut.")
    var truncateFields: Bool?

    @OptionGroup var options: QueueOptions

    func validate() throws {
        guard name.contains(where: { !$0.isWhitespace }) else {
            throw ValidationError("A policy needs a name.")
        }
        // The schema has these rules too; here they can be told in the words that were typed.
        try Self.check(maxAttempts, in: 1...100, or: "--max-attempts must be 1 to 100.")
        try Self.check(baseDelay, in: 0...86_400_000, or: "--base-delay must be 0s to 1d.")
        try Self.check(factor, in: 1...100, or: "--factor must be 1 to 100.")
        try Self.check(maxDelay, in: 0...2_592_000_000, or: "--max-delay must be 0s to 30d.")
        try Self.check(jitter, in: 0...1, or: "--jitter must be 0 to 1.")
        if let allowDuplicates, let onDuplicates, allowDuplicates != (onDuplicates == .allow) {
            let flag = allowDuplicates ? "--allow-duplicates" : "--no-allow-duplicates"
            throw ValidationError(
                "\(flag) contradicts --on-duplicates \(onDuplicates.rawValue): give one of them.")
        }
    }

    private static func check<Value>(
        _ value: Value?, in range: ClosedRange<Value>, or sentence: String
    ) throws {
        if let value, !range.contains(value) { throw ValidationError(sentence) }
    }

    func run() throws {
        let queue = try options.openOrMake()
        let isChanged = try queue.operations.changePolicy(named: name) { policy in
            policy.maxAttempts = maxAttempts ?? policy.maxAttempts
            policy.baseDelayMS = baseDelay ?? policy.baseDelayMS
            policy.factor = factor ?? policy.factor
            policy.maxDelayMS = maxDelay ?? policy.maxDelayMS
            policy.jitter = jitter ?? policy.jitter
            policy.onFailure = onFailure ?? policy.onFailure
            if allowDuplicates == true { policy.onDuplicates = .allow }
            if allowDuplicates == false, policy.onDuplicates == .allow {
                policy.onDuplicates = .fail
            }
            policy.onDuplicates = onDuplicates ?? policy.onDuplicates
            policy.onManyMatches = onManyMatches ?? policy.onManyMatches
            policy.onNoMatch = onNoMatch ?? policy.onNoMatch
            if let fallbackOwner { policy.fallbackOwner = fallbackOwner.id }
            policy.suppressesFeed = suppressFeed ?? policy.suppressesFeed
            policy.truncatesFields = truncateFields ?? policy.truncatesFields
        }
        StandardError.write("Policy \(name) is \(isChanged ? "changed" : "made").\n")
    }
}

/// Who is named to own records, or nobody.
struct FallbackOwner: Sendable {
    let id: RecordID?

    init(_ argument: String) throws {
        guard argument != "none" else {
            id = nil
            return
        }
        do {
            id = try RecordID(argument, of: .user)
        } catch {
            throw ValidationError("It must be a user's id, or none: \(error).")
        }
    }
}
