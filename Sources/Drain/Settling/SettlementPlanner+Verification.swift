import Conversion
import Storage

extension SettlementPlanner {
    /// The settlements of a verification.
    /// - Parameter failures: What is known of readings that fail, this one included if it did.
    func settleVerification(
        _ verification: ClaimedVerification, _ reply: Reply<[LeadReading]>, _ failures: ReadFailures
    ) -> [Settlement] {
        switch reply.outcome {
        case .value(let readings):
            precondition(
                readings.count == verification.jobs.count, "The transport matches the answers.")
            // All at once are rather hidden from our user than deleted.
            let areAllHidden = readings.count > 1 && readings.allSatisfy { $0 == .notVisible }
            return zip(verification.jobs, readings).map {
                areAllHidden ? hidden($0) ?? settle($0, $1) : settle($0, $1)
            }
        case .refused(_, let reason), .unclear(let reason):
            return verification.jobs.map { job in
                if isGivenUp(job, failures) { return stillInDoubt(job, reason) }
                let pause = failures.pauseMS(of: job.job.id, firstMS: probeIntervalMS)
                return stillUnknown(job, reason, nextAt: now.wall + pause)
            }
        }
    }

    /// Asked about again in a while: what a change of somebody's rights hides may be seen again soon.
    /// - Returns: nil when that has lasted long enough.
    private func hidden(_ job: InDoubtJob) -> Settlement? {
        guard isOver(job), now.since(job.sentAt) < Self.hiddenLastsMS else { return nil }
        var later = askLater(Settlement(job, .unknown, to: .verifying), job)
        later.nextRunAt = now.wall + Self.hiddenPauseMS
        return later
    }

    private static let hiddenLastsMS: Int64 = 3_600_000
    private static let hiddenPauseMS: Int64 = 5 * 60_000

    private func settle(_ job: InDoubtJob, _ reading: LeadReading) -> Settlement {
        if let redirection = redirection(of: job, reading), reading.isNotConverted {
            let back = Settlement(job, .notConverted, to: .queued)
            return redirected(back, redirection, job.reason)
        }
        return switch reading {
        case .converted(let records): converted(job, records)
        case _ where job.doubt == .failing:
            failed(Settlement(job, .failed, to: .failed), job.job.policy, job.reason)
        case .notConverted where job.doubt == .refused || job.doubt == .unlisted,
            .ownedByQueue where job.doubt == .refused || job.doubt == .unlisted:
            contradicted(job)
        case .notConverted where isOver(job), .ownedByQueue where isOver(job): notConverted(job)
        case .notConverted, .ownedByQueue:
            askLater(Settlement(job, .notConverted, to: .verifying), job)
        case .notVisible where isOver(job): notVisible(job)
        case .notVisible: askLater(Settlement(job, .unknown, to: .verifying), job)
        }
    }

    /// Ours, if a call of ours may have done it.
    private func converted(_ job: InDoubtJob, _ records: ConvertedRecords) -> Settlement {
        let isOurs = job.job.mayBeConverted
        var done = Settlement(
            job, isOurs ? .converted : .alreadyConverted,
            to: isOurs && job.job.hasFollowUps ? .finishing : .converted)
        // The one who converted it may have gone on with its records: that is for a person to look at.
        if !isOurs && job.job.hasFollowUps { done.afterReason = .convertedByOthers }
        done.attempts += 1
        done.records = records
        return done
    }

    private static let longestPauseMS: Int64 = 15 * 60_000

    /// Refused as if it were converted, and read as not converted: the refusal may pass, so it is
    /// tried again like any passing fault of the lead.
    private func contradicted(_ job: InDoubtJob) -> Settlement {
        if excused.contains(job.job.id) {
            var back = Settlement(job, .notConverted, to: .queued)
            back.reason = job.reason
            // No circuit need be open for it. The longer it lasts, the more rarely it is tried.
            let pause = min(max(5 * probeIntervalMS, incidentMS), Self.longestPauseMS)
            back.nextRunAt = now.wall + pause
            return back
        }
        return again(Settlement(job, .notConverted, to: .queued), job.job.policy, job.reason)
    }

    /// Nothing runs there any more and nothing was done: it is sent again. A lead that was alone
    /// in its call has used an attempt, or a lead that no answer ever comes for would be sent for
    /// ever; our own crash uses none, nor does an incident of the org.
    private func notConverted(_ job: InDoubtJob) -> Settlement {
        var back = Settlement(job, .notConverted, to: .queued)
        if job.callSize == 1 && job.doubt != .crash && !excused.contains(job.job.id) {
            return again(back, job.job.policy, job.reason)
        }
        back.nextRunAt = now.wall
        return back
    }

    private func notVisible(_ job: InDoubtJob) -> Settlement {
        let reason = Reason(
            "LEAD_NOT_VISIBLE",
            "No clear answer came for this lead (\(job.reason.code)), and Salesforce does not show "
                + "it to this user now: deleted, merged into another, or hidden. Look it up in "
                + "the recycle bin, then retry or cancel.")
        return failed(Settlement(job, .failed, to: .failed), job.job.policy, reason)
    }

    /// Whether a lead is verified no more. A note in doubt is left alone after half an hour;
    /// a lead in doubt may be converted, which its group and its account wait to know: it is given a day
    /// since its call while verifications of others are answered, or four with no other to tell by.
    private func isGivenUp(_ job: InDoubtJob, _ failures: ReadFailures) -> Bool {
        let age = now.since(job.sentAt)
        guard age >= Self.doubtLastsMS else { return false }
        return failures.isGivenUp(job.job.id)
            && (failures.othersPass(job.job.id) || age >= 4 * Self.doubtLastsMS)
    }

    private static let doubtLastsMS: Int64 = 86_400_000

    /// Left for a person, who retries it: then it is asked about again, and not sent before.
    private func stillInDoubt(_ job: InDoubtJob, _ reason: Reason) -> Settlement {
        var end = Settlement(job, .failed, to: .failed)
        // What makes the file remember that a call may have converted it.
        end.doubt = .noAnswer
        return failed(end, job.job.policy, .noAnswerAbout(job, reason))
    }

    private func stillUnknown(
        _ job: InDoubtJob, _ reason: Reason, nextAt: Timestamp
    ) -> Settlement {
        var doubt = Settlement(job, .unknown, to: .verifying)
        doubt.reason = reason
        doubt.jobReason = job.reason
        doubt.doubt = job.doubt
        doubt.nextRunAt = nextAt
        return doubt
    }

    /// Asks again after as long as it has been since the call, but at least 15 s, and when the
    /// call can no longer be running: by default at 15 s, 30 s, 1, 2, 4, 8 and 10 minutes.
    private func askLater(_ settlement: Settlement, _ job: InDoubtJob) -> Settlement {
        var later = settlement
        let age = now.since(job.sentAt)
        later.reason = job.reason
        later.doubt = job.doubt
        later.nextRunAt = now.wall + max(0, min(lifetimeSinceClaimMS - age, max(15_000, age)))
        return later
    }

    /// Whether the call in doubt was over before the verification even began: an answer that was
    /// long under way may tell of a time when it was not. A call that was answered is over.
    private func isOver(_ job: InDoubtJob) -> Bool {
        switch job.doubt {
        case .answered, .refused, .unlisted, .failing: true
        case .noAnswer, .crash: startedAt.since(job.sentAt) >= lifetimeSinceClaimMS
        }
    }
}

extension LeadReading {
    fileprivate var isNotConverted: Bool { self == .notConverted || self == .ownedByQueue }
}

extension Reason {
    fileprivate static func noAnswerAbout(_ job: InDoubtJob, _ reason: Reason) -> Reason {
        Reason(
            "LEAD_IN_DOUBT",
            "No clear answer came for this lead (\(job.reason.code)), and for a day Salesforce has not said "
                + "whether it is converted (\(reason.code)). Look it up; retry asks again before anything is "
                + "sent.")
    }

    fileprivate static let convertedByOthers = Reason(
        ours: "ALREADY_CONVERTED",
        "Somebody else converted the lead before us: no field was set, no note or task was left. Look "
            + "at its records; leadconvert retry does what was to follow.")
}
