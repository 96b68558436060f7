import Conversion
import Dispatch
import Foundation
import GRDB
import SalesforceSimulator
import Storage
import Synchronization
import TestSupport

/// A simulated org, a queue in a real file, and the programs that were started on them.
final class Fixture: Sendable {
    let simulator: Simulator
    let folder: URL
    let queue: JobQueue
    private let programs = Mutex<[RunningProgram]>([])

    init(simulator: Simulator, folder: URL) throws {
        self.simulator = simulator
        self.folder = folder
        queue = try JobQueue(path: folder.appendingPathComponent("queue.db").path, as: .client)
    }

    /// Settings with which a test need not wait: small calls, no rate, short timeouts.
    var settings: [String: String] {
        [
            "LEADCONVERT_DB": queue.path, "LEADCONVERT_CALL_SIZE": "10",
            "LEADCONVERT_RATE": "1000", "LEADCONVERT_BURST": "1000",
            "LEADCONVERT_CALL_LIFETIME": "10", "LEADCONVERT_PROBE_INTERVAL": "0.2",
            "SALESFORCE_LOGIN_URL": simulator.url, "SALESFORCE_CLIENT_ID": "demo",
            "SALESFORCE_CLIENT_SECRET": "demo",
        ]
    }

    /// Starts the daemon.
    func startDaemon(
        _ arguments: String..., changing changes: [String: String] = [:], after shell: String? = nil
    ) throws -> RunningProgram {
        let environment = settings.merging(changes) { $1 }
        let daemon = try Program.daemon.start(
            arguments, environment: environment, in: folder, after: shell)
        programs.withLock { $0.append(daemon) }
        return daemon
    }

    /// Runs the daemon until the queue is empty.
    @discardableResult
    func drain(
        changing changes: [String: String] = [:], within limit: Duration = .seconds(600)
    ) async throws -> ProgramEnd {
        try await startDaemon("--until-empty", changing: changes).waitForExit(within: limit)
    }

    /// Runs the helper.
    func run(_ arguments: String..., input: String? = nil) async throws -> ProgramEnd {
        try await Program.helper.run(
            arguments, environment: ["LEADCONVERT_DB": queue.path], input: input, in: folder)
    }

    /// Puts leads into the queue that have been due for a while: nothing waits for company.
    func enqueue(_ leads: [String], as status: String = "Qualified") throws {
        var options = EnqueueOptions()
        options.runAt = Timestamp.now + -60_000
        try queue.enqueue(options, at: .now) { queue in
            for lead in leads {
                try queue.add(
                    LeadConversion(
                        leadID: RecordID(lead, of: .lead), convertedStatus: status))
            }
        }
    }

    /// Makes so many leads in the org and puts them into the queue.
    @discardableResult
    func enqueueLeads(_ count: Int) async throws -> [String] {
        let leads = await simulator.addLeads(count)
        try enqueue(leads)
        return leads
    }

    /// Waits until the queue's file shows something, but not for ever.
    func await(
        _ event: String, within limit: Duration = .seconds(400),
        until isMet: @escaping @Sendable (JobQueue) throws -> Bool
    ) async throws {
        let queue = queue
        try await TestSupport.within(limit, event) {
            let (changes, told) = AsyncStream.makeStream(of: Void.self)
            let looks = DispatchQueue(label: "fixture")
            let watcher = ChangeWatcher(path: queue.path, queue: looks, look: { told.yield() })
            // The kernel gives a user some hundred watches; where many tests run at once there may be
            // none left for this one.
            let timer = DispatchSource.makeTimerSource(queue: looks)
            timer.schedule(deadline: .now(), repeating: .seconds(2))
            timer.setEventHandler { told.yield() }
            timer.activate()
            defer {
                timer.cancel()
                withExtendedLifetime(watcher) {}
            }
            told.yield()
            for await _ in changes {
                if try isMet(queue) { return }
            }
        }
    }

    /// The rows of a query, as another program would read them.
    func rows(_ sql: String) throws -> [Row] {
        var configuration = Configuration()
        configuration.readonly = true
        let database = try DatabaseQueue(path: queue.path, configuration: configuration)
        return try database.read { try Row.fetchAll($0, sql: sql) }
    }

    /// A test that waits in vain is understood by what the daemon said meanwhile.
    fileprivate func tellWhatProgramsSaid() {
        for program in programs.withLock(\.self) {
            print("program \(program.pid) said: \(program.errors.suffix(8000))")
        }
    }

    fileprivate func clear() {
        for program in programs.withLock(\.self) { program.kill() }
    }
}

/// Runs `body` on a fixture of its own; afterwards, whatever happens, no program is left.
func withFixture<Result>(
    _ configure: (inout SimulatorConfiguration) -> Void = { _ in },
    _ body: (Fixture) async throws -> Result
) async throws -> Result {
    try await withSimulator(configure) { simulator in
        try await withTemporaryFolder { folder in
            let fixture = try Fixture(simulator: simulator, folder: folder)
            defer { fixture.clear() }
            do {
                return try await body(fixture)
            } catch {
                fixture.tellWhatProgramsSaid()
                throw error
            }
        }
    }
}
