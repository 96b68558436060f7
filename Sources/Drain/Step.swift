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
        case match(ClaimedMatch)
        case accountMatch(ClaimedAccountMatch)
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
            id: callID, tier: .read, startedAt: startedAt, isApart: isApart)
        switch content {
        case .conversions(let call):
            paced.tier = .conversion
            paced.jobs = call.jobs.map(\.id)
            paced.isHalf = call.jobs.first?.split != nil
        case .verification(let verification):
            paced.jobs = verification.jobs.map(\.job.id)
            paced.doubts = verification.jobs.map(\.pacedDoubt)
            paced.sentAt = verification.jobs.map(\.sentAt)
        case .match(let match): paced.jobs = match.jobs.map(\.id)
        // A group is asked about for any of its leads.
        case .accountMatch(let match): paced.jobs = match.groups
        case .followUps(let call):
            paced.tier = .followUp
            paced.jobs = call.followUps.map(\.id)
            paced.isHalf = call.followUps.first?.split != nil
        // Numbers of follow-ups are no numbers of jobs, and reads count their failures by those.
        case .followUpVerification(let verification):
            paced.jobs = verification.followUps.map { -$0.id }
        case .login: paced.tier = .login
        case .limits: paced.tier = .limits
        }
        return paced
    }

    var isConversion: Bool { if case .conversions = content { true } else { false } }
    var isVerification: Bool { if case .verification = content { true } else { false } }
    var isMatch: Bool { if case .match = content { true } else { false } }
    var isAccountMatch: Bool { if case .accountMatch = content { true } else { false } }
    var isFollowUps: Bool { if case .followUps = content { true } else { false } }
    var isFollowUpVerification: Bool {
        if case .followUpVerification = content { true } else { false }
    }
    var isLogin: Bool { if case .login = content { true } else { false } }
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
