public import Conversion

/// Which jobs an operator means.
public enum JobSelection: Sendable {
    /// The job of this number.
    case job(Int64)
    /// The latest job of this lead.
    case lead(RecordID)
    /// All of a batch.
    case batch(String)
    /// All that are in this state.
    case all(JobState)
}
