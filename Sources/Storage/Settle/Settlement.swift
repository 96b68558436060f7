public import Conversion

/// What a call came to for one job: its row in the run log, and where the job goes from here.
public struct Settlement: Sendable, Equatable {
    public var jobID: Int64
    public var batchID: Int64?
    /// Its open row in the run log.
    public var entry: Int64
    /// The state it is expected in; a job that has moved on is left alone.
    public var from: JobState
    /// The call that it was sent in; a job that was sent again since is left alone.
    public var sentIn: Int64
    /// What this attempt, or this look-up, came to.
    public var outcome: Outcome
    /// Where the job goes.
    public var to: JobState
    /// Attempts used, this one included if it used one.
    public var attempts: Int
    /// Why, where something went wrong.
    public var reason: Reason?
    /// What the job keeps as its error, where that is another than the reason of this row: a verification
    /// that got no answer leaves the reason of the call in doubt as it is.
    public var jobReason: Reason?
    /// What the lead was converted into.
    public var records: ConvertedRecords?
    /// The pause before the next attempt, in milliseconds.
    public var backoffMS: Int64?
    /// When it is sent, or asked about, next; nil leaves `run_at` as it is.
    public var nextRunAt: Timestamp?
    /// Why it is read, when it goes to `verifying`.
    public var doubt: VerificationCause?
    /// The half it travels with from here on; nil when it travels with all.
    public var split: Int64?
    /// Whether the rest of its batch is to be held.
    public var pausesBatch = false
    /// The account that its lead was to join.
    public var accountID: String?
    /// Whether its lead was to join a contact.
    public var namesContact: Bool
    /// The group of leads that share one account.
    public var groupKey: String?
    /// Why nothing followed its conversion, though something was to.
    public var afterReason: Reason?
    /// Until when the others of its account or group are not sent either: what kept this one back is
    /// the account's. Nil when they need not wait; never more than `longestRelatedWaitMS` from now.
    public var relatedJobsWaitUntil: Timestamp?
    /// What is asked otherwise when it is sent again.
    public var redirection: Redirection?

    /// Milliseconds that the others of an account or group wait at most. Longer than Salesforce lets a
    /// call wait for a lock, and no longer: the pause of one lead's own policy may be days.
    public static let longestRelatedWaitMS: Int64 = 60_000

    /// A settlement of a job that was in a call.
    public init(_ job: ClaimedJob, in callID: Int64, _ outcome: Outcome, to state: JobState) {
        jobID = job.id
        batchID = job.batchID
        entry = job.entry
        from = .sending
        sentIn = callID
        self.outcome = outcome
        to = state
        attempts = job.attempts
        split = job.split
        accountID = job.conversion.accountID?.description
        namesContact = job.conversion.contactID != nil
        groupKey = job.groupKey
    }

    /// A settlement of a job that was asked about.
    public init(_ job: InDoubtJob, _ outcome: Outcome, to state: JobState) {
        self.init(job.job, in: job.callID, outcome, to: state)
        from = .verifying
    }
}
