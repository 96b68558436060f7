public import Conversion

/// Which jobs to list.
public struct JobFilter: Sendable {
    /// In this state.
    public var state: JobState?
    /// Of the batch of this name.
    public var batch: String?
    /// Of this lead.
    public var lead: RecordID?
    /// At most so many, the newest.
    public var limit: Int?

    /// All jobs.
    public init() {}
}
