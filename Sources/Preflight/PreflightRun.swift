public import Conversion
import Drain
import Salesforce
import Settings
import Storage

/// Everything that has to be right before a lead is sent, looked at one after the other: first
/// what is on this machine, then the way to the org, then the org, then what waits in the queue.
///
/// What can't be looked at because of something before it is named all the same, and why.
public struct PreflightRun {
    private(set) var environment: [String: String]
    /// The file of settings that `--env-file` names.
    let environmentFile: String?
    /// The file that `--db` names.
    let databaseFlag: String?
    /// Whether all waiting leads are looked at, or some.
    let readsAllLeads: Bool
    /// Whether a refresh token is used, though a daemon that runs may lose its own by that.
    let usesRefreshToken: Bool
    /// Told of each finding as it comes.
    let show: (Finding) throws -> Void
    /// Told of a replaced refresh token that can't be kept.
    let complain: @Sendable (String) -> Void

    /// What was found so far.
    public private(set) var findings: [Finding] = []

    /// A run that is still ahead.
    public init(
        environment: [String: String], environmentFile: String?, databaseFlag: String?,
        readsAllLeads: Bool, usesRefreshToken: Bool,
        show: @escaping (Finding) throws -> Void,
        complain: @escaping @Sendable (String) -> Void
    ) {
        self.environment = environment
        self.environmentFile = environmentFile
        self.databaseFlag = databaseFlag
        self.readsAllLeads = readsAllLeads
        self.usesRefreshToken = usesRefreshToken
        self.show = show
        self.complain = complain
    }

    /// How the program ends: as the first and so most basic failure says.
    public var exit: ExitStatus { findings.first { $0.status == .fail }?.exit ?? .ok }

    /// Looks at everything.
    public mutating func run() async throws {
        do {
            environment = try EnvironmentFile.adding(to: environment, flag: environmentFile)
        } catch {
            return try note(Finding(Name.settings.rawValue, error))
        }
        let found = try checkSettings()
        do {
            try await look(with: found)
            await found?.1.shutdown()
        } catch {
            await found?.1.shutdown()
            throw error
        }
    }

    /// Notes what was found.
    public mutating func note(_ finding: Finding) throws {
        findings.append(finding)
        try show(finding)
    }

    /// Notes what is not looked at.
    mutating func skip(_ names: [Name], because reason: String) throws {
        for name in names { try note(.skipped(name.rawValue, because: reason)) }
    }

    private mutating func look(with found: (DaemonSettings, SalesforceTransport)?) async throws {
        let queue = try checkQueue()
        try checkSQLite()
        guard let (settings, transport) = found else {
            return try skip(
                [.reach, .clock, .login, .version] + Self.ofTheOrg, because: "settings failed")
        }
        var line = RecordedLine(transport: transport, queue: queue)
        try await checkOrg(&line, settings)
    }

    private mutating func checkOrg(
        _ line: inout RecordedLine, _ settings: DaemonSettings
    ) async throws {
        guard let versions = try await checkReach(&line, settings.salesforce) else {
            return try skip([.clock, .login, .version] + Self.ofTheOrg, because: "reach failed")
        }
        guard try await checkLogin(&line, settings.salesforce) else {
            return try skip([.version] + Self.ofTheOrg, because: "there is no login")
        }
        guard try await checkVersion(&line, settings.salesforce, known: versions) else {
            return try skip(Self.ofTheOrg, because: "version failed")
        }
        guard let user = try await checkUser(&line, settings.salesforce) else {
            return try skip(Array(Self.ofTheOrg.dropFirst()), because: "user failed")
        }
        try await checkPermission(&line, user)
        try await checkObjects(&line, user)
        try await checkStatuses(&line)
        let kind = try await line.ask { await $0.readOrgKind() }
        try checkAllowance(line, settings.drain)
        try checkConcurrency(kind, settings.drain)
        try await checkLeads(&line, settings.drain)
    }
}

extension PreflightRun {
    /// What is looked at, by the names that scripts go by.
    enum Name: String {
        case settings, file, folder, schema, sqlite, reach, clock, login, version, user
        case permission, objects, statuses, allowance, concurrency, leads
    }

    /// What only a user of the org is told.
    fileprivate static let ofTheOrg: [Name] = [
        .user, .permission, .objects, .statuses, .allowance, .concurrency, .leads,
    ]
}
