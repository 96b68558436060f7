import Conversion
import Drain
import Logging
import Salesforce
import Storage

/// What the daemon does, all of it real but the org: drain, queue, transport, HTTP.
struct EndToEnd {
    let path: String
    let url: String

    func run() async throws {
        let queue = try JobQueue(path: path, as: .daemon)
        let transport = try SalesforceTransport(.instant(url))
        let drain = try Drain(
            queue,
            through: Transport(
                send: { await transport.send($0) }, hasSession: { transport.hasSession }),
            options: options,
            logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
        let ending = await drain.run()
        await transport.shutdown()
        guard case .drained = ending else { throw Unfinished(description: "\(ending)") }
    }

    /// The defaults, with the bucket wide open.
    private var options: DrainOptions {
        var options = DrainOptions()
        options.rate = 1e6
        options.burst = 1e6
        options.untilEmpty = true
        return options
    }
}

/// A course that did not get to its end.
struct Unfinished: Error, CustomStringConvertible {
    var description: String
}

extension SalesforceSettings {
    /// The instant server takes any login.
    static func instant(_ url: String) -> SalesforceSettings {
        SalesforceSettings(
            loginURL: url, login: .clientCredentials(clientID: "bench", secret: Secret("bench")))
    }
}
