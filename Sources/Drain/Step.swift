public import Conversion
import Storage

/// What the engine wants done next.
enum Step {
    /// Send this now: all that has to be on disk before is there.
    case send(InFlightCall)
    /// Nothing to do until then, or until something happens.
    case wait(Wait)
    /// Nothing is in flight and nothing will be again.
    case end(ExitReason)
}

/// Why nothing can be done just now.
struct Wait: Equatable {
    var reason: WaitReason
    /// When to look again; nil when only an event can change it.
    var until: Moment?
}

/// A call that is out.
struct InFlightCall {
    enum Content {
        case conversions(ClaimedCall)
        case verification(ClaimedVerification)
        case search(ClaimedSearch)
        case followUps(ClaimedFollowUps)
        /// Whether these notes or tasks are there.
        case followUpVerification(ClaimedFollowUps)
        case login
        case limits
    }

    var callID: Int64
    var startedAt: Moment
    var content: Content
    /// Whether it reads for one lead whose reading failed before while it was alone: that it fails
    /// again says nothing of the org.
    var isApart = false

    /// The call as far as its pace is concerned.
    var paced: PacedCall {
        var paced = PacedCall(
            id: callID, tier: .read, startedAt: startedAt, jobs: subjects, isApart: isApart)
        switch content {
        case .conversions(let call):
            paced.tier = .conversion
            paced.isHalf = call.jobs.first?.split != nil
        case .verification(let verification):
            paced.doubts = verification.jobs.map(\.pacedDoubt)
            paced.sentAt = verification.jobs.map(\.sentAt)
        case .search: break
        case .followUps(let call):
            paced.tier = .followUp
            paced.isHalf = call.followUps.first?.split != nil
        // Numbers of follow-ups are no numbers of jobs, and reads count their failures by those.
        case .followUpVerification: paced.jobs = subjects.map { -$0 }
        case .login: paced.tier = .login
        case .limits: paced.tier = .limits
        }
        return paced
    }

    /// What it asks about or asks for, by number: jobs, groups of leads, or follow-ups.
    var subjects: [Int64] {
        switch content {
        case .conversions(let call): call.jobs.map(\.id)
        case .verification(let verification): verification.jobs.map(\.job.id)
        case .search(let search): search.subjects
        case .followUps(let call), .followUpVerification(let call): call.followUps.map(\.id)
        case .login, .limits: []
        }
    }

    /// What it reads, if it only reads.
    var readKind: ReadKind? {
        switch content {
        case .verification: .verification
        case .search(let search): .search(search.kind)
        case .followUpVerification: .followUpVerification
        case .conversions, .followUps, .login, .limits: nil
        }
    }

    var isConversion: Bool { if case .conversions = content { true } else { false } }
}

extension InDoubtJob {
    fileprivate var pacedDoubt: PacedCall.Doubt {
        switch doubt {
        case .noAnswer: .noAnswer
        case .unlisted: .refused(reason.code)
        case .refused, .crash, .failing, .answered: .other
        }
    }
}

/// How a drain came to its end.
public enum ExitReason: Sendable {
    /// Nothing is left that could move on its own.
    case drained
    /// The queue is paused, and the drain was to run until it is empty.
    case paused
    /// It was told to stop; so many calls were still in flight, and are asked about at the next
    /// start.
    case stopped(inFlight: Int)
    /// It can't go on.
    case fault(OperatorError)

    /// Whether no call is out and the file was in order to the end: one that is not is left as it
    /// is, with its write-ahead log, for whoever has to save what is in it.
    public var leavesAllSettled: Bool {
        if case .fault = self { false } else { !leavesCallsInFlight }
    }

    /// Whether calls are still out: whoever ends their connections now makes answers of them.
    public var leavesCallsInFlight: Bool {
        if case .stopped(let inFlight) = self { inFlight > 0 } else { false }
    }
}
