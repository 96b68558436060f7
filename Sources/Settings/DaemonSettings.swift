public import Conversion
import Cryptography
public import Drain
import Foundation
public import Hooks
public import Logging
public import Salesforce
public import StatusPage

/// Everything that the daemon can be told, read once and checked as a whole.
///
/// Each part is the options of the module that uses them; here is only how texts become them. A
/// reload reads a new value of this type and puts it in the old one's place, or reports what is
/// wrong and keeps the old one.
public struct DaemonSettings: Equatable, Sendable {
    /// Where the queue's file is.
    public var database: DatabasePath
    /// How the queue is drained.
    public var drain: DrainOptions
    /// How Salesforce is reached.
    public var salesforce: SalesforceSettings
    /// Where the successor of a refresh token is kept; nil for the other logins.
    public var refreshTokenStore: RefreshTokenStore?
    public var logLevel: Logger.Level
    /// How log lines are written, where the journal does not take them as entries.
    public var logFormat: LogFormat
    /// How the commands of finished batches run.
    public var hooks: HookSettings
    /// Where the status page listens; nil where there is none.
    public var listen: ListenOptions?
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
        drain = DrainOptions(&reader, giveUpAfter: giveUpAfter)
        logLevel = reader.value(
            "LEADCONVERT_LOG_LEVEL", default: .info,
            rule: "must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))"
        ) { Logger.Level(rawValue: $0.lowercased()) }
        logFormat = reader.value(
            "LEADCONVERT_LOG_FORMAT", default: .text, rule: "must be text or json"
        ) { LogFormat(rawValue: $0.lowercased()) }
        stopTimeoutMS = reader.milliseconds(
            "LEADCONVERT_STOP_TIMEOUT", 0...86_400_000, default: 60_000
        )
        hooks = HookSettings(&reader)
        listen = ListenOptions(&reader)
        guard let found = SalesforceSettings.read(&reader) else { return nil }
        (salesforce, refreshTokenStore) = found
        drain.takesExtra = salesforce.service != .soap
        salesforce.connectTimeout = .milliseconds(drain.connectTimeoutMS)
    }

    /// What tells one login from another, but for the secrets in it: 16 characters that lead back to
    /// none.
    /// - Parameter start: The settings that a running daemon has started with, whose host it keeps.
    public func loginName(since start: DaemonSettings? = nil) -> String {
        let who =
            switch salesforce.login {
            case .clientCredentials(let clientID, _): ["secret", clientID]
            case .jwtBearer(let clientID, let username, _, _): ["key", clientID, username]
            case .refreshToken(let clientID, let secret, _):
                ["refresh token", clientID, secret == nil ? "" : "with a secret"]
            case .accessToken(_, let instance): ["token", "\(instance)"]
            }
        let parts = who + ["\((start ?? self).salesforce.loginHost)"]
        return String(SHA256.digest(of: parts.joined(separator: "\n")).hexadecimal.prefix(16))
    }

    /// The settings that differ from those of the start and can't be changed in a running daemon.
    public func waitingForRestart(since start: DaemonSettings) -> [String] {
        let (new, old) = (salesforce, start.salesforce)
        let isSame: KeyValuePairs = [
            "LEADCONVERT_DB": database == start.database,
            "LEADCONVERT_LISTEN": listen?.address == start.listen?.address,
            "LEADCONVERT_LISTEN_TOKEN_FILE": listen?.token == start.listen?.token,
            "LEADCONVERT_STOP_TIMEOUT": stopTimeoutMS == start.stopTimeoutMS,
            "LEADCONVERT_CALL_TIMEOUT": new.callTimeout == old.callTimeout,
            "SALESFORCE_LOGIN_URL": new.loginHost == old.loginHost,
            "SALESFORCE_API_VERSION": new.apiVersion == old.apiVersion,
            "SALESFORCE_TRANSPORT": new.service == old.service,
            "SALESFORCE_CA_FILE": new.caFile == old.caFile,
            "LEADCONVERT_MATCH_ACCOUNT_FIELD": new.matchAccountField == old.matchAccountField,
        ]
        return isSame.filter { !$0.value }.map(\.key)
    }
}

/// How log lines are written.
public enum LogFormat: String, Sendable {
    /// For people: time, level, message, facts as `key=value`.
    case text
    /// For programs: an object a line.
    case json
}

/// Where the queue's file is.
public struct DatabasePath: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// The path whatever folder we are in.
    public var absolute: String { URL(fileURLWithPath: description).path }

    /// The option that names the file to a command, in whatever folder that is typed.
    public var option: String { "--db \(absolute.shellQuoted)" }

    /// The file at a path.
    public init(_ path: String) {
        description = path
    }

    /// The flag's path, else that of `LEADCONVERT_DB`, else `queue.db` in the service's state
    /// directory, else `queue.db` right here.
    public init(flag: String?, environment: [String: String]) {
        let reader = SettingReader(environment)
        if let path = flag ?? reader.text("LEADCONVERT_DB") {
            description = path
        } else if let folder = reader.text("STATE_DIRECTORY")?.split(separator: ":").first {
            description = "\(folder)/queue.db"
        } else {
            description = "./queue.db"
        }
    }
}

extension HookSettings {
    fileprivate init(_ reader: inout SettingReader) {
        let isNamed = reader.environment["LEADCONVERT_HOOKS"] != nil
        let given = reader.optional("LEADCONVERT_HOOKS", rule: "must be on or off") { text in
            ["on": true, "off": false][text.lowercased()]
        }
        let timeoutMS = reader.milliseconds(
            "LEADCONVERT_HOOK_TIMEOUT", 1...86_400_000, default: 900_000
        )
        // Named without a word, it may have been meant either way: the harmless one is taken.
        self.init(isOn: given ?? !isNamed, timeoutMS: timeoutMS)
    }
}

extension ListenOptions {
    /// Where the status page listens; nil when it does not, or when the setting is wrong.
    init?(_ reader: inout SettingReader) {
        let address = reader.optional("LEADCONVERT_LISTEN", rule: Address.rule) { Address($0) }
        guard let address else { return nil }
        let token = reader.secret("LEADCONVERT_LISTEN_TOKEN")
        if token == nil, !address.isLoopback, !reader.isGiven("LEADCONVERT_LISTEN_TOKEN") {
            reader.report(
                "LEADCONVERT_LISTEN", value: "\(address)",
                "can be reached from other machines: name a file with a token in "
                    + "LEADCONVERT_LISTEN_TOKEN_FILE, or use 127.0.0.1")
        }
        self.init(address: address, token: token.map { Secret($0.text) })
    }
}
