import Conversion
import Foundation
import Preflight
import Salesforce
import Settings
import Storage

/// The way to the org for a command that asks it itself, with the daemon's settings and credentials.
struct OrgConnector {
    private let settings: DaemonSettings

    /// Reads the settings.
    /// - Throws: 77 for a login by a refresh token, unless it may be used up, and for secrets that only
    ///   root may read; 78 for wrong settings.
    init(_ context: CommandContext, usesRefreshToken: Bool) throws {
        if let error = try context.loginOutOfReach(of: QueueOptions.typed) { throw error }
        settings = try DaemonSettings(
            environment: context.settings, database: context.database)
        if case .refreshToken = settings.salesforce.login, !usesRefreshToken {
            throw OperatorError(
                .permission, "Using a refresh token may end it, and the daemon needs it.",
                remedy: "Add --use-refresh-token: a new one is kept where the service finds it; "
                    + "another daemon that runs has to be restarted.")
        }
    }

    /// Runs `body` with a client that has logged in.
    func connected<Result>(
        recordingIn queue: JobQueue, _ body: (RecordingClient) async throws -> Result
    ) async throws -> Result {
        let transport = try SalesforceTransport(settings) { StandardError.write("\($0)\n") }
        do {
            var client = RecordingClient(
                transport: transport, under: settings, recordingIn: queue)
            try await client.requireLogin()
            let result = try await body(client)
            await transport.shutdown()
            return result
        } catch {
            await transport.shutdown()
            throw error
        }
    }
}
