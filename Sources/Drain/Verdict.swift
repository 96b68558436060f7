import Conversion
import Storage

/// What an answer means for each job of its call. Decides; writes nothing.
struct Verdict {
    /// When the call started; what it read was true then or later.
    var startedAt: Moment
    /// When the answer came.
    var now: Moment
    /// Milliseconds after its start in which a call may still be running at Salesforce.
    var callLifetimeMS: Int64
    /// A number of chance, 0 or more, below 1: one for the call, so that those of its leads that
    /// are tried again come back together, in one call.
    var chance: Double

    /// The settlements of a call that was to convert.
    func settle(_ call: ClaimedCall, _ outcome: CallOutcome) -> [Settlement] {
        switch outcome {
        case .converted(let leads):
            precondition(leads.count == call.jobs.count, "The transport matches the answers.")
            return zip(call.jobs, leads).map { settle($0, in: call.id, $1) }
        case .refused(.callTooLarge, let reason):
            return inHalves(call).map { tooLarge($0, $1, of: call, reason) }
        case .refused(_, let reason):
            return call.jobs.map { notSent($0, in: call.id, reason) }
        case .unclear(let reason):
            return inHalves(call).map { unclear($0, $1, of: call, reason) }
        case .loggedIn, .limitsRead, .verified, .matched:
            preconditionFailure("The transport answers what it was asked.")
        }
    }

    private func settle(_ job: ClaimedJob, in callID: Int64, _ outcome: LeadOutcome) -> Settlement {
        switch outcome {
        case .converted(let records):
            var done = Settlement(job, in: callID, .converted, to: .converted)
            done.attempts += 1
            done.records = records
            return done
        case .refusedAsConverted(let reason):
            var doubt = Settlement(job, in: callID, .unknown, to: .verifying)
            doubt.reason = reason
            doubt.doubt = .refused
            doubt.nextRunAt = now.wall
            return doubt
        case .transient(let reason), .unlisted(let reason):
            var back = Settlement(job, in: callID, .retry, to: .queued)
            back.delaysItsKin = reason.isLock
            return again(back, job.policy, reason)
        case .permanent(let reason):
            return failed(Settlement(job, in: callID, .failed, to: .failed), job.policy, reason)
        case .obstructed(_, let reason):
            return notSent(job, in: callID, reason)
        }
    }

    /// The call took no effect: back in line, unpunished.
    private func notSent(_ job: ClaimedJob, in callID: Int64, _ reason: Reason) -> Settlement {
        var back = Settlement(job, in: callID, .notSent, to: .queued)
        back.reason = reason
        return back
    }

    /// Something in this call breaks it as a whole: its halves go on apart, until the lead that
    /// does it stands alone and the fault is its own.
    private func tooLarge(
        _ job: ClaimedJob, _ half: Int64, of call: ClaimedCall, _ reason: Reason
    ) -> Settlement {
        guard call.jobs.count == 1 else {
            var back = notSent(job, in: call.id, reason)
            back.split = half
            return back
        }
        return again(Settlement(job, in: call.id, .retry, to: .queued), job.policy, reason)
    }

    /// The call may have done anything: Salesforce is asked before it is sent again, and then it
    /// goes in halves, for what stopped the answer may be in one of its leads.
    private func unclear(
        _ job: ClaimedJob, _ half: Int64, of call: ClaimedCall, _ reason: Reason
    ) -> Settlement {
        var doubt = Settlement(job, in: call.id, .unknown, to: .verifying)
        doubt.reason = reason
        doubt.doubt = .noAnswer
        doubt.nextRunAt = now.wall
        if call.jobs.count > 1 { doubt.split = half }
        return doubt
    }

    /// Each job with the number of its half; two calls never give the same number.
    private func inHalves(_ call: ClaimedCall) -> [(ClaimedJob, Int64)] {
        call.jobs.enumerated().map { index, job in
            (job, call.id * 2 + (index < call.jobs.count / 2 ? 0 : 1))
        }
    }

    /// The lead's own passing fault: an attempt is used, and if one is left it is tried again.
    func again(_ back: Settlement, _ policy: RetryPolicy, _ reason: Reason) -> Settlement {
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

    func failed(_ end: Settlement, _ policy: RetryPolicy, _ reason: Reason) -> Settlement {
        var end = end
        end.outcome = .failed
        end.to = .failed
        end.attempts += 1
        end.reason = reason
        end.pausesBatch = policy.onFailure == .pause
        return end
    }
}
