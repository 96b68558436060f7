import Conversion
import Logging
import Storage

/// Decides the next step, and settles the answers. It reads and writes the queue's file; the time is given
/// to it, and it has no thread and no network.
///
/// `finish` is told of every answer. `steps` writes what the answers came to and says what leaves next; it
/// is asked until it says to wait. An answer that only says that leads are converted can wait for the next
/// call: that one leaves first.
struct Engine {
    let queue: JobQueue
    let hasSession: () -> Bool
    let chance: () -> Double
    let logger: Logger
    private(set) var options: DrainOptions

    /// Calls in flight, by number.
    var inFlight: [Int64: InFlightCall] = [:]
    /// When the call that has been out longest started.
    var oldestCallAt: Moment? { inFlight.min { $0.key < $1.key }?.value.startedAt }
    /// What calls came to that is not written yet.
    var unwritten: [SettledCall] = []
    /// Whether that is nothing but leads that are converted, on which no other job depends.
    var answersCanWait = true
    /// Whether calls left in the last step: more are likely to be due.
    private var hasJustSent = false
    /// Why it can't go on.
    var fault: OperatorError?
    /// When and how many calls leave.
    var pacer: Pacer
    /// The last call up to which the requests of commands are already taken from the bucket.
    var lastCallSeen: Int64
    var turns = WorkTurn()
    /// Kinds of follow-ups of which all that were due waited for an account when they were last looked
    /// for, and when that was.
    var busyFollowUps: [FollowUpKind: Moment] = [:]
    /// Whether there were jobs of a batch that a failure has paused to be held just now.
    var isHolding = false
    var readFailures = ReadFailuresByKind()
    var clock: ClockWatch
    /// The last job of an older copy in the file's place, if there is one.
    private(set) var olderCopyUpTo: Int64?
    /// What the queue has been waiting for.
    var waits = WaitRecord()

    init(
        queue: JobQueue, options: DrainOptions, hasSession: @escaping () -> Bool,
        chance: @escaping () -> Double, logger: Logger, at now: Moment
    ) throws {
        self.queue = queue
        self.options = options
        self.hasSession = hasSession
        self.chance = chance
        self.logger = logger
        clock = ClockWatch(from: try queue.settlements.clockAnchor() ?? now)
        pacer = Pacer(
            options, after: try queue.settlements.limiter(),
            day: RollingDayUsage(try queue.settlements.callsOfTheLastDay(at: now), at: now),
            lastCallSize: try queue.claims.lastCallSize(),
            hasWorkedBefore: try queue.settlements.hasWorkedBeforeThisBoot(now), at: now)
        lastCallSeen = try queue.reports.lastCallOfDaemons()
        // The day has them already. What is owed from before the start empties the bucket at most:
        // some of it has come in since.
        pacer.payAtStart(forOthers: try unpaidChecks(), at: now)
    }

    mutating func adopt(_ options: DrainOptions, at now: Moment) {
        self.options = options
        pacer.adopt(options, at: now)
        for kind in ReadKind.allCases { readFailures[kind].tryNow(at: now) }
    }

    /// Takes over what a daemon before left in flight.
    /// - Parameter lastCall: The last call that was made on a file of this name, if the file's lock is
    ///   not to say so.
    mutating func recover(
        at now: Moment, lastCall: Int64? = nil
    ) throws -> Settlements.Leftover {
        try watchTheClock(at: now)
        let leftover = try queue.settlements.recover(
            at: now, lastCall: lastCall, lifetimeSinceClaimMS: options.lifetimeSinceClaimMS)
        olderCopyUpTo = leftover.olderCopyUpTo
        return leftover
    }

    /// What to do now, one after the other: calls that leave, and after them perhaps to wait.
    ///
    /// Calls are claimed together, to share a commit. But no more than half of those that may leave: so
    /// the answers to calls of one length, which left together, come one after the other later on.
    mutating func steps(at now: Moment) throws -> [Step] {
        try watchTheClock(at: now)
        do {
            let steps = try severalSteps(at: now) ?? [oneStep(at: now)]
            for case .send(let call) in steps { queue.keep(call: call.callID) }
            hasJustSent = steps.last?.isSend ?? false
            return steps
        } catch {
            // What calls came to is not lost with a claim that fails, and is written before the next.
            answersCanWait = false
            let isLocked = (error as? OperatorError)?.status == .tryLater
            if !isLocked { try writeKeptAnswers(at: now) }
            throw error
        }
    }

    /// Steps in one transaction.
    /// - Returns: nil where there may be nothing to write, since this takes the file's lock, which another
    ///   process may hold, or where one transaction is not enough.
    private mutating func severalSteps(at now: Moment) throws -> [Step]? {
        let most = (pacer.freeSlots + 1) / 2
        guard most > 1, hasJustSent || !unwritten.isEmpty else { return nil }
        let queue = queue
        return try trying { engine in
            try queue.together {
                var steps = [try engine.oneStep(at: now)]
                while steps.count < most, steps.last?.isSend == true {
                    steps.append(try engine.oneStep(at: now))
                }
                return steps
            }
        }
    }

    mutating func oneStep(at now: Moment) throws -> Step {
        try watchTheClock(at: now)
        if let call = try callBeforeAnswers(at: now) { return call }
        try writeKeptAnswers(at: now)
        return try nextStep(at: now)
    }

    /// The next call, where it may leave before the answers that are kept are written: Salesforce would
    /// do nothing meanwhile. Nothing in them concerns it: all of their leads are converted, and no other
    /// job waits for their accounts. At most twice as many are kept as calls may be out.
    private mutating func callBeforeAnswers(at now: Moment) throws -> Step? {
        guard !unwritten.isEmpty, answersCanWait, pacer.freeSlots > 0,
            unwritten.count <= pacer.concurrency.limit
        else { return nil }
        var tried = waits
        let call: Step? = try trying { engine in
            let step = try engine.nextStep(at: now)
            tried = engine.waits
            return step.isSend ? step : nil
        }
        // What was already written to the file and the log is not written again.
        (waits.written, waits.loggedAt) = (tried.written, tried.loggedAt)
        return call
    }

    /// Runs `body` on a copy, because a transaction that fails, or a step that is not taken, must leave the
    /// engine as it was.
    /// - Returns: nil where `body` did, and the engine is as it was.
    private mutating func trying<Result>(
        _ body: (inout Engine) throws -> Result?
    ) rethrows -> Result? {
        var engine = self
        guard let result = try body(&engine) else { return nil }
        self = engine
        return result
    }

    private mutating func nextStep(at now: Moment) throws -> Step {
        if let fault { return inFlight.isEmpty ? .end(.fault(fault)) : .wait(Wait(reason: .slot)) }
        let work = try queue.claims.work(at: now, countingTo: pacer.callSize.limit)
        // What there is to do is looked at again once they are held.
        isHolding = work.hasJobsToHold
        if isHolding { try queue.settlements.holdJobs(at: now.wall) }
        if work.isPaused { return try waitOrEnd(.paused, as: .paused) }
        if let fault = try endWithoutAnswers(at: now) ?? endWithReadingsRefused(at: now) {
            return .end(.fault(fault))
        }
        let followUps = try followUpDemand(work, at: now)
        guard let nextSendTime = [nextSendTime(work, at: now), followUps.sendTime].earliest else {
            waits.blocked = nil
            guard work.isLeft else { return try waitOrEnd(.work, as: .drained) }
            let next = work.nextAt.map { now + ($0 - now.wall) }
            return try wait(.time, until: pauseEndsBefore(next, at: now))
        }
        guard nextSendTime.since(now) == 0 else {
            let areBusy = followUps.areBusy && !work.jobsAreDue
            return try wait(areBusy ? .account : .time, until: nextSendTime)
        }
        try payForChecks(at: now)
        switch pacer.mayStart(demand(work, followUps, at: now), at: now) {
        case .go(let permit): return try claimAndLaunch(work, followUps, permit, at: now)
        case .wait(let wait):
            if wait.reason == .outage, let fault = giveUp(at: now) { return .end(.fault(fault)) }
            waits.record(wait.reason, at: now)
            return try self.wait(wait.reason, until: wait.until)
        }
    }

    private func demand(
        _ work: Work, _ followUps: FollowUpDemand, at now: Moment
    ) -> Pacer.Demand {
        let searchIsDue =
            work.jobsAreDue && wantsSearch(work, at: now) && pacer.mayConvert(at: now)
        return Pacer.Demand(
            reads: wantsVerification(work, at: now) || searchIsDue
                || followUps.verificationsAreDue,
            followUps: !followUps.kinds.isEmpty, conversions: work.jobsAreDue,
            hasSession: hasSession())
    }

    /// When the next call is to leave as far as the jobs are concerned; nil when none is due.
    ///
    /// A few that have just come due may have to wait for others.
    private func nextSendTime(_ work: Work, at now: Moment) -> Moment? {
        if wantsVerification(work, at: now) { return now }
        guard let dueSince = work.dueSince else { return nil }
        let isFull = work.dueJobs >= pacer.callSize.limit
        return isFull ? now : now + max(0, dueSince + lingerMS(at: now) - now.wall)
    }

    private func lingerMS(at now: Moment) -> Int64 {
        Linger(fixedMS: options.lingerMS).milliseconds(
            tokens: pacer.bucket.level(at: now), of: pacer.bucket.capacity,
            isConverting: inFlight.values.contains(where: \.isConversion))
    }

    func wantsVerification(_ work: Work, at now: Moment) -> Bool {
        work.verificationsAreDue && mayRead(.verification, at: now)
    }

    /// Whether a call may leave that reads this: one at a time, and none while Salesforce refuses them.
    func mayRead(_ kind: ReadKind, at now: Moment) -> Bool {
        !isReading(kind)
            && readFailures[kind].pauseEnd(isProbing: isProbingReads, at: now) == nil
    }

    func isReading(_ kind: ReadKind) -> Bool {
        inFlight.values.contains { $0.readKind == kind }
    }
}

/// What the engine wants done next.
enum Step {
    /// Send this now: all that has to be on disk before is there.
    case send(InFlightCall)
    /// Nothing to do until then, or until something happens.
    case wait(Wait)
    /// Nothing is in flight and nothing will be again.
    case end(ExitReason)

    var isSend: Bool { if case .send = self { true } else { false } }
}

/// Why nothing can be done just now.
struct Wait: Equatable {
    var reason: WaitReason
    /// When to look again; nil when only an event can change it.
    var until: Moment?
}
