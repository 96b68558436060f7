public import Conversion

/// Which rows of the run log to list.
public struct LogFilter: Sendable {
    /// Of this job.
    public var job: Int64?
    /// Of this lead.
    public var lead: RecordID?
    /// Of the batch of this name.
    public var batch: String?
    /// Begun at this time or later.
    public var since: Timestamp?
    /// That came to this.
    public var outcome: Outcome?
    /// At most so many, the newest.
    public var limit: Int?

    /// The whole log.
    public init() {}
}
