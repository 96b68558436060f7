import Conversion
import Storage

/// Whose fault a call's failure is.
enum Blame {
    /// The call's, or one of its leads': it goes on in halves, and a lead alone uses an attempt.
    case call
    /// The org's as a whole: no lead uses an attempt.
    case org
}

/// What an answer means for each job of its call. Decides; writes nothing.
struct SettlementPlanner {
    /// When the call started; what it read was true then or later.
    var startedAt: Moment
    /// When the answer came.
    var now: Moment
    /// Milliseconds after its claim in which a call may still be running at Salesforce.
    var lifetimeSinceClaimMS: Int64
    /// Milliseconds until a lead whose reading failed is read again.
    var probeIntervalMS: Int64
    /// Whose fault it is that the call failed, if it did.
    var blame: Blame
    /// Jobs whose last failure uses none of their attempts: it was the org's.
    var excused: Set<Int64>
    /// How long the org has been at fault, in milliseconds; 0 while it is not.
    var incidentMS: Int64
    /// The last job whose lead a forgotten call may have converted; 0 when there is none.
    var olderCopyUpTo: Int64
    /// A number of chance, 0 or more, below 1: one for the call, so that those of its leads that
    /// are tried again come back together, in one call.
    var chance: Double

    /// The settlements of a call that was to convert.
    func settleConversions(
        of call: ClaimedCall, _ reply: Reply<[LeadOutcome]>
    ) -> [Settlement] {
        switch reply.outcome {
        case .value(let leads):
            precondition(leads.count == call.jobs.count, "The transport matches the answers.")
            let limited = zip(call.jobs, leads).filter(\.1.isLimited).map(\.0)
            let halves = Dictionary(
                uniqueKeysWithValues: limited.halves(of: call.id).map { ($0.id, $1) })
            return zip(call.jobs, leads).map { job, lead in
                if case .limited(let reason) = lead, let half = halves[job.id] {
                    return tooLarge(job, half, of: call, reason)
                }
                var settlement = settle(job, in: call.id, lead)
                if case .transient(let reason) = lead, reason.isLock, settlement.to == .queued {
                    settlement.relatedJobsWaitUntil = relatedJobsWait(
                        for: job, until: settlement.nextRunAt, call.jobs, leads)
                }
                return settlement
            }
        case .refused(.callTooLarge, let reason) where !reason.isListed && call.jobs.count == 1:
            return call.jobs.halves(of: call.id).map { job, half in
                var doubt = inDoubt(job, in: call.id, .unlisted, reason)
                // Of a lead that was alone the half says that it stays alone.
                doubt.split = half
                return doubt
            }
        case .refused(.callTooLarge, let reason) where blame == .call:
            return call.jobs.halves(of: call.id).map { tooLarge($0, $1, of: call, reason) }
        case .refused(let blocker, let reason)
        where blame == .call && blocker.mayBeOfContent(reason, in: .conversion):
            return call.jobs.halves(of: call.id).map { tooLarge($0, $1, of: call, reason) }
        case .refused(_, let reason):
            return call.jobs.map { notSent($0, in: call.id, reason) }
        case .unclear(let reason):
            return call.jobs.halves(of: call.id).map {
                unclear($0, $1, of: call, reason, reply.isOver)
            }
        }
    }

    private func settle(_ job: ClaimedJob, in callID: Int64, _ outcome: LeadOutcome) -> Settlement {
        switch outcome {
        case .converted(let records):
            var done = Settlement(
                job, in: callID, .converted, to: job.hasFollowUps ? .finishing : .converted)
            done.attempts += 1
            done.records = records
            return done
        case .refusedAsConverted(let reason):
            return inDoubt(job, in: callID, .refused, reason)
        // Salesforce documents no code for a second conversion: an unknown code may mean that.
        case .unlisted(let reason):
            return inDoubt(job, in: callID, .unlisted, reason)
        case .transient(let reason) where blame == .call:
            return retry(job, in: callID, reason)
        case .blocked(_, let reason) where blame == .call:
            return retry(job, in: callID, reason)
        case .permanent(let reason) where blame == .org && reason.isThrown:
            return notSent(job, in: callID, reason)
        case .permanent(let reason), .limited(let reason):
            return refused(job, in: callID, reason)
        case .duplicate(let reason, let records):
            return refused(job, in: callID, reason, naming: records)
        case .transient(let reason), .blocked(_, let reason):
            return notSent(job, in: callID, reason)
        }
    }

    /// The lead's own passing fault.
    private func retry(_ job: ClaimedJob, in callID: Int64, _ reason: Reason) -> Settlement {
        guard job.attempts + 1 < job.policy.maxAttempts else {
            return refused(job, in: callID, reason)
        }
        return again(Settlement(job, in: callID, .retry, to: .queued), job.policy, reason)
    }

    /// Refused for good. Where an earlier call may have converted the lead, including one that an older
    /// copy of the file has forgotten, the refusal may come of that: it is read before it fails. So it
    /// is where its owner may be the reason.
    private func refused(
        _ job: ClaimedJob, in callID: Int64, _ reason: Reason,
        naming records: DuplicateRecords = DuplicateRecords()
    ) -> Settlement {
        let mayBeConverted = job.mayBeConverted || job.id <= olderCopyUpTo
        if let redirection = redirection(of: job, refusedFor: reason, naming: records),
            !mayBeConverted || redirection.joinsDuplicate
        {
            return redirected(
                Settlement(job, in: callID, .notSent, to: .queued), redirection, reason)
        }
        if mayBeConverted { return inDoubt(job, in: callID, .failing, reason) }
        if mayBeOwnedByQueue(job) { return inDoubt(job, in: callID, .failing, reason) }
        return failed(Settlement(job, in: callID, .failed, to: .failed), job.policy, reason)
    }

    /// Salesforce is asked about it at once.
    private func inDoubt(
        _ job: ClaimedJob, in callID: Int64, _ cause: VerificationCause, _ reason: Reason
    ) -> Settlement {
        var doubt = Settlement(job, in: callID, .unknown, to: .verifying)
        doubt.reason = reason
        doubt.doubt = cause
        doubt.nextRunAt = now.wall
        return doubt
    }

    /// The call took no effect: back in line, no attempt used.
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
        var settlement =
            call.jobs.count > 1
            ? notSent(job, in: call.id, reason)
            : retry(job, in: call.id, reason)
        // A lead that failed alone stays alone.
        settlement.split = half
        return settlement
    }

    /// The call may have done anything: Salesforce is asked before it is sent again, and then it
    /// goes in halves, because what stopped the answer may be in one of its leads.
    private func unclear(
        _ job: ClaimedJob, _ half: Int64, of call: ClaimedCall, _ reason: Reason, _ isOver: Bool
    ) -> Settlement {
        var doubt = inDoubt(job, in: call.id, isOver ? .answered : .noAnswer, reason)
        if call.jobs.count > 1 && blame == .call { doubt.split = half }
        return doubt
    }
}

/// A lock on an account keeps its other leads back, too.
extension SettlementPlanner {
    /// Until when the jobs that share the account of a locked lead are not sent; nil when they need
    /// not wait, because one of them was converted in the same call.
    private func relatedJobsWait(
        for job: ClaimedJob, until next: Timestamp?, _ jobs: [ClaimedJob], _ leads: [LeadOutcome]
    ) -> Timestamp? {
        let othersPass = zip(jobs, leads).contains { other, lead in
            if case .converted = lead { other.sharesAccount(with: job) } else { false }
        }
        guard let next, !othersPass else { return nil }
        return min(next, now.wall + Settlement.longestRelatedWaitMS)
    }
}

extension ClaimedJob {
    fileprivate func sharesAccount(with other: ClaimedJob) -> Bool {
        if let account = conversion.accountID, account == other.conversion.accountID { return true }
        guard let groupKey, let otherKey = other.groupKey else { return false }
        return FoldedKey(groupKey) == FoldedKey(otherKey)
    }
}
