import BuildInfo
import Conversion
import Drain
import Foundation
import Logging
import Salesforce
import SalesforceSimulator
import Storage

/// Says a line on standard output, at once: the progress line and the others keep their order.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

/// The whole in one process: a simulated org, 500 leads, the queue, the drain, the run log.
///
/// Ends with 0 only if the org's own audit, `jobs` and `run_log` agree lead by lead.
@main
enum Demo {
    static func main() async {
        if CommandLine.arguments.contains("--version") {
            say(
                "demo \(String(cString: build_name())), SQLite \(SQLiteVersion.ofTheLibrary), "
                    + "Salesforce API \(APIVersion.standard)")
            Foundation.exit(0)
        }
        do {
            Foundation.exit(try await run() ? 0 : 1)
        } catch {
            say("demo: \(error)")
            Foundation.exit(70)
        }
    }

    /// - Returns: Whether all three accounts of what happened agree.
    private static func run() async throws -> Bool {
        say(
            """
            Starts a simulated Salesforce org with 500 leads, some of which can't be converted.
            Queues them by SQL and from a CSV file, and converts them; one answer gets lost.
            Then compares the org's own audit with the queue, lead by lead. A quarter of a minute.

            """)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent(
                "leadconvertd-demo-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent("queue.db").path

        let sample = try await SampleOrg.make()
        let queue = try JobQueue(path: path, as: .daemon)
        try queue.operations.set(RetryPolicy(baseDelayMS: 1500), named: "default")
        try Enqueuing(sample: sample, queue: queue, folder: folder).enqueue()

        guard let host = Origin(sample.simulator.url) else {
            preconditionFailure("The simulator listens on loopback.")
        }
        var settings = SalesforceSettings(
            loginHost: host,
            login: .clientCredentials(clientID: "demo", secret: Secret("demo")))
        settings.callTimeout = .seconds(30)
        var options = DrainOptions()
        options.callSize = 25
        // Salesforce may work on a call for ten minutes; this org is done in three seconds.
        options.callLifetimeMS = 3000
        options.untilEmpty = true
        settings.connectTimeout = .milliseconds(options.connectTimeoutMS)
        let transport = try SalesforceTransport(settings)
        let drain = try DrainLoop(
            queue,
            through: transport,
            options: options,
            logger: Logger(label: "demo", factory: { _ in SwiftLogNoOpLogHandler() }))

        say("\nDraining.\n")
        let progress = Progress(of: path)
        progress.begin()
        let exitReason = await drain.run()
        try progress.end()
        guard case .drained = exitReason else {
            say("The drain did not come to its end: \(exitReason)")
            return false
        }
        await transport.shutdown()

        let report = Report(queue: queue, sample: sample)
        try await report.print()
        let disagreements = try await Agreement(queue: queue, sample: sample).disagreements()
        await sample.simulator.stop()
        say(
            disagreements.isEmpty
                ? "\nThe org's audit, jobs and run_log agree on all \(sample.leads.count) leads. "
                    + "None was converted twice, none was lost."
                : "\nThey DISAGREE:\n" + disagreements.joined(separator: "\n"))
        say(
            """

            Next, see in the queue what failed and why, or set up your own org:
              swift run leadconvert jobs --state failed --db \(path)
              swift run leadconvert setup
            """)
        return disagreements.isEmpty
    }
}
