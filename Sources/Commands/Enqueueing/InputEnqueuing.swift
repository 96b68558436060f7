import Conversion
import Intake
import Storage

/// Adds the rows of one input after the other to the queue, each input in one transaction.
struct InputEnqueuing {
    let queue: JobQueue
    let options: EnqueueOptions
    /// Whether one row that can't be added refuses its whole input.
    let isStrict: Bool
    /// Whether it is only found out what would be added.
    let isDryRun: Bool

    /// Adds an input's rows. What is wrong with it is said on standard error, and counted.
    /// - Throws: what keeps the other inputs out too.
    func add(_ input: Input) throws -> EnqueueSummary {
        var (input, summary) = (input, EnqueueSummary())
        do {
            try input.spool()
            try queue.enqueue(options, at: .now) { enqueuing in
                try add(input, to: &enqueuing, &summary)
                let mustRollBack = isStrict && (summary.refused > 0 || summary.skipped > 0)
                // The transaction ends here: a rehearsal shows what the queue itself would say.
                if isDryRun || mustRollBack { throw RolledBack() }
            }
        } catch is RolledBack {
            if !isDryRun {
                StandardError.write("\(input.name): nothing of it is added (--strict).\n")
                summary.added = 0
            }
        } catch let error as OperatorError where error.status == .dataRefused {
            StandardError.write("\(error)\n")
            summary.added = 0
            summary.skipped = 0
            summary.hasRefusedFile = true
        }
        return summary
    }

    private func add(
        _ input: Input, to enqueuing: inout JobQueue.Enqueuing, _ summary: inout EnqueueSummary
    ) throws {
        var progress = Progress(of: "row")
        let total = StandardError.isTerminal ? input.rowsAtMost : nil
        var rows = 0
        var rejected = RejectedRowLog()
        defer {
            progress.clear()
            rejected.finish()
        }
        let notes = try input.read { row in
            switch row {
            case .lead(let lead, _):
                try enqueuing.append(lead)
                (summary.added, summary.skipped) = (enqueuing.added, enqueuing.skipped)
            case .refused(let line, let reason):
                progress.clear()
                rejected.add(reason, at: "\(input.name)\(input.separator)\(line)")
                summary.refused += 1
            }
            rows += 1
            // The clock is not asked for every row, of which there may be a million.
            if rows % 256 == 0 { progress.show(rows, of: total, "\(summary)") }
        }
        try enqueuing.flush()
        (summary.added, summary.skipped) = (enqueuing.added, enqueuing.skipped)
        progress.clear()
        for note in notes { StandardError.write("\(input.name): \(note)\n") }
    }
}

/// Nothing of the input stays.
private struct RolledBack: Error {}

/// What became of rows.
struct EnqueueSummary: CustomStringConvertible {
    /// Rows whose leads are in the queue now.
    var added = 0
    /// Rows whose leads were there before.
    var skipped = 0
    /// Rows that can't be added.
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

/// Says on standard error why rows are refused.
///
/// A mistake in a template refuses each of a million rows for one reason: the first of them are
/// named, the others counted.
struct RejectedRowLog {
    private static let namedInARow = 20

    private var reason = ""
    private var count = 0
    private var lastPlace = ""

    /// Writes down why the row at a place is refused.
    mutating func add(_ reason: String, at place: String) {
        if reason != self.reason { finish() }
        self.reason = reason
        count += 1
        lastPlace = place
        if count <= Self.namedInARow { StandardError.write("\(place): \(reason)\n") }
    }

    /// Says how many were not named.
    mutating func finish() {
        let unnamed = count - Self.namedInARow
        if unnamed > 0 {
            let rows = counted(unnamed, "more row")
            StandardError.write("\(lastPlace): the last of \(rows) refused for that reason.\n")
        }
        count = 0
    }
}
