import Conversion
import TestSupport

@testable import Salesforce

/// Runs a transport against a server that follows a script, and closes both.
func withTransport<Value: Sendable>(
    _ login: (String) -> SalesforceSettings.Login = {
        .given("00D!token", at: $0)
    },
    by service: SalesforceSettings.Service = .soap, timeout: Duration = .seconds(400),
    script: @escaping ScriptedServer.Script,
    _ body: (SalesforceTransport, ScriptedServer) async throws -> Value
) async throws -> Value {
    try await ScriptedServer.run(script) { server in
        var settings = SalesforceSettings(
            loginHost: .test(server.url), login: login(server.url))
        settings.callTimeout = timeout
        // A machine that is busy with other tests may let a request leave late.
        settings.connectTimeout = .seconds(400)
        settings.service = service
        let transport = try SalesforceTransport(settings)
        do {
            let value = try await body(transport, server)
            await transport.shutdown()
            return value
        } catch {
            await transport.shutdown()
            throw error
        }
    }
}

/// One conversion of one lead.
let conversion = CallRequest.convert([Samples.first], ConvertOptions())

/// A login that must ask for its tokens.
func clientCredentials(_ url: String) -> SalesforceSettings.Login {
    .clientCredentials(clientID: "demo", secret: Secret("a+b&c=é"))
}

extension CallOutcome {
    /// `refused session INVALID_SESSION_ID`, `unclear TIMEOUT`: what a test compares when the
    /// sentence does not matter.
    var gist: String {
        switch self {
        case .refused(let blocker, let reason): "refused \(blocker) \(reason.code)"
        case .written(let records): "written \(records.map(\.gist).joined(separator: ", "))"
        case .found(let ids): "found \(ids)"
        case .unclear(let reason): "unclear \(reason.code)"
        case .converted: "converted"
        case .verified: "verified"
        case .foundContacts: "foundContacts"
        case .foundAccounts: "foundAccounts"
        case .loggedIn: "loggedIn"
        case .limitsRead: "limitsRead"
        }
    }
}

extension Origin {
    /// A server of a test's.
    static func test(_ url: String) -> Origin {
        guard let origin = Origin(url) else { preconditionFailure("\(url) is no server") }
        return origin
    }
}

extension SalesforceSettings.Login {
    /// A token that somebody else got.
    static func given(_ token: String, at url: String) -> Self {
        .accessToken(Secret(token), instance: .test(url))
    }
}

extension Reply.Outcome {
    /// The same of a reply of its own type.
    var gist: String {
        switch self {
        case .refused(let blocker, let reason): "refused \(blocker) \(reason.code)"
        case .unclear(let reason): "unclear \(reason.code)"
        case .value(let value):
            switch value {
            case is [LeadOutcome]: "converted"
            case is [LeadReading]: "verified"
            case is [[FoundContact]]: "foundContacts"
            default: "read"
            }
        }
    }
}

extension RecordOutcome {
    /// What it means, without the sentence.
    fileprivate var gist: String {
        switch self {
        case .done(let id): "done \(id)"
        case .transient(let reason): "transient \(reason.code)"
        case .permanent(let reason): "permanent \(reason.code)"
        case .limited(let reason): "limited \(reason.code)"
        case .blocked(let blocker, let reason): "blocked \(blocker) \(reason.code)"
        }
    }
}
