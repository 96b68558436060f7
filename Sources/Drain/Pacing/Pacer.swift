import Conversion

/// When and how many calls leave.
///
/// A value without clock, file or network: it is asked before each call (`mayStart`), told of each
/// that leaves (`started`) and of each answer (`observe`).
struct Pacer {
    private(set) var options: DrainOptions
    var bucket: TokenBucket
    var day: RollingDayUsage
    var org: UsageReading
    /// The circuit of all calls, opened by what affects all of them, and by conversions that fail.
    var circuit: Circuit
    /// The circuit of reads alone.
    var reads: Circuit
    /// The circuit of calls that follow conversions, and their size.
    var followUps: Circuit
    /// The kind of which all were refused alike, and of which none was written since.
    var failingFollowUps: FollowUpKind?
    var followUpSize: AdaptiveCallSize
    var concurrency: ConcurrencyLimit
    var callSize: AdaptiveCallSize
    var refusals = RefusalRecord()
    /// Logins since the last call that was answered: a token that is refused each time is no way in.
    var loginsSinceLastAnswer = 0
    /// Calls in flight, by number.
    private(set) var inFlight: [Int64: PacedCall] = [:]

    /// - Parameter last: The limiter as the daemon before left it.
    init(
        _ options: DrainOptions, after last: LimiterState? = nil, day: RollingDayUsage,
        lastCallSize: (limit: Int, reason: SizeReason)? = nil, hasWorkedBefore: Bool = false,
        at now: Moment
    ) {
        self.options = options
        self.day = day
        refusals = RefusalRecord(hasWorkedBefore: hasWorkedBefore)
        org = UsageReading(last?.usage, at: last?.usageAt)
        circuit = Circuit(probeIntervalMS: options.probeIntervalMS, doubtsLoneLeads: true)
        reads = Circuit(probeIntervalMS: options.probeIntervalMS, doubtsLoneLeads: false)
        followUps = reads
        followUpSize = AdaptiveCallSize(most: options.followUpCallSize)
        concurrency = ConcurrencyLimit(most: options.concurrency)
        callSize = AdaptiveCallSize(most: options.callSize, last: lastCallSize)
        let (capacity, rate) = options.allowance.bucket(last?.usage, ours: self.day.calls(at: now))
        bucket =
            last.map { TokenBucket($0) }
            ?? TokenBucket(capacity: capacity, rate: rate, at: now)
        bucket.adopt(capacity: capacity, rate: rate, at: now)
    }

    /// Goes on under other options.
    mutating func adopt(_ options: DrainOptions, at now: Moment) {
        self.options = options
        circuit.breaker.probeIntervalMS = options.probeIntervalMS
        reads.breaker.probeIntervalMS = options.probeIntervalMS
        followUps.breaker.probeIntervalMS = options.probeIntervalMS
        followUpSize.most = options.followUpCallSize
        concurrency.most = options.concurrency
        callSize.most = options.callSize
        adoptAllowance(at: now)
        // What was refused may be what was just set right.
        if let kind = circuit.openState?.kind, kind == .refusal || kind == .incident {
            circuit.breaker.probeNow(at: now)
        }
    }

    mutating func adoptAllowance(at now: Moment) {
        let (capacity, rate) = options.allowance.bucket(org.usage, ours: day.calls(at: now))
        guard capacity != bucket.capacity || rate != bucket.rate else { return }
        bucket.adopt(capacity: capacity, rate: rate, at: now)
    }

    // MARK: Before a call

    /// What a call would be for.
    struct Demand: Equatable {
        /// Leads or follow-ups in doubt are to be asked about, or contacts or accounts to be searched for.
        var reads = false
        /// What follows conversions is to be done.
        var followUps = false
        var conversions = false
        var hasSession = true
    }

    /// What may leave now.
    struct Permit: Equatable {
        /// The first of these for which there is a call.
        var tiers: [CallTier]
        /// Leads in a call that converts.
        var leads: Int

        /// Whether both reads and conversions may leave, reads first: then searches and conversions
        /// take turns.
        var searchesTakeTurns: Bool { tiers.first == .read && tiers.last == .conversion }
    }

    enum Decision: Equatable {
        case go(Permit)
        case wait(Wait)
    }

    /// Whether a call may leave now, and for what; or why not, and when to ask again.
    mutating func mayStart(_ demand: Demand, at now: Moment) -> Decision {
        if let window = options.window, !window.isOpen(at: now.wall) {
            let opensAt = now + (window.nextChange(after: now.wall) - now.wall)
            return .wait(Wait(reason: .hours, until: opensAt))
        }
        var tiers = wanted(demand, at: now)
        for open in openStates {
            tiers = allowed(tiers, by: open, at: now)
            if tiers.isEmpty { return .wait(wait(for: open, at: now)) }
        }
        let isOnItsWay = tiers.first.map { $0 <= .limits && isOut($0) } ?? false
        if freeSlots == 0 || isOnItsWay { return .wait(Wait(reason: .slot)) }
        if let wait = waitForAllowance(at: now), !mayLeaveAllTheSame(tiers, wait, at: now) {
            return .wait(wait)
        }
        return .go(Permit(tiers: tiers, leads: isProbingForOneLead ? 1 : callSize.limit))
    }

    /// Those of circuits that are open; that of all calls is the last.
    private var openStates: [CircuitBreaker.OpenState] {
        [reads.openState, followUps.openState, circuit.openState].compactMap(\.self)
    }

    /// A login costs no token, but without one there is nothing to log in for.
    private mutating func waitForAllowance(at now: Moment) -> Wait? {
        if let most = options.allowance.callsADay(limit: org.usage?.limit) {
            let pause = day.wait(toStayWithin: most, at: now)
            if pause > 0 { return Wait(reason: .allowance, until: now + pause) }
        }
        let pause = bucket.wait(at: now)
        return pause > 0 ? Wait(reason: .token, until: now + pause) : nil
    }

    /// The count that keeps all calls back for long may be wrong: it is read again once in an hour,
    /// whatever is left by it.
    private func mayLeaveAllTheSame(_ tiers: [CallTier], _ wait: Wait, at now: Moment) -> Bool {
        let isLong = wait.until.map { $0.since(now) > 60_000 } ?? true
        return tiers == [.limits] && isLong && org.isOld(at: now)
    }

    /// In the order of urgency: without a session, or before the limits are known, nothing else.
    private func wanted(_ demand: Demand, at now: Moment) -> [CallTier] {
        guard demand.hasSession else { return [.login] }
        if mustReadLimits(at: now) { return [.limits] }
        return (demand.reads ? [.read] : []) + (demand.followUps ? [.followUp] : [])
            + (demand.conversions ? [.conversion] : [])
    }

    /// A probe when it is time for one, else what is known to get through.
    private func allowed(
        _ tiers: [CallTier], by open: CircuitBreaker.OpenState, at now: Moment
    ) -> [CallTier] {
        let free = tiers.filter { !open.stops($0) }
        guard open.probeAt.since(now) == 0, !isProbeOut(open) else { return free }
        let stopped = tiers.filter(open.stops)
        // Where reads fail, or what follows conversions, a conversion may still say that the way is
        // free: one lead that can't be read must not keep the others.
        return (open.failing < .conversion ? stopped.reversed() : stopped) + free
    }

    /// One probe at a time: while it is out, its answer is the next event.
    private func wait(for open: CircuitBreaker.OpenState, at now: Moment) -> Wait {
        let reason: WaitReason =
            switch open.kind {
            case .outage, .incident, .refusal: .outage
            case .allowance: .allowance
            case .concurrency: .slot
            }
        guard !isProbeOut(open) else { return Wait(reason: reason) }
        let giveUpAt = giveUpTime(open).flatMap { $0.since(now) > 0 ? $0 : nil }
        let isShort = giveUpAt.map { open.probeAt.since($0) > 0 } ?? false
        return Wait(reason: reason, until: isShort ? giveUpAt : open.probeAt)
    }

    /// How many more calls may be out.
    var freeSlots: Int { max(0, concurrency.limit - inFlight.count) }

    /// Whether conversions leave now, including a probe.
    func mayConvert(at now: Moment) -> Bool {
        guard let open = circuit.openState, open.stops(.conversion) else { return true }
        return open.probeAt.since(now) == 0
    }

    /// The next probe of a circuit that is open, if it is before that time: what is due may be
    /// waiting for what it stops.
    func probesBefore(_ time: Moment?, at now: Moment) -> Moment? {
        let probes = openStates.map(\.probeAt).filter {
            $0.since(now) > 0
        }
        return ([time] + probes).earliest
    }

    private func isOut(_ tier: CallTier) -> Bool { inFlight.values.contains { $0.tier == tier } }

    /// A call from before is none: one that gets no answer would keep every probe back for minutes.
    private func isProbeOut(_ open: CircuitBreaker.OpenState) -> Bool {
        inFlight.values.contains { open.stops($0.tier) && $0.startedAt.since(open.since) > 0 }
    }

    /// In an incident of the org a call of one lead tells as much as a call of a hundred, and more
    /// where one lead of the hundred may be the reason.
    private var isProbingForOneLead: Bool {
        circuit.openState.map {
            ($0.kind == .incident || $0.kind == .refusal) && $0.stops(.conversion)
        } ?? false
    }

    private func mustReadLimits(at now: Moment) -> Bool {
        let open = circuit.openState
        return org.mustBeRead(
            isNeeded: options.rate == nil,
            allowanceIsSpent: open?.kind == .allowance && open?.stops(.limits) == true, at: now)
    }

    // MARK: When it takes too long

    /// The circuit that is open while nothing can leave, once Salesforce could not be reached for as
    /// long as the operator waits.
    func givesUp(at now: Moment) -> CircuitBreaker.OpenState? {
        guard inFlight.isEmpty else { return nil }
        return openStates.last { open in giveUpTime(open).map { $0.since(now) == 0 } ?? false }
    }

    /// A spent allowance and too many calls at once do not mean that Salesforce is away.
    private func giveUpTime(_ open: CircuitBreaker.OpenState) -> Moment? {
        open.isOutage ? options.giveUpAfterMS.map { open.since + ($0 + open.delayMS) } : nil
    }

    // MARK: A call leaves

    /// Takes the token of the call that is about to leave.
    mutating func takeToken(at now: Moment) -> LimiterState {
        if bucket.wait(at: now) == 0 { bucket.spend(at: now) } else { bucket.owe(1, at: now) }
        return limiter
    }

    mutating func started(_ call: PacedCall) {
        inFlight[call.id] = call
        if call.tier > .login { day.count(at: call.startedAt) }
    }

    mutating func ended(_ call: PacedCall) { inFlight[call.id] = nil }

    /// Requests that somebody else made before we started; the day has them already. They empty the
    /// bucket at most: some of what they took has come in since.
    mutating func payAtStart(forOthers calls: Int, at now: Moment) {
        let isCovered = Double(calls) <= bucket.tokens
        bucket.owe(isCovered ? calls : Int(max(0, bucket.tokens)), at: now)
    }

    /// Requests that somebody else has made beside us.
    mutating func pay(forOthers calls: Int, at now: Moment) {
        bucket.owe(calls, at: now)
        for _ in 0..<calls { day.count(at: now) }
    }

    /// The limiter as it is to be written.
    var limiter: LimiterState {
        LimiterState(
            tokens: bucket.tokens, capacity: bucket.capacity, rate: bucket.rate, at: bucket.at,
            usage: org.usage, usageAt: org.at)
    }
}

/// A call as far as its pace is concerned.
struct PacedCall: Equatable {
    var id: Int64
    var tier: CallTier
    var startedAt: Moment
    /// What it is for, in that order: numbers of jobs, of groups where it searches for accounts, or of
    /// follow-ups; those of follow-ups that are read are negative.
    var jobs: [Int64] = []
    /// Which kind of follow-up it sends, if it does.
    var followUpKind: FollowUpKind?
    /// Whether these are a part of a call that failed.
    var isHalf = false
    /// Whether it is for one lead that is read alone, because reads of it failed while others passed.
    var isApart = false
    /// Why it asks about each of its leads, if it does.
    var doubts: [Doubt] = []
    /// When the call left that each of those leads was in.
    var sentAt: [Moment] = []

    enum Doubt: Equatable {
        /// The call that was to convert the lead had no answer.
        case noAnswer
        /// The lead was refused with this code, which our table lacks.
        case refused(String)
        case other
    }
}
