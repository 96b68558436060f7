import Conversion

/// Whose fault it is that calls fail: a lead's (or note's, or task's), or the org's. Each circuit has one:
/// for conversions, for reads and for follow-ups.
///
/// A lead that breaks calls was in each that failed, and others pass. So failures in a row that
/// have no lead in common, without a success between, are an incident of the org, whatever their
/// code. A call that is the first to fail is its own fault: it goes on in halves, and of these both
/// fail only when the org is to blame. Of 100 leads in an incident: the 100 fail, their first 50
/// fail, their other 50 fail, and from there on no lead uses an attempt.
///
/// A lead that fails alone again while nothing has passed tells no more of itself than of the org,
/// and uses no attempt either, for half an hour from its first failure; nor does the first of all, when
/// nothing has passed for half an hour.
struct FailureRun: Equatable {
    /// Leads that failed, each with the code that it failed with.
    typealias Failed = [Int64: String]

    /// Leads in every call that failed since the last success: one of them may explain them all.
    private(set) var suspects: Set<Int64> = []
    /// All leads of calls that failed since the last success.
    private(set) var failedJobs: Failed = [:]
    /// Those of them that failed by themselves: alone in their call, or with an answer of their own.
    private(set) var failedAlone: Failed = [:]
    /// When each of these did so first, by the clock of the run.
    private var failedAloneSince: [Int64: Int64] = [:]
    private var clock = ObservedTime()
    /// When the first of them failed.
    private var failedSince: Moment?
    /// Leads that failed by themselves while others passed: that one of them fails with the same code
    /// again says nothing new.
    private var knownFailing: Failed = [:]
    /// Leads whose last failure was the org's: it uses none of their attempts, even if that is found
    /// out later, when they are read.
    private(set) var excused: Set<Int64> = []
    /// Whether a lead that fails alone may be the org's fault. One that can't be read is not: it is
    /// read apart, and does not keep the others waiting.
    private let doubtsLoneLeads: Bool
    /// Leads that met a lock since one met anything else.
    private var lockedInARow: Set<Int64> = []
    private var thrown = ThrowRun()
    /// Failures in a row that have no lead in common.
    private var unrelated = 0
    /// Whether a reading failed, and none has passed since.
    private var readsFail = false
    private var passedAt: Moment?
    private var incidentSince: Moment?
    /// How many of them are an incident. One that the first probe proves false doubles it, so
    /// that an org with many failing leads is not stopped for each pair of them.
    private var incidentThreshold = least
    /// Whether their number was why the last incident opened.
    private var wasByNumber = false

    private static let least = 2
    private static let most = 16
    /// So long after it first failed alone a lead that is probed again uses one of its attempts: where
    /// only leads are left that always fail, no success can show that the org works, and they have to
    /// end. What lies before its own first failure is no evidence against it: for hours nothing may have
    /// been due.
    static let ownFaultAfterMS: Int64 = 30 * 60_000
    /// How long a refusal that blames Salesforce itself is accepted.
    static let longestGraceMS: Int64 = 6 * 3_600_000
    /// So many leads that meet the same, one after the other, are the org's fault.
    static let mostInARow = 20
    private static let mostRemembered = 10_000

    init(doubtsLoneLeads: Bool = true) { self.doubtsLoneLeads = doubtsLoneLeads }

    /// A call failed with all that was in it.
    /// - Parameter each: Whether each lead had an answer of its own, so that none explains another.
    /// - Parameter isProbe: Whether it was to find out if Salesforce is back: it is not.
    /// - Returns: Whether the org is to blame.
    mutating func failed(_ jobs: Failed, each: Bool, isProbe: Bool, at now: Moment) -> Bool {
        clock.advance(to: now)
        let isOrgs = isIncident(jobs, each: each, isProbe: isProbe, at: now)
        if isOrgs {
            excused.formUnion(jobs.keys)
        } else {
            excused.subtract(jobs.keys)
        }
        return isOrgs
    }

    private mutating func isIncident(
        _ jobs: Failed, each: Bool, isProbe: Bool, at now: Moment
    ) -> Bool {
        let ids = Set(jobs.keys)
        if incidentSince == nil && isKnownFailing(jobs) {
            // That an answer got lost says little of the lead: it counts once, until others pass again.
            for (job, code) in jobs where code == Reason.noAnswer.code { knownFailing[job] = nil }
            return false
        }
        // Each of them tells something of its own, unless that is known.
        let telling = each ? jobs.filter { knownFailing[$0.key] != $0.value }.count : 1
        let isAlone = each || ids.count == 1
        if isAlone && failedAgainAfterProbe(ids) { return false }
        let isAgain = isAlone && ids.allSatisfy { failedAlone[$0] != nil }
        let isFirst = ids.count == 1 && failedJobs.isEmpty && !hasPassedLately(at: now)
        let common = suspects.intersection(ids)
        unrelated += telling > 1 ? telling : common.isEmpty ? 1 : 0
        suspects = common.isEmpty ? ids : common
        failedJobs.merge(jobs) { $1 }
        failedSince = failedSince ?? now
        if isAlone { recordOwnFailure(jobs) }
        guard incidentSince == nil else { return true }
        let areMany = unrelated + (readsFail ? 1 : 0) >= incidentThreshold
        let isLone = doubtsLoneLeads && (isAgain || isFirst)
        guard isProbe || isLone || areMany else { return false }
        wasByNumber = !isProbe && !isLone
        incidentSince = now
        excused.formUnion(failedAlone.keys)
        return true
    }

    /// Whether a call of that time that passed says anything of those that have failed since.
    func tellsOfNow(callAt moment: Moment) -> Bool {
        failedSince.map { $0.since(moment) == 0 } ?? true
    }

    /// How long the org has been to blame, in milliseconds; 0 while it is not.
    func incidentMS(at now: Moment) -> Int64 { incidentSince.map { now.since($0) } ?? 0 }

    /// Each lead of a call met a lock.
    /// - Returns: Whether the org is to blame: so many leads in a row have met nothing else.
    mutating func locked(_ jobs: Failed, at now: Moment) -> Bool {
        let all = lockedInARow.union(jobs.keys)
        guard all.count >= Self.mostInARow else {
            // Nothing is converted by a lock.
            passed(Set(jobs.keys), endingRuns: false, at: now)
            lockedInARow = all
            return false
        }
        lockedInARow = all
        return failed(jobs, each: true, isProbe: true, at: now)
    }

    /// The org's own code threw for these, and no lead of the call was converted.
    /// - Returns: Whether the org is to blame: so many leads have met it and none was converted, and
    ///   not yet for half an hour. Then it counts as permanent, and refuses each lead for good.
    mutating func threw(_ jobs: Failed, at now: Moment) -> Bool {
        guard thrown.add(jobs, at: now), failed(jobs, each: true, isProbe: true, at: now) else {
            refused(Set(jobs.keys))
            return false
        }
        return true
    }

    private func failedAgainAfterProbe(_ jobs: Set<Int64>) -> Bool {
        jobs.allSatisfy { hasFailedAlone($0, for: Self.ownFaultAfterMS) }
    }

    private func hasFailedAlone(_ job: Int64, for time: Int64) -> Bool {
        failedAloneSince[job].map { clock.elapsedMS - $0 >= time } ?? false
    }

    func hasPassedLately(at now: Moment) -> Bool {
        passedAt.map { now.since($0) < Self.ownFaultAfterMS } ?? false
    }

    private mutating func recordOwnFailure(_ jobs: Failed) {
        failedAlone.merge(jobs) { $1 }
        for job in jobs.keys where failedAloneSince[job] == nil {
            failedAloneSince[job] = clock.elapsedMS
        }
    }

    /// A reading failed, of more leads than one that is known to fail.
    mutating func readFailed() { readsFail = true }

    mutating func readPassed() { readsFail = false }

    /// A call got through.
    /// - Parameter refused: Those of its leads that did not, each with an answer of its own.
    /// - Parameter endsRuns: Whether it says that locks, or triggers that throw, are not met by all.
    mutating func passed(
        _ others: Set<Int64> = [], beside refused: Failed = [:], endingRuns endsRuns: Bool = true,
        at now: Moment
    ) {
        // What failed in an incident may be the org's fault or its own.
        if incidentSince == nil {
            knownFailing.merge(failedAlone) { $1 }
            // All the others of a call that failed have passed: it was this one.
            let left = failedJobs.filter { !others.contains($0.key) }
            if left.count == 1 && failedJobs.count > 1 { knownFailing.merge(left) { $1 } }
        }
        if endsRuns {
            // The others are converted, and these had it all the same.
            knownFailing.merge(thrown.failed) { $1 }
            (thrown, lockedInARow) = (ThrowRun(), [])
        }
        knownFailing.merge(refused) { $1 }
        for job in others { knownFailing[job] = nil }
        if knownFailing.count > Self.mostRemembered { knownFailing = refused }
        if excused.count > Self.mostRemembered { excused = [] }
        excused.subtract(refused.keys)
        (suspects, failedJobs, failedAlone) = ([], [:], [:])
        (unrelated, incidentSince, failedAloneSince) = (0, nil, [:])
        (readsFail, passedAt, failedSince) = (false, now, nil)
    }

    /// These were refused for what is their own. They explain no failure of a call, and show nothing
    /// of the others.
    mutating func refused(_ jobs: Set<Int64>) {
        guard !jobs.isEmpty else { return }
        let before = failedJobs.count
        suspects.subtract(jobs)
        for job in jobs {
            failedJobs[job] = nil
            failedAlone[job] = nil
            failedAloneSince[job] = nil
        }
        // All the others of a call that failed are explained: it was this one.
        guard incidentSince == nil, before > 1, failedJobs.count == 1 else { return }
        knownFailing.merge(failedJobs) { $1 }
    }

    /// The circuit that was opened for this has closed.
    mutating func closed(afterProbes failedProbes: Int) {
        if failedProbes > 0 {
            incidentThreshold = Self.least
        } else if wasByNumber {
            incidentThreshold = min(incidentThreshold * 2, Self.most)
        }
    }

    /// Whether all of these have failed so before while others passed.
    func isKnownFailing(_ jobs: Failed) -> Bool {
        jobs.allSatisfy { knownFailing[$0.key] == $0.value }
    }

    /// Whether this one has failed before, in whatever way, while others passed.
    func isKnownFailing(_ job: Int64) -> Bool { knownFailing[job] != nil }

    /// How long a code that means everybody is accepted from one that is alone with it. Once others have
    /// passed after it, it is not.
    enum GracePeriod {
        case halfAnHour
        /// For half an hour, and until another has met it, too: it may be about what stands in the one, or
        /// about all, and with one nobody can tell.
        case untilOthersAreTried
        /// For longer than any maintenance takes: Salesforce says of itself that it is down.
        case hours
    }

    /// Whether a code that means everybody, with which these failed by themselves, is accepted as the
    /// org's. It is not once others have passed after them.
    mutating func isOrgWide(
        _ jobs: Failed, for grace: GracePeriod = .halfAnHour, at now: Moment
    ) -> Bool {
        clock.advance(to: now)
        if isKnownFailing(jobs) || isGraceOver(jobs, grace) { return false }
        failedJobs.merge(jobs) { $1 }
        recordOwnFailure(jobs)
        return true
    }

    /// A call was turned away, or kept back, whatever was in it: that time is evidence against nobody.
    /// - Parameter job: The one that was alone in it: another goes first now.
    mutating func turnedAway(_ job: Failed = [:], at now: Moment) {
        clock.skip(to: now)
        failedJobs.merge(job) { $1 }
        failedAlone.merge(job) { $1 }
    }

    private func isGraceOver(_ jobs: Failed, _ grace: GracePeriod) -> Bool {
        guard jobs.count == 1, failedAgainAfterProbe(Set(jobs.keys)) else { return false }
        return switch grace {
        case .halfAnHour: true
        case .untilOthersAreTried: failedJobs.keys.contains { jobs[$0] == nil }
        case .hours:
            jobs.keys.allSatisfy { hasFailedAlone($0, for: Self.longestGraceMS) }
        }
    }
}
