import Conversion
import Dispatch
import Glibc
public import Logging
public import Storage

/// Whether, and for how long, the commands of finished batches run.
public struct HookSettings: Equatable, Sendable {
    /// Whether they run at all: every user who may write the queue's file can set them.
    public var isOn: Bool
    /// After how long one is ended, in milliseconds.
    public var timeoutMS: Int64

    public init(isOn: Bool, timeoutMS: Int64) {
        self.isOn = isOn
        self.timeoutMS = timeoutMS
    }
}

/// Runs the commands of batches that have finished, beside the drain, a few at once.
///
/// Each runs at least once for each time that its batch finishes: what a daemon before left without
/// an end is started again. All of it happens on one serial queue, over a connection of its own, so
/// that the drain never waits for it.
public actor HookRunner {
    private nonisolated let executor = QueueExecutor("leadconvertd.hooks")
    /// The queue that all of it happens on.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    private static let mostAtOnce = 4
    /// How many commands one look takes up: a stop is handled between two looks.
    private static let mostInOneLook = 100
    /// How long it looks at most once, in milliseconds: the drain commits many times a second, and
    /// no command is in such a hurry.
    private static let pauseBetweenLooksMS = 250
    /// How long it may go without a look, in seconds: notices of commits can get lost.
    private static let maxPollInterval = 5
    /// How long a command may take to end once it is told to, in seconds.
    public static let grace = 5

    private let queue: JobQueue
    private let logger: Logger
    /// Told again and again how many still run while a stop waits for them.
    private let stillRunning: @Sendable (Int) -> Void
    private var settings: HookSettings
    /// Those that run, by batch.
    private var running: [Int64: Running] = [:]
    /// Ends that could not be written yet.
    private var unwritten: [(BatchCommand, BatchCommand.End)] = []
    /// Batches whose rows refuse to be written, until the next start: they must not keep the others
    /// waiting.
    private var unwritable: Set<Int64> = []
    /// Whether the file could not be read or written when it was last tried.
    private var isStorageFailing = false
    private var isStopping = false
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var timer: (any DispatchSourceTimer)?
    private var watcher: ChangeWatcher?

    private struct Running {
        let command: BatchCommand
        let process: HookProcess
        let results: ResultsFile
        var termination = Termination.normal

        enum Termination { case normal, timedOut, abandoned }
    }

    /// Runs commands of this queue once it is started.
    public init(
        _ queue: JobQueue, _ settings: HookSettings, logger: Logger,
        stillRunning: @escaping @Sendable (Int) -> Void
    ) {
        self.queue = queue
        self.stillRunning = stillRunning
        self.settings = settings
        self.logger = logger
    }

    /// Runs what is to run, from now on.
    public func start() {
        let timer = DispatchSource.makeTimerSource(queue: executor.queue)
        timer.setEventHandler { @Sendable [weak self] in self?.assumeIsolated { $0.look() } }
        timer.schedule(deadline: .now(), repeating: .seconds(Self.maxPollInterval))
        timer.activate()
        self.timer = timer
        watcher = ChangeWatcher(
            of: queue, queue: executor.queue, pauseMS: Self.pauseBetweenLooksMS
        ) { [weak self] in
            self?.assumeIsolated { $0.look() }
        }
    }

    /// Takes up other settings; what runs already keeps the time that it was given.
    public func adopt(_ settings: HookSettings) {
        self.settings = settings
    }

    private func look() {
        if isStopping, !running.isEmpty { stillRunning(running.count) }
        do {
            try writeEnds()
            if try startCommands() { lookAgainSoon() }
            storageRecovered()
        } catch {
            storageFailed(error)
        }
    }

    /// Takes up each batch at most once, whatever becomes of its command.
    /// - Returns: Whether there may be more to take up.
    private func startCommands() throws -> Bool {
        var seen = unwritable.union(running.keys)
        let most = seen.count + Self.mostInOneLook
        while !isStopping, running.count < Self.mostAtOnce,
            let command = try queue.commands.nextCommand(except: Array(seen))
        {
            guard seen.count < most else { return true }
            seen.insert(command.batchID)
            try writing(command) { try runOrRefuse(command) }
            try writeEnds()
        }
        return false
    }

    private func lookAgainSoon() {
        executor.queue.asyncAfter(deadline: .now() + .milliseconds(100)) { [weak self] in
            self?.assumeIsolated { $0.look() }
        }
    }

    private func runOrRefuse(_ command: BatchCommand) throws {
        do {
            try run(command)
        } catch let error as OperatorError where error.status == .dataRefused {
            try refuse(command, "The batch's row can't be written: \(error.sentence)")
        }
    }

    private func run(_ command: BatchCommand) throws {
        let results = ResultsFile(ofBatch: command.batchID, queue: queue.path)
        guard settings.isOn else {
            return try refuse(command, "The daemon runs no commands: LEADCONVERT_HOOKS is off.")
        }
        guard let text = command.text else {
            return try refuse(
                command, "The command or the batch's name is not UTF-8, or holds a zero byte.")
        }
        let words: [String]
        do {
            words = try CommandText(text).words
        } catch {
            return try refuse(command, "The command \(error).")
        }
        guard let command = try queue.commands.start(command, at: SystemClock.now().wall) else {
            return
        }
        do {
            try results.write(command.batch, from: queue)
            let process = try HookProcess(
                words,
                environment: HookEnvironment.of(
                    batch: command.batch, queue: queue.path, results: results))
            watch(Running(command: command, process: process, results: results))
        } catch let error as CannotStart {
            results.remove()
            end(command, .init(exit: error.exit, "It can't be started: \(error.reason)."))
        } catch {
            end(command, .init(exit: 126, "It was not started: \(error)"))
        }
    }

    private func refuse(_ command: BatchCommand, _ sentence: String) throws {
        try queue.commands.refuse(command, sentence, at: SystemClock.now().wall)
        logger.error(
            "a batch's command is not run",
            metadata: ["batch.name": "\(command.batch)", "reason": "\(sentence)"])
    }

    /// Runs what writes a batch's row. A row that refuses it is left alone; a fault of the file is
    /// thrown, because it affects all batches.
    private func writing(_ command: BatchCommand, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as OperatorError where error.status == .dataRefused {
            unwritable.insert(command.batchID)
            logger.error(
                "a batch's command can't be recorded, and is left alone until the next start",
                metadata: ["batch.name": "\(command.batch)", "error": "\(error)"])
        }
    }

    private func watch(_ hook: Running) {
        let (batch, run) = (hook.command.batchID, hook.command.runs)
        running[batch] = hook
        logger.notice(
            "a batch's command runs",
            metadata: [
                "batch.name": "\(hook.command.batch)", "hook.pid": "\(hook.process.pid)",
                "hook.run": "\(run)",
            ])
        hook.process.whenEnded { Task { await self.handleExit(of: batch) } }
        let time = DispatchTime.now() + .milliseconds(Int(settings.timeoutMS))
        executor.queue.asyncAfter(deadline: time) { [weak self] in
            self?.assumeIsolated { $0.terminate(batch, run, .timedOut) }
        }
    }

    /// Ends a command that has no more time: first it is asked, then it is killed.
    private func terminate(_ batch: Int64, _ run: Int64, _ termination: Running.Termination) {
        guard let hook = running[batch], hook.command.runs == run else { return }
        running[batch]?.termination = termination
        hook.process.send(SIGTERM)
        executor.queue.asyncAfter(deadline: .now() + .seconds(Self.grace)) { [weak self] in
            self?.assumeIsolated { $0.kill(batch, run) }
        }
    }

    private func kill(_ batch: Int64, _ run: Int64) {
        guard let hook = running[batch], hook.command.runs == run else { return }
        hook.process.send(SIGKILL)
    }

    private func handleExit(of batch: Int64) {
        guard let hook = running.removeValue(forKey: batch) else { return }
        // What it started goes with it; before it is reaped, its group's number is still its own.
        if hook.termination != .normal { hook.process.send(SIGKILL) }
        let status = hook.process.reap()
        hook.results.remove()
        switch hook.termination {
        case .normal: end(hook.command, .init(exit: status))
        case .timedOut: end(hook.command, .init(exit: 124, "It was ended: it took too long."))
        case .abandoned: break
        }
        look()
        tellWaiters()
    }

    private func end(_ command: BatchCommand, _ end: BatchCommand.End) {
        unwritten.append((command, end))
        logger.log(
            level: end.exit == 0 ? .notice : .error, "a batch's command ended",
            metadata: [
                "batch.name": "\(command.batch)", "hook.run": "\(command.runs)",
                "hook.exit": "\(end.exit)", "reason": "\(end.message ?? "")",
            ])
        do { try writeEnds() } catch { storageFailed(error) }
    }

    /// An end that can't be written now is written at one of the next looks; if there is none any
    /// more, the command runs again at the next start.
    private func writeEnds() throws {
        while let (command, end) = unwritten.first {
            try writing(command) {
                try queue.commands.end(command, end, at: SystemClock.now().wall)
            }
            unwritten.removeFirst()
        }
    }

    private func storageFailed(_ error: any Error) {
        if !isStorageFailing {
            logger.error(
                "commands of batches are suspended: the queue can't be read or written",
                metadata: ["error": "\(error)"])
        }
        isStorageFailing = true
    }

    private func storageRecovered() {
        guard isStorageFailing else { return }
        isStorageFailing = false
        logger.notice("commands of batches are resumed")
    }

    // MARK: Stopping

    /// Starts no more.
    public func stop() {
        isStopping = true
    }

    /// Waits no longer: what runs is ended, and started again by the next daemon.
    public func abandon() {
        isStopping = true
        for (batch, hook) in running { terminate(batch, hook.command.runs, .abandoned) }
    }

    /// Stops, and returns once no command runs any more.
    public func ended() async {
        isStopping = true
        if !running.isEmpty { await withCheckedContinuation { waiters.append($0) } }
        watcher = nil
        timer?.cancel()
        timer = nil
    }

    private func tellWaiters() {
        guard running.isEmpty else { return }
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
