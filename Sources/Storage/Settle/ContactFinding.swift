public import Conversion

/// What looking for a job's contact came to.
public struct ContactFinding: Sendable, Equatable {
    /// What was found.
    public enum Result: Sendable, Equatable {
        /// No contact has the address: the lead makes a new one.
        case nothing
        /// The one that the lead is converted into, and its account.
        case contact(RecordID, account: RecordID)
        /// A person account, which is its own contact: the lead is converted into the account alone.
        case personAccount(RecordID)
        /// No answer came: it is looked for again, then.
        case postponed(Reason, until: Timestamp)
        /// No answer comes for this lead, while others get theirs: an attempt is used, and it is
        /// looked for again after a pause.
        case retry(Reason, backoffMS: Int64, until: Timestamp)
        /// Nothing that it could be converted into.
        case unfit(Reason)
    }

    /// The job.
    public var jobID: Int64
    /// Its batch.
    public var batchID: Int64?
    /// The account within which it was looked for, if any.
    public var accountID: RecordID?
    /// What was found.
    public var result: Result
    /// Whether the rest of its batch is to be held if it fails.
    public var pausesBatch: Bool
    /// Attempts used, this search included if it used one.
    public var attempts: Int

    /// A finding.
    public init(_ job: ClaimedJob, _ result: Result) {
        jobID = job.id
        batchID = job.batchID
        accountID = job.conversion.accountID
        self.result = result
        pausesBatch = job.policy.onFailure == .pause
        attempts = job.attempts
    }
}

/// Jobs whose contacts are looked for now.
public struct ClaimedMatch: Sendable {
    /// The call's number.
    public var id: Int64
    /// Its jobs, each of another address.
    public var jobs: [ClaimedJob]
    /// Whose turn it is next time.
    public var rotation: Rotation
}
