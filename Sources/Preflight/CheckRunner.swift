public import Conversion
public import Salesforce
public import Settings

/// Runs all checks, one after the other. One that can't be run because another did not pass is named
/// all the same, and why.
public struct CheckRunner {
    /// What the operator asked for.
    public struct Options {
        /// The queue, and the settings of its daemon.
        public var context: CommandContext
        /// What was typed, for users that have to type it as somebody else.
        public var command: String
        /// Whether all queued leads are looked at, or a sample.
        public var readsAllLeads = false
        /// Told how many of the queued leads have been looked at, and how many there are, where all
        /// are.
        public var progress: (@Sendable (_ done: Int, _ total: Int) -> Void)?
        /// Whether a refresh token is used, though a daemon that runs may lose its own by that.
        public var usesRefreshToken = false

        public init(_ context: CommandContext, command: String) {
            self.context = context
            self.command = command
        }
    }

    private let options: Options
    private let show: (Finding) throws -> Void
    private let warn: @Sendable (String) -> Void
    /// What was found so far.
    public private(set) var findings: [Finding] = []
    /// The labels of the statuses that the org converts leads to; empty where they can't be read.
    public private(set) var convertedStatuses: [ConvertedStatus] = []
    /// Why a check did not pass, for those that need it.
    private var blocked: [Check.Name: String] = [:]

    /// - Parameters:
    ///   - show: Told of each finding as it comes.
    ///   - warn: Told what goes wrong beside the checks: a new refresh token that can't be kept.
    public init(
        _ options: Options, show: @escaping (Finding) throws -> Void,
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.options = options
        self.show = show
        self.warn = warn
    }

    /// How the program ends: as the first and so most basic failure says.
    public var exit: ExitStatus { findings.first { $0.status == .fail }?.exit ?? .ok }

    /// Runs them.
    /// - Throws: what `show` throws.
    public mutating func run() async throws {
        let environment: [String: String]
        do {
            environment = try options.context.settings
        } catch {
            // Not even where the queue is can be known.
            return try record([Finding(error)], of: .settings)
        }
        var context = CheckContext(options, environment: environment, warn: warn)
        do {
            for check in Check.all { try await run(check, &context) }
        } catch {
            await context.close()
            throw error
        }
        await context.close()
        convertedStatuses = context.convertedStatuses
    }

    private mutating func run(_ check: Check, _ context: inout CheckContext) async throws {
        if let reason = check.needs.flatMap({ blocked[$0] }) {
            blocked[check.name] = reason
            return try record([.skipped(because: reason)], of: check.name)
        }
        let found: [Finding]
        do {
            found = try await check.run(&context)
        } catch let error as OperatorError {
            found = [Finding(error)]
        }
        try record(found, of: check.name)
    }

    private mutating func record(_ found: [Finding], of name: Check.Name) throws {
        for var finding in found {
            finding.name = name.rawValue
            if finding.status == .fail { blocked[name] = "\(name) failed" }
            blocked[name] = finding.blocks ?? blocked[name]
            findings.append(finding)
            try show(finding)
        }
    }
}
