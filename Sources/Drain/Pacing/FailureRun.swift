import Conversion

/// Whose fault it is that calls fail which convert: a lead's, or the org's.
///
/// A lead that breaks calls was in each that failed, and others pass. So failures in a row that
/// have no lead in common, without a success between, are an incident of the org, whatever their
/// code. A call that is the first to fail is its own fault: it goes on in halves, and of these both
/// fail only when the org is to blame. Of 100 leads in an incident: the 100 fail, their first 50
/// fail, their other 50 fail, and from there on nobody is charged.
struct FailureRun: Equatable {
    /// Leads in every call that failed since the last success: one of them may explain them all.
    private(set) var suspects: Set<Int64> = []
    /// All leads of calls that failed since the last success.
    private(set) var tried: Set<Int64> = []
    /// Those of them that failed by themselves: alone in their call, or with an answer of their own.
    private(set) var failedAlone: Set<Int64> = []
    private var failedAloneSince: Moment?
    /// Leads that failed by themselves while others passed: another failure says nothing new.
    private var proven: Set<Int64> = []
    /// Failures in a row that have no lead in common.
    private var unrelated = 0
    private var incidentSince: Moment?
    /// How many of them are an incident. An alarm that the first probe proves false doubles it, so
    /// that an org with many odd leads is not stopped for each pair of them.
    private var mostUnrelated = least

    private static let least = 2
    private static let most = 16
    /// After so long in an incident, a probe of a lead that had been probed before uses one of its
    /// attempts: where only odd leads are left nothing can prove the org well, and they have to end.
    private static let patienceMS: Int64 = 30 * 60_000
    private static let mostRemembered = 10_000

    /// A call failed with all that was in it.
    /// - Parameter each: Whether each lead had an answer of its own, so that none explains another.
    /// - Parameter isProbe: Whether it was to find out if Salesforce is back: it is not.
    /// - Returns: Whether the org is to blame.
    mutating func failed(_ jobs: Set<Int64>, each: Bool, isProbe: Bool, at now: Moment) -> Bool {
        let byItself = each || jobs.count == 1
        if incidentSince == nil && isProven(jobs) { return false }
        if byItself && isProbedInVain(jobs, at: now) { return false }
        let common = suspects.intersection(jobs)
        if common.isEmpty || (each && jobs.count > 1) { unrelated += 1 }
        suspects = common.isEmpty ? jobs : common
        tried.formUnion(jobs)
        if byItself { charge(jobs, at: now) }
        if incidentSince == nil, isProbe || unrelated >= mostUnrelated { incidentSince = now }
        return incidentSince != nil
    }

    private func isProbedInVain(_ jobs: Set<Int64>, at now: Moment) -> Bool {
        guard let failedAloneSince, jobs.isSubset(of: failedAlone) else { return false }
        return now.since(failedAloneSince) >= Self.patienceMS
    }

    private mutating func charge(_ jobs: Set<Int64>, at now: Moment) {
        failedAlone.formUnion(jobs)
        failedAloneSince = failedAloneSince ?? now
    }

    /// A call got through.
    /// - Parameter failed: Those of its leads that did not, each with an answer of its own.
    mutating func passed(_ others: Set<Int64> = [], beside failed: Set<Int64> = []) {
        // What failed in an incident may be the org's fault or its own.
        if incidentSince == nil { proven.formUnion(failedAlone) }
        proven.formUnion(failed)
        proven.subtract(others)
        if proven.count > Self.mostRemembered { proven = failed }
        (suspects, tried, failedAlone) = ([], [], [])
        (unrelated, incidentSince, failedAloneSince) = (0, nil, nil)
    }

    /// The circuit that was opened for this has closed.
    mutating func closed(afterProbes failedProbes: Int) {
        mostUnrelated = failedProbes == 0 ? min(mostUnrelated * 2, Self.most) : Self.least
    }

    /// Whether all of these have failed before while others passed.
    func isProven(_ jobs: Set<Int64>) -> Bool { jobs.isSubset(of: proven) }

    /// Whether these, which failed by themselves with a code that means everybody, are believed. They
    /// are not once others have passed after them.
    mutating func believes(_ jobs: Set<Int64>, at now: Moment) -> Bool {
        if isProven(jobs) || jobs.count == 1 && isProbedInVain(jobs, at: now) { return false }
        tried.formUnion(jobs)
        charge(jobs, at: now)
        return true
    }
}
