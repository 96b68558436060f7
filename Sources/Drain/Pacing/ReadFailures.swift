import Conversion
import Storage

/// Keeps one lead whose reading always fails from stopping the others.
///
/// A reading of many leads that fails is made again in smaller ones: half as many, and those that
/// failed come after the others. With each success they grow back. So the lead that makes them fail
/// comes to stand alone, and from then on is read apart, after pauses that double: 30 s, 1, 2, 4, 8, 15
/// minutes. Where more than four are read apart, the longest pause grows with their number, so that
/// all of them together cost some 16 calls an hour.
///
/// One failing lead of 2,000 is found within some 40 readings, in which all the others are read.
///
/// A reading that is turned away as if Salesforce were down is no lead's fault. Only of a page that is
/// not Salesforce's nobody knows whom it means: it makes readings smaller, and counts as the fault of
/// the one that stands alone where a reading of others has passed since it last met such a page. Until
/// one passes, all readings of this kind pause.
struct ReadFailures: Equatable {
    /// A lead in a reading that failed.
    private struct Suspect: Equatable {
        /// Readings, and other calls, that had passed when it first failed.
        var passed: Int
        var othersPassed: Int
        var failuresAlone = 0
        var failedAt: Moment
        /// When it first and last failed alone for what may be its own fault, by the clock of readings.
        var alone: ClosedRange<Int64>?
        /// Readings that had passed when a page last turned it away.
        var passedBeforePage: Int?
        /// Whether its last reading failed for what may be its own fault.
        var mayBeItsOwn = false
    }

    /// Leads in one reading at most.
    let most: Int
    /// Leads in the next reading.
    private(set) var size: Int
    /// Readings of this kind that passed, and calls of other kinds.
    private var passed = 0
    private var othersPassed = 0
    private var failuresInARow = 0
    private var suspects: [Int64: Suspect] = [:]
    private var clock = ObservedTime()

    private static let longestPauseMS: Int64 = 15 * 60_000
    private static let mostAtThatPause = 4
    private static let forgottenAfterMS: Int64 = 2 * 86_400_000
    /// After so long of nothing but failures a lead that is read alone is at fault itself, with or
    /// without others that passed.
    static let ownFaultAfterMS: Int64 = 30 * 60_000

    /// A pause of all readings of this kind. It doubles up to a quarter of an hour.
    struct Pause: Equatable {
        var since: Moment
        /// No such reading is made before then.
        var until: Moment
        var lengthMS: Int64

        init(after last: Pause?, firstMS: Int64, at now: Moment) {
            lengthMS = max(firstMS, min(2 * (last?.lengthMS ?? 0), longestPauseMS))
            since = last?.since ?? now
            until = now + lengthMS
        }
    }

    /// Salesforce refuses all readings of this kind until somebody acts.
    struct Refusal: Equatable {
        var blocker: Blocker
        var reason: Reason
        var pause: Pause
        /// Whether the last answer to such a reading said so.
        var isLatest = true
    }
    private(set) var refusal: Refusal?
    /// While all readings of this kind are turned away as if Salesforce were down.
    private var outage: Pause?

    init(most: Int) {
        self.most = most
        size = most
    }

    /// Those that are read together: all but the leads that are read apart, unless such a one is
    /// first in line.
    /// - Parameter isProbe: Whether it is to find out if readings pass again: then those that are read
    ///   apart come last, or one of them would be the probe each time.
    func choose<Job>(_ offered: [Job], isProbe: Bool = false, id: (Job) -> Int64) -> [Job] {
        let others = offered.filter { !isApart(id($0)) }
        if isProbe && !others.isEmpty { return others }
        guard let first = offered.first, isApart(id(first)) else { return others }
        return offered.filter { id($0) == id(first) }
    }

    /// Whether the lead of this job failed alone.
    func isApart(_ job: Int64) -> Bool { (suspects[job]?.failuresAlone ?? 0) > 0 }

    /// Whether it is this lead's own fault: others passed since it first failed, or it has failed
    /// for half an hour.
    func isItsOwn(_ job: Int64) -> Bool {
        mayBeItsOwn(job) && (othersPass(job) || hasFailed(job, forMS: Self.ownFaultAfterMS))
    }

    /// Whether this one is read no more: for half an hour every reading of it alone has
    /// failed while others passed, or for two hours with no other to tell by.
    func isGivenUp(_ job: Int64) -> Bool {
        mayBeItsOwn(job) && hasFailed(job, forMS: Self.ownFaultAfterMS)
            && (othersPass(job) || hasFailed(job, forMS: 4 * Self.ownFaultAfterMS))
    }

    private func mayBeItsOwn(_ job: Int64) -> Bool { suspects[job]?.mayBeItsOwn ?? false }

    private func hasFailed(_ job: Int64, forMS duration: Int64) -> Bool {
        suspects[job]?.alone.map { $0.upperBound - $0.lowerBound >= duration } ?? false
    }

    /// Whether others passed since it first failed. A call of another kind says something of a single one
    /// only: where several fail and no reading of this kind passes, it may be the kind that is refused.
    func othersPass(_ job: Int64) -> Bool {
        guard let suspect = suspects[job] else { return false }
        return passed > suspect.passed
            || suspects.count == 1 && othersPassed > suspect.othersPassed
    }

    /// Whether a page means these: one alone, after whose last page others were read.
    private func isMeant(_ jobs: [Int64]) -> Bool {
        let before = jobs.count == 1 ? suspects[jobs[0]]?.passedBeforePage : nil
        return before.map { passed > $0 } ?? false
    }

    /// Leads of which every reading alone has failed for so long, in milliseconds, from the first of them
    /// to the last. What has happened since the last tells nothing of one that waits for its turn.
    func haveFailed(forMS duration: Int64) -> [Int64] {
        suspects.keys.filter { hasFailed($0, forMS: duration) }
    }

    /// How long the lead's next reading waits, in milliseconds.
    /// - Parameter firstMS: How long after its first failure alone.
    func pauseMS(of job: Int64, firstMS: Int64) -> Int64 {
        let failures = suspects[job]?.failuresAlone ?? 0
        let pause = refusal?.pause.lengthMS ?? 0
        guard failures > 0 else { return pause }
        let doublings = min(failures - 1, 20)
        return max(pause, min(firstMS << doublings, max(longestPauseMS, firstMS)))
    }

    /// Salesforce refused a reading as it would any other of its kind: no lead is at fault, and the next is
    /// made after a pause.
    mutating func refused(
        _ blocker: Blocker, _ reason: Reason, firstMS: Int64, at now: Moment
    ) {
        let pause = Pause(after: refusal?.pause, firstMS: firstMS, at: now)
        refusal = Refusal(blocker: blocker, reason: reason, pause: pause)
    }

    /// When the pauses of this kind end that are not over.
    /// - Parameter isProbing: Whether each reading is a probe, which has pauses of its own: then one that
    ///   was turned away may be the next.
    func pauseEnd(isProbing: Bool, at now: Moment) -> Moment? {
        [refusal?.pause.until, isProbing ? nil : outage?.until].compactMap(\.self)
            .filter { $0.since(now) > 0 }.max { $1.since($0) > 0 }
    }

    /// What was refused may be what somebody has just set right.
    mutating func tryNow(at now: Moment) {
        refusal?.pause.until = now
        outage?.until = now
    }

    private var longestPauseMS: Int64 {
        let many = suspects.values.count { $0.failuresAlone > 0 }
        return Self.longestPauseMS * Int64(max(many, Self.mostAtThatPause))
            / Int64(Self.mostAtThatPause)
    }

    /// A call passed that says nothing of these readings but that Salesforce is there.
    mutating func otherPassed() { othersPassed += 1 }

    /// It is not read any more.
    mutating func forget(_ job: Int64) { suspects[job] = nil }

    /// What a reading came to.
    enum Result: Equatable {
        case passed, failed
        /// As if Salesforce were down; by a page, it may be for what the reading asks about.
        case turnedAway(byPage: Bool)
        /// Nothing that says anything of its leads.
        case nothing
    }

    /// - Parameter firstPauseMS: How long the first pause after an outage is.
    mutating func record(
        _ result: Result, of jobs: [Int64], firstPauseMS: Int64, at now: Moment
    ) {
        refusal?.isLatest = false
        switch result {
        case .passed: passed(jobs)
        case .failed: failed(jobs, at: now)
        case .turnedAway(let byPage):
            if byPage && isMeant(jobs) {
                failed(jobs, at: now)
            } else {
                turnedAway(jobs, byPage: byPage, firstPauseMS: firstPauseMS, at: now)
            }
            if byPage { for job in jobs { suspects[job]?.passedBeforePage = passed } }
        case .nothing: for job in jobs { suspects[job]?.mayBeItsOwn = false }
        }
    }

    /// A reading of any kind had this result: while that is being asked, others wait for their turn.
    mutating func time(_ result: Result, at now: Moment) {
        switch result {
        case .passed, .failed: clock.advance(to: now)
        case .turnedAway: clock.skip(to: now)
        case .nothing: break
        }
    }

    /// A reading of these was answered.
    mutating func passed(_ jobs: [Int64]) {
        passed += 1
        failuresInARow = 0
        (refusal, outage) = (nil, nil)
        let wasApart = isApart(jobs)
        for job in jobs { suspects[job] = nil }
        if !wasApart { size = min(most, size * 2) }
    }

    /// A reading of these failed.
    mutating func failed(_ jobs: [Int64], at now: Moment) {
        failuresInARow += 1
        clock.advance(to: now)
        suspect(jobs, at: now)
        for job in jobs {
            suspects[job]?.mayBeItsOwn = true
            guard jobs.count == 1, let suspect = suspects[job] else { continue }
            suspects[job]?.failuresAlone += 1
            let first = suspect.alone?.lowerBound ?? clock.elapsedMS
            suspects[job]?.alone = first...clock.elapsedMS
        }
    }

    /// A reading of these was turned away, and no lead is at fault. The first time the same is simply asked
    /// once more.
    private mutating func turnedAway(
        _ jobs: [Int64], byPage: Bool, firstPauseMS: Int64, at now: Moment
    ) {
        failuresInARow += 1
        clock.skip(to: now)
        let wasApart = isApart(jobs)
        if !wasApart { outage = Pause(after: outage, firstMS: firstPauseMS, at: now) }
        if byPage && failuresInARow > 1 { suspect(jobs, at: now) }
        for job in jobs {
            suspects[job]?.mayBeItsOwn = false
            if wasApart { suspects[job]?.failuresAlone += 1 }
        }
    }

    private func isApart(_ jobs: [Int64]) -> Bool { jobs.count == 1 && isApart(jobs[0]) }

    /// These are among those that may be the reason; the next reading is smaller.
    private mutating func suspect(_ jobs: [Int64], at now: Moment) {
        // Jobs that ended otherwise are not taken out one by one; so they can't pile up.
        suspects = suspects.filter { now.since($0.value.failedAt) < Self.forgottenAfterMS }
        if suspects.count > 4 * most { suspects = suspects.filter { $0.value.failuresAlone > 0 } }
        if !isApart(jobs) { size = max(1, jobs.count / 2) }
        for job in jobs {
            let new = Suspect(passed: passed, othersPassed: othersPassed, failedAt: now)
            suspects[job, default: new].failedAt = now
        }
    }
}

/// What a call that only reads asks about.
enum ReadKind: Hashable, CaseIterable {
    /// Whether leads in doubt are converted.
    case verification
    case search(SearchKind)
    /// Whether notes and tasks in doubt are there.
    case followUpVerification

    /// In the order of `ReadsLeft`.
    static let allCases: [ReadKind] =
        [.verification, .search(.contact), .search(.account), .followUpVerification]

    /// Leads, addresses or groups, or notes and tasks, in one reading at most. Salesforce takes 2,000 leads in one (REST API
    /// Developer Guide, sObject Collections).
    var most: Int {
        switch self {
        case .verification: 2000
        case .search: SearchPlan.mostKeys
        case .followUpVerification: 100
        }
    }
}

/// What is known of each kind of reading that fails.
struct ReadFailuresByKind: Equatable {
    private var failures: [ReadKind: ReadFailures] = [:]

    subscript(kind: ReadKind) -> ReadFailures {
        get { failures[kind] ?? ReadFailures(most: kind.most) }
        set { failures[kind] = newValue }
    }

    /// What a reading of these came to.
    mutating func record(
        _ result: ReadFailures.Result, of jobs: [Int64], in kind: ReadKind, firstPauseMS: Int64,
        at now: Moment
    ) {
        self[kind].record(result, of: jobs, firstPauseMS: firstPauseMS, at: now)
        for other in ReadKind.allCases where other != kind { self[other].time(result, at: now) }
    }
}
