import Conversion
import Storage

/// What an answer means for what follows conversions.
extension SettlementPlanner {
    /// The settlements of a call that was to set fields, or to make notes or tasks.
    func settleFollowUps(
        of call: ClaimedFollowUps, _ reply: Reply<[RecordOutcome]>
    ) -> [FollowUpSettlement] {
        switch reply.outcome {
        case .value(let records):
            precondition(
                records.count == call.followUps.count, "The transport matches the answers.")
            let limited = zip(call.followUps, records).filter(\.1.isLimited).map(\.0)
            let halves = Dictionary(
                uniqueKeysWithValues: limited.halves(of: call.id).map { ($0.id, $1) })
            return zip(call.followUps, records).map { followUp, record in
                guard case .limited(let reason) = record, let half = halves[followUp.id] else {
                    return settle(followUp, in: call.id, record)
                }
                var settlement = notSent(followUp, in: call.id, reason)
                settlement.split = half
                return settlement
            }
        case .refused(let blocker, let reason)
        where blame == .call
            && (blocker == .callTooLarge || blocker.mayBeOfContent(reason, in: .followUp)):
            return call.followUps.halves(of: call.id).map { followUp, half in
                var settlement =
                    call.followUps.count > 1
                    ? notSent(followUp, in: call.id, reason)
                    : retry(followUp, in: call.id, reason)
                settlement.split = half
                return settlement
            }
        case .refused(_, let reason):
            return call.followUps.map { notSent($0, in: call.id, reason) }
        case .unclear(let reason):
            return call.followUps.halves(of: call.id).map { followUp, half in
                unclear(followUp, half, of: call, reason, reply.isOver)
            }
        }
    }

    private func settle(
        _ followUp: ClaimedFollowUp, in callID: Int64, _ outcome: RecordOutcome
    ) -> FollowUpSettlement {
        switch outcome {
        case .done(let id):
            return done(FollowUpSettlement(followUp, in: callID, .done, to: .done), id)
        case .transient(let reason) where blame == .call:
            return retry(followUp, in: callID, reason)
        case .blocked(_, let reason) where blame == .call:
            return retry(followUp, in: callID, reason)
        case .permanent(let reason) where blame == .org && reason.isThrown:
            return notSent(followUp, in: callID, reason)
        case .permanent(let reason), .limited(let reason):
            return failed(
                FollowUpSettlement(followUp, in: callID, .failed, to: .failed), followUp.policy,
                reason)
        case .transient(let reason), .blocked(_, let reason):
            return notSent(followUp, in: callID, reason)
        }
    }

    private func done(_ settlement: FollowUpSettlement, _ id: String) -> FollowUpSettlement {
        var done = settlement
        done.attempts += 1
        done.recordID = id
        return done
    }

    private func retry(
        _ followUp: ClaimedFollowUp, in callID: Int64, _ reason: Reason
    ) -> FollowUpSettlement {
        again(
            FollowUpSettlement(followUp, in: callID, .retry, to: .waiting), followUp.policy, reason)
    }

    /// The call took no effect: back in line, no attempt used.
    private func notSent(
        _ followUp: ClaimedFollowUp, in callID: Int64, _ reason: Reason
    ) -> FollowUpSettlement {
        var back = FollowUpSettlement(followUp, in: callID, .notSent, to: .waiting)
        back.reason = reason
        return back
    }

    /// The call may have done anything. A note or task is asked about; fields are set again once the
    /// call can no longer be running. Both go on in halves, because what stopped the answer may be in
    /// one of them.
    private func unclear(
        _ followUp: ClaimedFollowUp, _ half: Int64, of call: ClaimedFollowUps, _ reason: Reason,
        _ isOver: Bool
    ) -> FollowUpSettlement {
        var doubt = FollowUpSettlement(followUp, in: call.id, .unknown, to: .verifying)
        doubt.reason = reason
        doubt.doubt = isOver ? .answered : .noAnswer
        let isAlone = call.followUps.count == 1
        if !isAlone && blame == .call { doubt.split = half }
        guard call.kind == .set else {
            doubt.nextRunAt = now.wall
            return doubt
        }
        let left = isOver ? 0 : max(0, lifetimeSinceClaimMS - now.since(startedAt))
        doubt.nextRunAt = now.wall + left
        guard isAlone && blame == .call else { return doubt }
        // An update that no answer ever comes for must come to an end, too.
        doubt = again(doubt, followUp.policy, reason)
        if doubt.to == .verifying { doubt.nextRunAt = now.wall + max(left, doubt.backoffMS ?? 0) }
        return doubt
    }
}

/// What a verification of notes or tasks means.
extension SettlementPlanner {
    /// The settlements of a verification.
    /// - Parameter failures: What is known of readings that fail, this one included if it did.
    func settleVerification(
        _ verification: ClaimedFollowUps, _ reply: Reply<[[String]]>, _ failures: ReadFailures
    ) -> [FollowUpSettlement] {
        switch reply.outcome {
        case .value(let found):
            precondition(
                found.count == verification.followUps.count, "The transport matches the answers.")
            return zip(verification.followUps, found).map(settle)
        case .refused(_, let reason), .unclear(let reason):
            return verification.followUps.map { followUp in
                if failures.isGivenUp(followUp.id) {
                    return stillInDoubt(followUp, .noAnswerAbout(followUp, reason))
                }
                var doubt = FollowUpSettlement(followUp, .unknown, to: .verifying)
                doubt.reason = reason
                doubt.kept = followUp.reason
                doubt.doubt = followUp.doubt
                let pause = failures.pauseMS(of: followUp.id, firstMS: probeIntervalMS)
                doubt.nextRunAt = now.wall + pause
                return doubt
            }
        }
    }

    private func settle(_ followUp: ClaimedFollowUp, _ found: [String]) -> FollowUpSettlement {
        guard let id = found.first else { return notFound(followUp) }
        guard found.count == 1 else {
            return stillInDoubt(followUp, .severalFound(found, followUp))
        }
        return done(FollowUpSettlement(followUp, .done, to: .done), id)
    }

    /// Left for a person, who retries it: then it is asked about again.
    private func stillInDoubt(_ followUp: ClaimedFollowUp, _ reason: Reason) -> FollowUpSettlement {
        var end = FollowUpSettlement(followUp, .unknown, to: .failed)
        end.doubt = followUp.doubt
        return failed(end, followUp.policy, reason)
    }

    /// Believed only once the call can no longer be running; then it is sent again. One that was alone
    /// in its call has used an attempt, or it would be sent again without an end.
    private func notFound(_ followUp: ClaimedFollowUp) -> FollowUpSettlement {
        let back = FollowUpSettlement(followUp, .notFound, to: .waiting)
        guard let sent = followUp.sent, followUp.doubt != .restart else { return waiting(back) }
        let age = now.since(sent.at)
        guard followUp.doubt == .answered || startedAt.since(sent.at) >= lifetimeSinceClaimMS else {
            var later = back
            later.to = .verifying
            later.reason = followUp.reason
            later.doubt = followUp.doubt
            later.nextRunAt = now.wall + max(0, min(lifetimeSinceClaimMS - age, max(15_000, age)))
            return later
        }
        if sent.size == 1, followUp.doubt != .crash, let reason = followUp.reason {
            return again(back, followUp.policy, reason)
        }
        return waiting(back)
    }

    private func waiting(_ settlement: FollowUpSettlement) -> FollowUpSettlement {
        var back = settlement
        back.nextRunAt = now.wall
        return back
    }
}

extension Reason {
    fileprivate static func noAnswerAbout(_ followUp: ClaimedFollowUp, _ reason: Reason) -> Reason {
        Reason(
            "FOLLOW_UP_IN_DOUBT",
            "No clear answer came, and Salesforce does not say whether one has the mark "
                + "\(followUp.record?.mark.description ?? "") (\(reason.code)). Retry to ask again."
        )
    }

    /// Which of them is ours to keep is not ours to guess.
    fileprivate static func severalFound(_ ids: [String], _ followUp: ClaimedFollowUp) -> Reason {
        Reason(
            "FOLLOW_UP_IN_DOUBT",
            "No clear answer came, and more than one has the mark "
                + "\(followUp.record?.mark.description ?? ""): \(ids.prefix(5).joined(separator: ", ")). "
                + "Delete all but one, then retry.")
    }
}
