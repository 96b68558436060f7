import Conversion
import Storage

/// What there is to do after conversions, as of one moment.
struct FollowUpDemand {
    /// Kinds of which a call is to leave now.
    var kinds: [FollowUpKind] = []
    /// Whether notes or tasks in doubt are to be asked about now.
    var verificationsAreDue = false
    /// Whether some that are due wait for accounts.
    var areBusy = false
    /// When the next call is to leave; nil when none is due.
    var sendTime: Moment?
}

/// The calls that follow conversions.
extension Engine {
    /// How long a call that is not full waits to fill up, while leads are converted that will bring more.
    /// Only leads of the same hour wait for it, and every second call is saved.
    private static let fillWaitMS: Int64 = 30_000
    /// How long those that wait for accounts are not looked at again, unless an answer may have freed one:
    /// there may be very many.
    private static let busyLastsMS: Int64 = 5000

    /// A call leaves once it is full, or once no conversion is due or out that would fill it.
    func followUpDemand(_ work: Work, at now: Moment) throws -> FollowUpDemand {
        var demand = FollowUpDemand()
        guard work.hasFollowUps else { return demand }
        if mayRead(.followUpVerification, at: now),
            try queue.claims.followUpVerificationsAreDue(at: now)
        {
            demand.verificationsAreDue = true
            demand.sendTime = now
        }
        // A probe brings none that is worth the wait.
        let mayFillUp =
            pacer.circuit.openState == nil
            && (work.jobsAreDue && pacer.mayConvert(at: now) || work.verificationsAreDue
                || inFlight.values.contains { $0.bringsFollowUps })
        let size = pacer.followUpSize.limit
        let due = try queue.claims.followUpWork(at: now, countingTo: size)
        for kind in FollowUpKind.inTurn(after: turns.lastFollowUp) {
            guard let ofKind = due[kind], let since = ofKind.dueSince else { continue }
            let isFull = ofKind.due >= size
            var time =
                isFull || !mayFillUp
                ? now : now + max(0, since + Self.fillWaitMS - now.wall)
            if let lookedAt = busyFollowUps[kind], now.since(lookedAt) < Self.busyLastsMS {
                demand.areBusy = true
                time = lookedAt + Self.busyLastsMS
            }
            if time.since(now) == 0 { demand.kinds.append(kind) }
            demand.sendTime = [demand.sendTime, time].earliest
        }
        return demand
    }

    /// One kind after the other, as far as they have something to send.
    mutating func claimFollowUps(
        _ demand: FollowUpDemand, _ start: CallStart
    ) throws -> InFlightCall? {
        var start = start
        start.size = (pacer.followUpSize.limit, pacer.followUpSize.reason)
        start.lifetimeSinceClaimMS = options.lifetimeSinceClaimMS
        let isProbe = pacer.followUps.openState != nil
        // Of the kind that fails, or what passes would not say that it is over.
        let (first, others) = demand.kinds.reduce(into: ([FollowUpKind](), [FollowUpKind]())) {
            if isProbe && $1 == pacer.failingFollowUps { $0.0.append($1) } else { $0.1.append($1) }
        }
        for kind in first + others {
            let call = try queue.claims.claimFollowUps(
                kind, upTo: isProbe ? 1 : pacer.followUpSize.limit, start,
                after: pacer.followUps.failures.suspects.union(
                    pacer.followUps.failures.failedAlone.keys))
            busyFollowUps[kind] = call == nil ? start.at : nil
            guard let call else { continue }
            turns.lastFollowUp = kind
            turns.conversionsComeFirst = true
            return InFlightCall(callID: call.id, startedAt: start.at, content: .followUps(call))
        }
        return nil
    }

    /// Asks whether notes or tasks are there, those that have waited longest.
    func claimFollowUpVerification(_ start: CallStart) throws -> InFlightCall? {
        let failures = readFailures[.followUpVerification]
        let verification = try queue.claims.claimFollowUpVerification(
            upTo: failures.size, start
        ) { offered in
            failures.choose(offered, isProbe: isProbingReads) { $0.id }
        }
        guard let verification, let first = verification.followUps.first else { return nil }
        return InFlightCall(
            callID: verification.id, startedAt: start.at,
            content: .followUpVerification(verification),
            isApart: failures.isApart(first.id))
    }
}

extension InFlightCall {
    /// Whether its answer may bring something that is to follow.
    fileprivate var bringsFollowUps: Bool { isConversion || readKind == .verification }
}
