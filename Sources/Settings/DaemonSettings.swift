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
    /// For how long a stop may wait for calls in flight, in milliseconds.
    public var stopTimeoutMS: Int64

    /// Reads the settings; flags win over the environment.
    /// - Throws: 78, with a line for every setting that is wrong.
    public init(
        environment: [String: String], database flag: String? = nil, giveUpAfter: String? = nil
    ) throws(OperatorError) {
        var reader = SettingReader(environment)
        database = DatabasePath(flag: flag, environment: environment)
        drain = DrainSettings(&reader, giveUpAfter: giveUpAfter)
        logLevel = reader.value(
            "LEADCONVERT_LOG_LEVEL", default: .info,
            rule: "must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))"
        ) { Logger.Level(rawValue: $0.lowercased()) }
        stopTimeoutMS = reader.milliseconds(
            "LEADCONVERT_STOP_TIMEOUT", 0...86_400_000, default: 60_000
        )
        let salesforce = SalesforceSettings(&reader)
        guard let salesforce, reader.problems.isEmpty else {
            throw .wrongSettings(reader.problems)
        }
        self.salesforce = salesforce
    }
}
