public import Conversion

/// What looking for a job's contact came to.
public struct ContactFinding: Sendable, Equatable {
    /// What was found.
    public enum Result: Sendable, Equatable {
        /// No contact has the address: the lead makes a new one.
        case nothing
        /// The one that the lead is converted into, and its account.
        case contact(RecordID, account: RecordID)
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

    /// A finding.
    public init(_ job: ClaimedJob, _ result: Result) {
        jobID = job.id
        batchID = job.batchID
        accountID = job.conversion.accountID
        self.result = result
        pausesBatch = job.policy.onFailure == .pause
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
