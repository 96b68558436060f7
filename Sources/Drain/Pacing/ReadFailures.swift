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
struct ReadFailures: Equatable {
    /// A lead in a reading that failed.
    private struct Suspect: Equatable {
        /// Readings, and other calls, that had passed when it first failed.
        var passed: Int
        var othersPassed: Int
        var failuresAlone = 0
        var failedAt: Moment
        /// When it first failed alone.
        var aloneSince: Moment?
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

    private static let longestPauseMS: Int64 = 15 * 60_000
    private static let mostAtThatPause = 4
    private static let forgottenAfterMS: Int64 = 2 * 86_400_000
    /// After so long of nothing but failures a lead that is read alone is at fault itself, with or
    /// without others that passed.
    static let ownFaultAfterMS: Int64 = 30 * 60_000

    /// Salesforce refuses all readings of this kind until somebody acts.
    struct Refusal: Equatable {
        var blocker: Blocker
        var reason: Reason
        var since: Moment
        /// No such reading is made before then.
        var until: Moment
        var pauseMS: Int64
    }
    private(set) var refusal: Refusal?

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
    func isItsOwn(_ job: Int64, at now: Moment) -> Bool {
        othersPass(job) || hasFailed(job, forMS: Self.ownFaultAfterMS, at: now)
    }

    /// Whether every reading of this lead alone has failed for so long, in milliseconds.
    func hasFailed(_ job: Int64, forMS duration: Int64, at now: Moment) -> Bool {
        suspects[job]?.aloneSince.map { now.since($0) >= duration } ?? false
    }

    /// Whether this one is read no more: for half an hour every reading of it alone has
    /// failed while others passed, or for two hours with no other to tell by.
    func isGivenUp(_ job: Int64, at now: Moment) -> Bool {
        hasFailed(job, forMS: Self.ownFaultAfterMS, at: now)
            && (othersPass(job) || hasFailed(job, forMS: 4 * Self.ownFaultAfterMS, at: now))
    }

    /// Whether others passed since it first failed. A call of another kind says something of a lone one
    /// only: where several fail and no reading of this kind passes, it may be the kind that is refused.
    func othersPass(_ job: Int64) -> Bool {
        guard let suspect = suspects[job] else { return false }
        return passed > suspect.passed
            || suspects.count == 1 && othersPassed > suspect.othersPassed
    }

    /// Leads of which every reading alone has failed for so long, in milliseconds, from the first of them
    /// to the last. What has happened since the last tells nothing of one that waits for its turn.
    func haveFailed(forMS duration: Int64) -> [Int64] {
        suspects.filter { _, suspect in
            suspect.aloneSince.map { suspect.failedAt.since($0) >= duration } ?? false
        }.map(\.key)
    }

    /// How long the lead's next reading waits, in milliseconds.
    /// - Parameter firstMS: How long after its first failure alone.
    func pauseMS(of job: Int64, firstMS: Int64) -> Int64 {
        let failures = suspects[job]?.failuresAlone ?? 0
        let pause = refusal?.pauseMS ?? 0
        guard failures > 0 else { return pause }
        let doublings = min(failures - 1, 20)
        return max(pause, min(firstMS << doublings, max(longestPauseMS, firstMS)))
    }

    /// Salesforce refused a reading as it would any other of its kind: no lead is at fault, and the next is
    /// made after a pause, which doubles up to a quarter of an hour.
    mutating func refused(
        _ blocker: Blocker, _ reason: Reason, firstMS: Int64, at now: Moment
    ) {
        let doubled = (refusal?.pauseMS ?? 0) * 2
        let pause = max(firstMS, min(doubled, Self.longestPauseMS))
        refusal = Refusal(
            blocker: blocker, reason: reason, since: refusal?.since ?? now, until: now + pause,
            pauseMS: pause)
    }

    /// Whether no reading of this kind is made just now.
    func isPaused(at now: Moment) -> Bool { refusal.map { $0.until.since(now) > 0 } ?? false }

    /// What was refused may be what somebody has just set right.
    mutating func tryNow(at now: Moment) { refusal?.until = now }

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
    enum Result {
        case passed, failed
        /// As if Salesforce were down.
        case turnedAway
        /// Nothing that says anything of its leads.
        case nothing
    }

    mutating func record(_ result: Result, of jobs: [Int64], at now: Moment) {
        switch result {
        case .passed: passed(jobs)
        case .failed: failed(jobs, at: now)
        case .turnedAway: failed(jobs, asOutage: true, at: now)
        case .nothing: break
        }
    }

    /// A reading of these was answered.
    mutating func passed(_ jobs: [Int64]) {
        passed += 1
        failuresInARow = 0
        refusal = nil
        let wasApart = jobs.count == 1 && isApart(jobs[0])
        for job in jobs { suspects[job] = nil }
        if !wasApart { size = min(most, size * 2) }
    }

    /// A reading of these failed.
    /// - Parameter asOutage: It was turned away as if Salesforce were down. The first time it surely
    ///   is, and the same is simply asked once more.
    mutating func failed(_ jobs: [Int64], asOutage: Bool = false, at now: Moment) {
        failuresInARow += 1
        if asOutage && failuresInARow == 1 { return }
        // Jobs that ended otherwise are not taken out one by one; so they can't pile up.
        suspects = suspects.filter { now.since($0.value.failedAt) < Self.forgottenAfterMS }
        if suspects.count > 4 * most { suspects = suspects.filter { $0.value.failuresAlone > 0 } }
        let wasApart = jobs.count == 1 && isApart(jobs[0])
        for job in jobs {
            var suspect =
                suspects[job]
                ?? Suspect(passed: passed, othersPassed: othersPassed, failedAt: now)
            suspect.failedAt = now
            if jobs.count == 1 {
                suspect.failuresAlone += 1
                suspect.aloneSince = suspect.aloneSince ?? now
            }
            suspects[job] = suspect
        }
        if !wasApart { size = max(1, jobs.count / 2) }
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
}
