import Conversion

/// Leads one after the other for which the org's own code threw, none being converted between.
///
/// So many of them are an incident of the org, which begins with the lead that makes them so many: one
/// that threw hours before says nothing of now. After half an hour of it the code counts as permanent, and
/// refuses each lead for good.
struct ThrowRun: Equatable {
    private struct Throw: Equatable {
        var code: String
        var at: Moment
    }

    private var leads: [Int64: Throw] = [:]
    private var lastAt: Moment?
    private var incidentSince: Moment?

    private static let mostRemembered = 10_000

    /// The code threw for these.
    /// - Returns: Whether that is an incident of the org, and not permanent.
    mutating func add(_ thrown: FailureRun.Failed, at now: Moment) -> Bool {
        forgetOld(at: now)
        lastAt = now
        for (job, code) in thrown where leads.count < Self.mostRemembered {
            leads[job] = Throw(code: code, at: now)
        }
        if leads.count >= FailureRun.mostInARow { incidentSince = incidentSince ?? now }
        return incidentSince.map { now.since($0) < FailureRun.ownFaultAfterMS } ?? false
    }

    /// Between the probes of an incident lies less than that, so it is forgotten as a whole, once
    /// nothing has thrown for so long.
    private mutating func forgetOld(at now: Moment) {
        func isOld(_ moment: Moment) -> Bool { now.since(moment) >= FailureRun.ownFaultAfterMS }
        if lastAt.map(isOld) ?? false {
            self = ThrowRun()
        } else if incidentSince == nil {
            leads = leads.filter { !isOld($0.value.at) }
        }
    }

    /// The leads, each with the code that it met.
    var failed: FailureRun.Failed { leads.mapValues(\.code) }
}
