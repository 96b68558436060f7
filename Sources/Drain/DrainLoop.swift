public import Conversion
import Dispatch
public import Logging
public import Storage

/// Drains the queue: what is due is sent, what comes back is settled, until told to stop.
///
/// All of it happens on one serial Dispatch queue, in passes. A pass does what can be done now and
/// says when to look again; an answer, a commit by another process, a timer or a stop brings the
/// next one. Only the calls themselves run beside it.
///
/// The way of a lead through this folder: `Engine.steps` asks `Pacer.mayStart` whether calls may leave
/// and claims them; `send` makes them; `Engine.finish` has `Pacer.observe` and `SettlementPlanner` say
/// what an answer means; a later step writes that.
///
/// No lead is sent again blindly: its call is on disk before it leaves, and when no clear answer
/// comes, Salesforce is asked before anything else happens to it.
public actor DrainLoop {
    private nonisolated let executor = QueueExecutor("leadconvertd.drain")
    /// The queue that all of it happens on.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    private var engine: Engine
    private let queue: JobQueue
    private let client: any SalesforceClient
    private let clock: @Sendable () -> Moment
    private let logger: Logger
    private let report: @Sendable (DrainStatus) -> Void
    private var isStopping = false
    private var exitReason: ExitReason?
    private var waiter: CheckedContinuation<ExitReason, Never>?

    /// Whether a pass follows the answers that have come in.
    private var passFollows = false
    private var callsSent = 0
    /// Since when the file could not be written, if it could not when it was last tried.
    private var storageFailingSince: Moment?

    private let maxPollIntervalMS: Int64
    private var alarm: Alarm?

    /// A drain of the queue through a client of Salesforce's.
    ///
    /// Passes come at least every `maxPollIntervalMS`. After each of them `report` is told, on the drain's
    /// own queue, how it stands.
    /// - Throws: `OperatorError` when the queue's file can't be read.
    public init(
        _ queue: JobQueue, through client: any SalesforceClient, options: DrainOptions,
        logger: Logger,
        clock: @escaping @Sendable () -> Moment = SystemClock.now,
        maxPollIntervalMS: Int64 = DrainLoop.maxPollIntervalMS,
        report: @escaping @Sendable (DrainStatus) -> Void = { _ in }
    ) throws {
        self.queue = queue
        self.client = client
        self.clock = clock
        self.logger = logger
        self.maxPollIntervalMS = maxPollIntervalMS
        self.report = report
        engine = try Engine(
            queue: queue, options: options, hasSession: { client.hasSession },
            chance: { Double.random(in: 0..<1) }, logger: logger, at: clock())
    }

    /// Drains until it is stopped, or drained and told to end then, or can't go on.
    ///
    /// The jobs that a daemon before left in flight are taken over first.
    public func run() async -> ExitReason {
        do {
            try takeOver()
        } catch {
            return .fault(OperatorError(explaining: error))
        }
        alarm = Alarm(
            queue, on: executor.queue, every: maxPollIntervalMS,
            timer: { [weak self] in self?.assumeIsolated { $0.timerFired() } },
            commit: { [weak self] in self?.assumeIsolated { $0.passUnlessTooOften() } })
        pass()
        if let exitReason { return exitReason }
        return await withCheckedContinuation { waiter = $0 }
    }

    private func takeOver() throws {
        let leftover = try engine.recover(at: clock())
        if leftover.isOlderCopy {
            logger.notice(
                "the file is an older copy: leads that are refused are read before they fail")
        }
        if leftover.jobs > 0 {
            logger.notice("took over what was in flight", metadata: ["jobs": "\(leftover.jobs)"])
        }
    }

    /// One pass: all that can be done now.
    private func pass() {
        guard exitReason == nil else { return }
        takeSteps()
        report(
            DrainStatus(
                at: clock(), callsInFlight: engine.inFlight.count,
                oldestCallAt: engine.oldestCallAt, isStorageFailing: storageFailingSince != nil))
    }

    private func takeSteps() {
        do {
            while !isStopping {
                let steps = try engine.steps(at: clock())
                storageRecovered()
                for step in steps {
                    switch step {
                    case .send(let call): send(call)
                    case .wait(let wait):
                        return wake(at: wait.until, isForSlot: wait.reason == .slot)
                    case .end(let exitReason): return end(exitReason)
                    }
                }
            }
            try engine.writeKeptAnswers(at: clock())
            storageRecovered()
            if engine.inFlight.isEmpty { return end(.stopped(inFlight: 0)) }
            wake(at: nil)
        } catch {
            storageFailed(OperatorError(explaining: error))
        }
    }

    private func send(_ call: InFlightCall) {
        let options = engine.options
        callsSent += 1
        // Detached, or it would begin on this queue: the call leaves while the pass goes on to the next.
        Task.detached {
            let (answer, duration) = await self.answer(to: call, options)
            await self.settle(call, answer, after: duration)
        }
    }

    /// Not on the drain's queue: a locked file holds that up, and neither the call nor its answer is to
    /// blame.
    /// - Returns: Also how long it took, in milliseconds.
    private nonisolated func answer(
        to call: InFlightCall, _ options: DrainOptions
    ) async -> (CallResult, Int64) {
        // In this order: a machine that is suspended between the two makes the time shorter.
        let instant = ContinuousClock.now
        let now = clock()
        if let tooOld = call.tooOld(at: now, options) { return (tooOld, 0) }
        let answer = await call.answer(
            through: client, before: call.latestSendTime(from: instant, at: now, options))
        return (answer, clock().since(now))
    }

    /// One pass for all answers that have come in: it may write them in one transaction, or claim the next
    /// calls first and keep them.
    private func settle(_ call: InFlightCall, _ answer: CallResult, after duration: Int64) {
        engine.finish(call, answer, after: duration, at: clock())
        guard !passFollows else { return }
        passFollows = true
        executor.queue.async { self.assumeIsolated { $0.passAfterAnswers() } }
    }

    private func passAfterAnswers() {
        passFollows = false
        pass()
    }

    // MARK: A file that can't be written

    /// How long it leaves a file that can't be written alone, in milliseconds.
    private static let writeRetryDelayMS: Int64 = 500

    /// The file can't be written just now. Nothing is sent in that time, and answers are kept; a
    /// lock passes, anything else ends the daemon once its calls have ended.
    private func storageFailed(_ error: OperatorError) {
        if storageFailingSince == nil {
            logger.error("the queue can't be written", metadata: ["error": "\(error)"])
            storageFailingSince = clock()
        }
        if error.status != .tryLater {
            guard !engine.inFlight.isEmpty else { return end(.fault(error)) }
        }
        wake(at: clock() + Self.writeRetryDelayMS)
    }

    private func storageRecovered() {
        guard let since = storageFailingSince else { return }
        storageFailingSince = nil
        logger.notice(
            "the queue can be written again",
            metadata: ["after.s": "\(clock().since(since) / 1000)"])
    }

    // MARK: Waking

    /// How long nothing may happen before it looks by itself, in milliseconds: the kernel's
    /// notices of other processes' commits can get lost.
    public static let maxPollIntervalMS: Int64 = 5000

    /// Has a pass come at that time, or earlier.
    private func wake(at moment: Moment?, isForSlot: Bool = false) {
        alarm?.set(
            for: moment, at: clock(), callsAreOut: !engine.inFlight.isEmpty, isForSlot: isForSlot)
    }

    private func timerFired() {
        alarm?.timerFired()
        passUnlessTooOften()
    }

    private func passUnlessTooOften() {
        guard alarm?.allowsPass() ?? false else { return }
        let sentBefore = callsSent
        pass()
        if callsSent == sentBefore { alarm?.passWasIdle() }
    }

    // MARK: Stopping

    /// Claims no more and lets the calls in flight settle; `run` returns once they have.
    public func stop() {
        guard !isStopping else { return }
        isStopping = true
        logger.notice("stopping", metadata: ["calls.in_flight": "\(engine.inFlight.count)"])
        pass()
    }

    /// Waits no longer: the calls in flight are asked about at the next start.
    public func abandon() {
        isStopping = true
        pass()
        end(.stopped(inFlight: engine.inFlight.count))
    }

    public func adopt(_ options: DrainOptions) {
        engine.adopt(options, at: clock())
        pass()
    }

    private func end(_ exitReason: ExitReason) {
        guard self.exitReason == nil else { return }
        self.exitReason = exitReason
        alarm?.cancel()
        alarm = nil
        waiter?.resume(returning: exitReason)
        waiter = nil
    }
}
