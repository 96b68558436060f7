import Conversion
import Intake
import Storage

/// Takes the rows of one input after the other into the queue, each input in one transaction.
struct InputEnqueuing {
    let queue: JobQueue
    let options: EnqueueOptions
    /// Whether one row that can't be taken keeps out its whole input.
    let isStrict: Bool
    /// Whether it is only found out what would be taken.
    let isDryRun: Bool

    /// Takes an input's rows. What is wrong with it is said on standard error, and counted.
    /// - Throws: what keeps the other inputs out too.
    func take(_ input: Input) throws -> Tally {
        var tally = Tally()
        do {
            let read = try input.prepared()
            try queue.enqueue(options, at: .now) { enqueuing in
                try take(input, read, into: &enqueuing, &tally)
                let isSpoilt = isStrict && (tally.refused > 0 || tally.skipped > 0)
                // The transaction ends here: a rehearsal shows what the queue itself would say.
                if isDryRun || isSpoilt { throw RolledBack() }
            }
        } catch is RolledBack {
            if !isDryRun {
                StandardError.write("\(input.name): nothing is taken of it (--strict).\n")
                tally.taken = 0
            }
        } catch let error as OperatorError where error.status == .dataRefused {
            StandardError.write("\(error)\n")
            tally.taken = 0
            tally.skipped = 0
            tally.hasRefusedFile = true
        }
        return tally
    }

    private func take(
        _ input: Input, _ read: Input.Reading, into enqueuing: inout JobQueue.Enqueuing,
        _ tally: inout Tally
    ) throws {
        var progress = Progress()
        var refusals = Refusals()
        defer {
            progress.clear()
            refusals.finish()
        }
        try read { row in
            switch row {
            case .lead(let lead, _, _):
                let isTaken = try enqueuing.add(lead) != nil
                tally.taken += isTaken ? 1 : 0
                tally.skipped += isTaken ? 0 : 1
            case .refused(let line, let reason):
                progress.clear()
                refusals.say(reason, at: "\(input.name)\(input.separator)\(line)")
                tally.refused += 1
            }
            progress.show(tally)
        }
    }
}

/// Nothing of the input stays.
private struct RolledBack: Error {}
