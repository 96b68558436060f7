/// What became of rows.
struct EnqueueSummary: CustomStringConvertible {
    /// Rows whose leads are in the queue now.
    var added = 0
    /// Rows whose leads were there before.
    var skipped = 0
    /// Rows that can't be taken.
    var refused = 0
    /// Whether an input was refused as a whole.
    var hasRefusedFile = false

    /// The summary.
    var description: String {
        "\(added) added, \(skipped) skipped (in the queue already), \(refused) refused."
    }

    /// Adds another input's.
    mutating func add(_ other: EnqueueSummary) {
        added += other.added
        skipped += other.skipped
        refused += other.refused
        hasRefusedFile = hasRefusedFile || other.hasRefusedFile
    }
}
