import Conversion
import Foundation
import Salesforce
import Settings
import Storage

/// What the checks share: what the operator named, and what earlier checks made for later ones.
struct CheckContext {
    let options: CheckRunner.Options
    let environment: [String: String]
    let warn: @Sendable (String) -> Void
    /// The queue's file.
    let path: String
    /// What makes the file another program's, or unreadable as ours.
    let foreign: OperatorError?
    /// The queue; nil until its check, and where there is none that this program may work on.
    var queue: JobQueue? { didSet { connection?.client.queue = queue } }
    /// The labels of the statuses that the org converts leads to, once they were asked for.
    var convertedStatuses: [ConvertedStatus] = []
    private var connection: OrgConnection?

    init(
        _ options: CheckRunner.Options, environment: [String: String],
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.options = options
        self.environment = environment
        self.warn = warn
        path = DatabasePath(flag: options.context.database, environment: environment).description
        foreign = Self.foreign(path)
    }

    /// Other faults are told by the checks of the file's rights, which may be their reason, or of the
    /// schema.
    private static func foreign(_ path: String) -> OperatorError? {
        do {
            _ = try QueueFile.look(at: path)
        } catch let error as OperatorError where error.status == .configuration {
            return error
        } catch {}
        return nil
    }

    /// What the checks of the org share. The settings are among what they need.
    var org: OrgConnection {
        get {
            guard let connection else { preconditionFailure("The settings were not checked.") }
            return connection
        }
        set { connection = newValue }
    }

    /// Connects to the org of these settings.
    mutating func connect(_ settings: DaemonSettings, _ transport: SalesforceTransport) {
        connection = OrgConnection(
            client: RecordingClient(transport: transport, under: settings, recordingIn: queue))
    }

    /// Asks the org once, on record.
    mutating func ask<Value>(
        _ request: (SalesforceTransport) async -> Reply<Value>
    ) async throws -> Reply<Value> {
        try await org.client.ask(request)
    }

    /// Closes what was opened.
    func close() async {
        await connection?.client.transport.shutdown()
    }
}

/// The org, and what is known of it so far.
struct OrgConnection {
    var client: RecordingClient
    /// The answer of the host that hands out tokens, and the times between which it came.
    var versions: Reply<[String]>?
    var askedAt = Date()
    var answeredAt = Date()
    /// The user's name.
    var user = "the user"

    var settings: DaemonSettings { client.settings }

    /// The host that is asked first: a token that was given has been handed out, and then it is the
    /// org's own.
    var host: String { client.transport.instanceName ?? client.transport.loginHostName }

    /// The setting that names the host.
    var hostSetting: String {
        if case .accessToken = settings.salesforce.login {
            "SALESFORCE_INSTANCE_URL"
        } else {
            "SALESFORCE_LOGIN_URL"
        }
    }
}
