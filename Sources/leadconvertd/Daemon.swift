import Conversion
import Dispatch
import Drain
import Foundation
import Hooks
import Logging
import Salesforce
import Settings
import StatusPage
import Storage
import Synchronization

/// The parts of the daemon, wired in the order in which a lead passes through them.
final class Daemon: Sendable {
    private let arguments: Arguments
    private let settings: DaemonSettings
    private let logger: Logger
    private let lock: DaemonLock
    private let transport: SalesforceTransport
    private let queue: JobQueue
    private let drain: DrainLoop
    private let refreshToken: RefreshTokenKeeper
    private let hooks: HookRunner
    private let notifier: SystemdNotifier?
    private let page: PageServer?
    private let signals = Signals()
    private let isStopping = Mutex(false)
    /// Longer than a command may take that was told to end.
    static let secondsToLeave = HookRunner.grace + 2
    private let lastReload = Mutex<Task<Void, Never>?>(nil)

    /// Reads the settings, takes the queue's file, and makes ready; nothing is sent yet.
    /// - Throws: `OperatorError`: 73, 74, 75 for the file, 78 for the settings.
    init(_ arguments: Arguments) async throws {
        self.arguments = arguments
        let now = SystemClock.now().wall
        let settings = try arguments.settings()
        self.settings = settings
        LoggingSystem.bootstrap { _ in ConsoleLog() }
        ConsoleLog.adopt(settings)
        logger = Logger(label: "leadconvertd")

        let path = settings.database.description
        let isNew = !FileManager.default.fileExists(atPath: path)
        lock = try DaemonLock(queue: path, at: SystemClock.now().wall)
        lock.keep(.init(name: settings.loginName(), readAt: now))
        let queue = try JobQueue(path: path, as: .daemon, lock: lock)
        self.queue = queue
        if isNew {
            // Its name may be mistyped.
            logger.notice(
                "there was no queue: it is made, and empty",
                metadata: ["queue.file": "\(settings.database.absolute)"])
        }
        let notifier = try SystemdNotifier(
            ProcessInfo.processInfo.environment, queue: path,
            callTimeoutMS: Int64(settings.salesforce.callTimeout / .milliseconds(1)))
        self.notifier = notifier
        let refreshToken = RefreshTokenKeeper(settings.refreshTokenStore, logger: logger)
        self.refreshToken = refreshToken
        let transport = try SalesforceTransport(
            settings.salesforce, keepRefreshToken: { refreshToken.keep($0) },
            latestRefreshToken: { refreshToken.latest() })
        self.transport = transport
        let fileState = FileState()
        do {
            drain = try DrainLoop(
                queue,
                through: transport,
                options: settings.drain,
                logger: logger,
                maxPollIntervalMS: notifier?.maxPollIntervalMS ?? DrainLoop.maxPollIntervalMS,
                report: { status in
                    fileState.isWritable = !status.isStorageFailing
                    notifier?.see(status)
                })
            hooks = HookRunner(
                try JobQueue(path: path, as: .client), settings.hooks, logger: logger,
                stillRunning: { notifier?.commandsRun($0) })
            if let listen = settings.listen {
                page = try await PageServer.start(
                    listen, queue: path, version: ProgramVersion.number,
                    health: .init(
                        isWritable: { fileState.isWritable }, hasSession: { transport.hasSession }),
                    logger: logger, now: { SystemClock.now().wall })
            } else {
                page = nil
            }
        } catch {
            // The client's connections must be closed before it is released.
            await transport.shutdown()
            throw error
        }
        logger.info(
            "queue opened",
            metadata: [
                "queue.file": "\(path)", "salesforce.login": "\(settings.salesforce.loginHost)",
                "salesforce.version": "\(settings.salesforce.apiVersion)",
            ])
    }

    /// Drains until told to stop.
    /// - Returns: The code to exit with.
    func run() async throws -> ExitStatus {
        await signals.forward([SIGTERM, SIGINT, SIGHUP]) { [weak self] in self?.handle($0) }
        notifier?.ready()
        await hooks.start()
        let exitReason = await drain.run()
        notifier?.stopping(withinMS: 0)
        refreshToken.close()
        if case .fault = exitReason { await hooks.abandon() }
        await hooks.ended()
        await page?.stop()
        if !exitReason.leavesCallsInFlight { await transport.shutdown() }
        if exitReason.leavesAllSettled { try checkpoint() }
        switch exitReason {
        case .drained:
            logger.info("the queue is drained", metadata: counts())
        case .paused:
            logger.notice(
                "the queue is paused; go on with: leadconvert resume \(settings.database.option)")
        case .stopped(inFlight: 0):
            logger.notice("stopped")
        case .stopped(let inFlight):
            logger.warning(
                "stopped before every answer came; the next start asks Salesforce about them",
                metadata: ["calls.in_flight": "\(inFlight)"])
        case .fault(let error):
            throw error
        }
        return .ok
    }

    /// A file that somebody is reading just now keeps its write-ahead log; nothing is lost by it.
    /// - Throws: `OperatorError` 74 when another file is there by now.
    private func checkpoint() throws {
        do {
            try queue.checkpoint()
        } catch let error as OperatorError where error.status == .inputOutput {
            throw error
        } catch {
            logger.debug("the file keeps its write-ahead log", metadata: ["error": "\(error)"])
        }
    }

    /// What the jobs of the file have come to.
    private func counts() -> Logger.Metadata {
        do {
            let counts = try queue.reports.status(at: SystemClock.now().wall).counts
            return Dictionary(
                uniqueKeysWithValues: counts.filter { $0.value > 0 }.map { state, count in
                    ("jobs.\(state.rawValue)", "\(count)")
                })
        } catch {
            return ["error": "\(error)"]
        }
    }

    // MARK: Signals

    private func handle(_ signal: Int32) {
        if signal == SIGHUP { return reload() }
        let isSecond = isStopping.withLock { isStopping in
            defer { isStopping = true }
            return isStopping
        }
        guard !isSecond else { return abandon() }
        notifier?.stopping(withinMS: settings.stopTimeoutMS)
        let (drain, hooks) = (drain, hooks)
        Task { await hooks.stop() }
        Task { await drain.stop() }
        let timeout = DispatchTimeInterval.milliseconds(Int(settings.stopTimeoutMS))
        DispatchQueue.global().asyncAfter(deadline: .now() + timeout) {
            [weak self] in self?.abandon()
        }
    }

    /// Ends the wait for calls and commands. Whatever may hang then, a full pipe behind standard error
    /// for one, ends with the process: what is not settled is asked about at the next start.
    private func abandon() {
        DispatchQueue(label: "leadconvertd.exit").asyncAfter(
            deadline: .now() + .seconds(Self.secondsToLeave)
        ) { _exit(ExitStatus.ok.rawValue) }
        let (drain, hooks) = (drain, hooks)
        Task { await hooks.abandon() }
        Task { await drain.abandon() }
    }

    /// What is wrong is logged, and the old settings stay.
    private func reload() {
        notifier?.reloading()
        do {
            let now = SystemClock.now().wall
            let settings = try arguments.settings()
            let waiting = settings.waitingForRestart(since: self.settings)
            if !waiting.isEmpty {
                logger.warning(
                    "some settings change only at a restart",
                    metadata: ["settings": "\(waiting.joined(separator: " "))"])
            }
            try transport.replaceCredentials(settings.salesforce.login)
            refreshToken.adopt(settings.refreshTokenStore)
            lock.keep(.init(name: settings.loginName(since: self.settings), readAt: now))
            ConsoleLog.adopt(settings)
            let (drain, hooks, notifier, logger) = (drain, hooks, notifier, logger)
            lastReload.withLock { last in
                last = Task { [last] in
                    // One after the other, or the older settings might come out on top.
                    await last?.value
                    await drain.adopt(settings.drain)
                    await hooks.adopt(settings.hooks)
                    logger.notice("settings read again")
                    notifier?.ready()
                }
            }
        } catch {
            logger.error("settings refused; the old ones stay", metadata: ["error": "\(error)"])
            notifier?.ready()
        }
    }
}

/// Whether the queue's file can be written, as the drain last found.
final class FileState: Sendable {
    private let state = Atomic(true)

    var isWritable: Bool {
        get { state.load(ordering: .relaxed) }
        set { state.store(newValue, ordering: .relaxed) }
    }
}
