import Conversion
import Logging
import Storage

/// The drain without its clockwork: what to do next, and what an answer means. It reads no clock,
/// owns no thread and sends nothing; the one thing that it acts on is the queue's file.
///
/// `step` is asked until it says to wait; `finish` is told of every answer.
struct Engine {
    let queue: JobQueue
    let hasSession: () -> Bool
    let chance: () -> Double
    let logger: Logger
    private(set) var options: DrainOptions

    /// Calls that are out, by number.
    var inFlight: [Int64: Outgoing] = [:]
    /// When the call that has been out longest started.
    var oldestCallAt: Moment? { inFlight.min { $0.key < $1.key }?.value.startedAt }
    /// Answers that could not be written yet; nothing is sent before they are.
    var unwritten: [(CallEnd, [Settlement], [ContactFinding])] = []
    /// Why it can't go on.
    var fault: OperatorError?
    var bucket: TokenBucket
    var day: RollingDayUsage
    /// The last call of anybody's up to which our bucket has paid for those of `check`.
    var lastCallSeen: Int64
    var usage: OrgUsage?
    var usageAt: Timestamp?
    var breaker: CircuitBreaker
    var concurrency: ConcurrencyLimit
    var callSize: AdaptiveCallSize
    /// Whose turn it is.
    var turns = Turns()
    /// Which questions fail. Salesforce takes 2,000 leads in one (REST API Developer Guide, sObject
    /// Collections).
    var verifications = ReadFailures(most: 2000)
    /// Which searches for contacts fail.
    var searches = ReadFailures(most: MatchPlan.most)
    /// Whether the limits may be asked for: not again once the user proved not to see them.
    var limitsAreReadable = true
    /// How long the org's count is gone by, in milliseconds: others go on spending.
    private static let usageLastsMS: Int64 = 3_600_000
    /// What work that is due has been waiting for, and since when.
    var held: (reason: WaitReason, since: Moment)?
    private(set) var clock: ClockWatch
    /// When the log last told of a long wait, by its reason.
    var toldAt: [Wait.Reason: Moment] = [:]
    /// What the file says that the queue waits for.
    var noted: (reason: Wait.Reason?, until: Timestamp?)

    init(
        queue: JobQueue, options: DrainOptions, hasSession: @escaping () -> Bool,
        chance: @escaping () -> Double, logger: Logger, at now: Moment
    ) throws {
        self.queue = queue
        self.options = options
        self.hasSession = hasSession
        self.chance = chance
        self.logger = logger
        breaker = CircuitBreaker(probeIntervalMS: options.probeIntervalMS)
        concurrency = ConcurrencyLimit(most: options.concurrency)
        callSize = AdaptiveCallSize(most: options.callSize, last: try queue.lastCallSize())
        let last = try queue.limiter()
        clock = ClockWatch(from: try queue.clockAnchor() ?? now)
        usage = last?.usage
        usageAt = last?.usageAt
        day = RollingDayUsage(try queue.callsOfTheLastDay(at: now), at: now)
        let (capacity, rate) = options.allowance.bucket(last?.usage, ours: day.calls(at: now))
        if let last {
            bucket = TokenBucket(
                capacity: max(1, last.capacity), rate: last.rate, tokens: last.tokens, at: last.at)
            bucket.adopt(capacity: capacity, rate: rate, at: now)
        } else {
            bucket = TokenBucket(capacity: capacity, rate: rate, at: now)
        }
        lastCallSeen = try queue.lastCallOfDaemons()
        // The day has them already. What is owed from before the start empties the bucket at most:
        // some of it has come in since.
        let unpaid = try unpaidChecks()
        bucket.owe(min(unpaid, Int(max(0, bucket.tokens))), at: now)
    }

    /// Goes on under other options.
    mutating func adopt(_ options: DrainOptions, at now: Moment) {
        self.options = options
        breaker.probeIntervalMS = options.probeIntervalMS
        concurrency.most = options.concurrency
        callSize.most = options.callSize
        adoptAllowance(at: now)
    }

    mutating func adoptAllowance(at now: Moment) {
        let (capacity, rate) = options.allowance.bucket(usage, ours: day.calls(at: now))
        guard capacity != bucket.capacity || rate != bucket.rate else { return }
        bucket.adopt(capacity: capacity, rate: rate, at: now)
    }

    /// Takes over what a daemon before left in flight.
    mutating func recover(at now: Moment) throws -> JobQueue.Leftover {
        try watchTheClock(at: now)
        return try queue.recover(at: now)
    }

    /// What to do now.
    mutating func step(at now: Moment) throws -> Step {
        try writeKeptAnswers(at: now)
        if let fault { return inFlight.isEmpty ? .end(.fault(fault)) : .wait(Wait(reason: .slot)) }
        let work = try queue.work(at: now, countingTo: callSize.limit)
        if work.isPaused { return try rest(.paused, ending: .paused) }
        guard let departure = departure(work, at: now) else {
            held = nil
            guard work.isLeft else { return try rest(.work, ending: .drained) }
            return try wait(.time, until: work.nextAt.map { now + ($0 - now.wall) })
        }
        guard departure.since(now) == 0 else { return try wait(.time, until: departure) }
        if let window = options.window, !window.isOpen(at: now.wall) {
            held = nil
            return try wait(.hours, until: now + (window.nextChange(after: now.wall) - now.wall))
        }
        try payForChecks(at: now)
        if let closed = gate(at: now) {
            if let fault = giveUp(at: now) { return .end(.fault(fault)) }
            hold(closed.reason, at: now)
            return try wait(closed.reason, until: closed.until)
        }
        return try send(work, at: now)
    }

    /// Before anything is written by the clock's new reading, what was written by the old one is
    /// mended.
    mutating func watchTheClock(at now: Moment) throws {
        if let jump = clock.jump(at: now) {
            try queue.clockWasSet(by: jump, at: now)
            logger.warning("the clock was set", metadata: ["by.s": "\(jump / 1000)"])
        }
        clock.see(now)
    }

    /// When the next call is to leave as far as the jobs are concerned; nil when none is due.
    ///
    /// A few that have just come due may have to wait for others.
    private func departure(_ work: Work, at now: Moment) -> Moment? {
        if work.questionsAreDue && !isAsking { return now }
        guard let dueSince = work.dueSince else { return nil }
        let isFull = work.dueJobs >= callSize.limit
        return isFull ? now : now + max(0, dueSince + lingerMS(at: now) - now.wall)
    }

    private func lingerMS(at now: Moment) -> Int64 {
        Linger(fixedMS: options.lingerMS).milliseconds(
            tokens: bucket.level(at: now), of: bucket.capacity,
            isConverting: inFlight.values.contains(where: \.isConversion))
    }

    private var isAsking: Bool { inFlight.values.contains(where: \.isQuestion) }
    var isMatching: Bool { inFlight.values.contains(where: \.isMatch) }

    /// What keeps every call from leaving now, if anything does.
    private mutating func gate(at now: Moment) -> Wait? {
        if let openState = breaker.openState {
            let reason: Wait.Reason =
                openState.kind == .allowance
                ? .allowance
                : openState.kind == .outage ? .outage : .slot
            // One probe at a time: while it is out, its answer is the next event.
            if !inFlight.isEmpty { return Wait(reason: reason) }
            if openState.probeAt.since(now) > 0 {
                let patience = options.giveUpAfterMS.map { openState.since + $0 }
                let isShort = patience.map { openState.probeAt.since($0) > 0 } ?? false
                return Wait(reason: reason, until: isShort ? patience : openState.probeAt)
            }
        }
        if inFlight.count >= concurrency.limit { return Wait(reason: .slot) }
        if !hasSession() {
            return inFlight.values.contains(where: \.isLogin) ? Wait(reason: .slot) : nil
        }
        if mustReadLimits(at: now), inFlight.values.contains(where: \.readsLimits) {
            return Wait(reason: .slot)
        }
        if let most = options.allowance.callsADay(limit: usage?.limit) {
            let roll = day.wait(toStayWithin: most, at: now)
            if roll > 0 { return Wait(reason: .allowance, until: now + roll) }
        }
        let pause = bucket.wait(at: now)
        return pause > 0 ? Wait(reason: .token, until: now + pause) : nil
    }

    /// Sends what is most urgent: a login, the limits, a question, and then what the jobs want.
    private mutating func send(_ work: Work, at now: Moment) throws -> Step {
        guard hasSession() else {
            let start = CallStart(at: now, waited: waited(at: now))
            let id = try queue.begin(.token, start)
            return out(Outgoing(callID: id, startedAt: now, content: .login))
        }
        let rested = bucket
        bucket.take(at: now)
        let start = CallStart(at: now, waited: waited(at: now), limiter: limiter)
        do {
            if mustReadLimits(at: now) {
                let id = try queue.begin(.limits, start)
                return out(Outgoing(callID: id, startedAt: now, content: .limits))
            }
            if work.questionsAreDue, !isAsking, let call = try claimQuestion(start) {
                return out(call)
            }
            if let call = try claim(work, start) { return out(call) }
        } catch {
            bucket = rested
            throw error
        }
        // All that is due belongs to accounts that calls are still writing to, or waits for its
        // contact.
        bucket = rested
        let reason = isMatching ? Wait.Reason.slot : .account
        hold(reason, at: now)
        return try wait(reason, until: work.nextAt.map { now + ($0 - now.wall) })
    }

    /// The org's count is unknown or old, or has to be read to know whether the allowance is back.
    private func mustReadLimits(at now: Moment) -> Bool {
        guard limitsAreReadable else { return false }
        if breaker.openState?.kind == .allowance { return true }
        guard let usageAt else { return options.rate == nil }
        return abs(now.wall - usageAt) > Self.usageLastsMS
    }

    private mutating func out(_ call: Outgoing) -> Step {
        inFlight[call.callID] = call
        if !call.isLogin { day.count(at: call.startedAt) }
        held = nil
        return .send(call)
    }

    /// The limiter as it is to be written.
    var limiter: LimiterState {
        LimiterState(
            tokens: bucket.tokens, capacity: bucket.capacity, rate: bucket.rate, at: bucket.at,
            usage: usage, usageAt: usageAt)
    }
}
