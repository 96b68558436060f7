/// Where a job stands; the words are those of `jobs.state`.
public enum JobState: String, Sendable, CaseIterable {
    /// To be sent, now or at `run_at`.
    case queued
    /// In a call that may have reached Salesforce.
    case sending
    /// Its call's outcome is unknown; Salesforce is being asked.
    case verifying
    /// Its batch is paused.
    case held
    /// Converted; what is to follow is not done yet.
    case finishing
    case converted
    /// Given up; `retry` starts it again.
    case failed
    /// Taken back before it was sent.
    case cancelled

    /// Whether nothing more will happen to it unless somebody asks.
    public var isSettled: Bool { self == .converted || self == .failed || self == .cancelled }
}

extension [JobState: Int] {
    /// Jobs that are neither settled nor held.
    public var left: Int {
        reduce(0) { $0 + ($1.key.isSettled || $1.key == .held ? 0 : $1.value) }
    }

    /// Seconds until those are done at so many a second; nil when nothing moves.
    public func etaSeconds(atRate rate: Double, isMoving: Bool) -> Double? {
        rate > 0 && left > 0 && isMoving ? Double(left) / rate : nil
    }
}

/// What one attempt, or one look-up, came to; the words are those of `run_log.outcome`.
public enum Outcome: String, Sendable, CaseIterable {
    /// Salesforce says so; in a look-up: one of our unclear calls did it.
    case converted
    /// Somebody else did it before us.
    case alreadyConverted = "already_converted"
    /// The lead's own passing fault; an attempt is used up.
    case retry
    /// Final.
    case failed
    /// No clear answer.
    case unknown
    /// The call took no effect as a whole; no attempt is used up.
    case notSent = "not_sent"
    /// Read as not converted.
    case notConverted = "not_converted"
    /// A follow-up: the fields are set, or the record is there.
    case done
    /// A note or task that was asked about: it is not there.
    case notFound = "not_found"
}
