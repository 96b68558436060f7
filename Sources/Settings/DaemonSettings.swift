public import Conversion
public import Logging

/// Everything that the daemon can be told, read once and checked as a whole.
///
/// A reload reads a new value of this type and puts it in the old one's place, or reports what is
/// wrong and keeps the old one.
public struct DaemonSettings: Equatable, Sendable {
    /// Where the queue's file is.
    public var database: DatabasePath
    /// How the queue is drained.
    public var drain: DrainSettings
    /// How Salesforce is reached.
    public var salesforce: SalesforceSettings
    /// What is logged.
    public var logLevel: Logger.Level
    /// How the commands of finished batches run.
    public var hooks: HookSettings
    /// For how long a stop may wait for calls in flight, in milliseconds.
    public var stopTimeoutMS: Int64

    /// Reads the settings; flags win over the environment.
    /// - Throws: 78, with a line for every setting that is wrong.
    public init(
        environment: [String: String], database flag: String? = nil, giveUpAfter: String? = nil
    ) throws(OperatorError) {
        do {
            self = try Self.read(environment, database: flag, giveUpAfter: giveUpAfter)
        } catch {
            throw .wrongSettings(error.problems)
        }
    }

    /// Reads the settings, for somebody who wants to hear of each that is wrong by itself.
    public static func read(
        _ environment: [String: String], database flag: String? = nil, giveUpAfter: String? = nil
    ) throws(WrongSettings) -> DaemonSettings {
        var reader = SettingReader(environment)
        let settings = DaemonSettings(&reader, database: flag, giveUpAfter: giveUpAfter)
        guard let settings, reader.problems.isEmpty else {
            throw WrongSettings(problems: reader.problems)
        }
        return settings
    }

    private init?(_ reader: inout SettingReader, database flag: String?, giveUpAfter: String?) {
        database = DatabasePath(flag: flag, environment: reader.environment)
        drain = DrainSettings(&reader, giveUpAfter: giveUpAfter)
        logLevel = reader.value(
            "LEADCONVERT_LOG_LEVEL", default: .info,
            rule: "must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))"
        ) { Logger.Level(rawValue: $0.lowercased()) }
        stopTimeoutMS = reader.milliseconds(
            "LEADCONVERT_STOP_TIMEOUT", 0...86_400_000, default: 60_000
        )
        hooks = HookSettings(&reader)
        guard let salesforce = SalesforceSettings(&reader) else { return nil }
        self.salesforce = salesforce
    }
}
