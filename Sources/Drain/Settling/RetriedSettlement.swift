import Conversion
import Storage

/// What is tried again after a passing fault: a lead, or what follows its conversion.
protocol RetriedSettlement {
    /// Attempts used, this one included if it used one.
    var attempts: Int { get set }
    var reason: Reason? { get set }
    var backoffMS: Int64? { get set }
    var nextRunAt: Timestamp? { get set }
    var pausesBatch: Bool { get set }

    /// Makes it one that has failed for good.
    mutating func fail()
}

extension Settlement: RetriedSettlement {
    mutating func fail() { (outcome, to) = (.failed, .failed) }
}

extension FollowUpSettlement: RetriedSettlement {
    /// One that is in doubt may be there all the same.
    mutating func fail() {
        if outcome != .unknown { outcome = .failed }
        to = .failed
    }
}

extension SettlementPlanner {
    /// Its own passing fault: an attempt is used, and if one is left it is tried again.
    func again<Retried: RetriedSettlement>(
        _ back: Retried, _ policy: RetryPolicy, _ reason: Reason
    ) -> Retried {
        var back = back
        let used = back.attempts + 1
        guard used < policy.maxAttempts else { return failed(back, policy, reason) }
        back.attempts = used
        back.reason = reason
        let pause = policy.backoffMS(afterAttempt: used, chance: chance)
        back.backoffMS = pause
        back.nextRunAt = now.wall + pause
        return back
    }

    func failed<Retried: RetriedSettlement>(
        _ end: Retried, _ policy: RetryPolicy, _ reason: Reason
    ) -> Retried {
        var end = end
        end.fail()
        end.attempts += 1
        end.reason = reason
        end.pausesBatch = policy.onFailure == .pause
        return end
    }
}

extension Array {
    /// Each with the number of its half of the call that it was in; two calls never give the same
    /// number.
    func halves(of callID: Int64) -> [(Element, Int64)] {
        enumerated().map { index, element in
            (element, callID * 2 + (index < count / 2 ? 0 : 1))
        }
    }
}
