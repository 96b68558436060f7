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
        var (input, summary, remarks) = (input, EnqueueSummary(), InputRemarks(on: input))
        // Standard error may lead to a pager that nobody scrolls, and until the transaction has ended
        // the daemon can't write.
        defer { remarks.write() }
        do {
            try input.spool()
            try queue.enqueue(options, at: .now) { enqueuing in
                try add(input, to: &enqueuing, &summary, &remarks)
                let mustRollBack = isStrict && (summary.refused > 0 || summary.skipped > 0)
                // The transaction ends here: a rehearsal shows what the queue itself would say.
                if isDryRun || mustRollBack { throw RolledBack() }
            }
        } catch is RolledBack {
            if !isDryRun {
                remarks.conclusion = "\(input.name): nothing of it is added (--strict)."
                summary.added = 0
            }
        } catch let error as OperatorError where error.status == .dataRefused {
            remarks.conclusion = "\(error)"
            summary.added = 0
            summary.skipped = 0
            summary.hasRefusedFile = true
        }
        return summary
    }

    private func add(
        _ input: Input, to enqueuing: inout JobQueue.Enqueuing, _ summary: inout EnqueueSummary,
        _ remarks: inout InputRemarks
    ) throws {
        let total = StandardError.isTerminal ? input.rowsAtMost : nil
        var rows = 0
        remarks.notes = try input.read { row in
            switch row {
            case .lead(let lead, let line):
                try enqueuing.append(lead, at: input.mayRepeat ? nil : line)
            case .refused(let line, let reason):
                remarks.refused.append((line, reason))
                // No more than a few are kept, however long no other row comes.
                if remarks.refused.count >= 50 { try enqueuing.flush() }
            }
            if enqueuing.isFlushed { try count(input, &enqueuing, &summary, &remarks) }
            rows += 1
            // The clock is not asked for every row, of which there may be a million.
            if rows % 256 == 0 { remarks.progress.show(rows, of: total, "\(summary)") }
        }
        try enqueuing.flush()
        try count(input, &enqueuing, &summary, &remarks)
    }

    /// Counts rows of which all is known, and writes down which are refused, in their order.
    private func count(
        _ input: Input, _ enqueuing: inout JobQueue.Enqueuing, _ summary: inout EnqueueSummary,
        _ remarks: inout InputRemarks
    ) throws {
        (summary.added, summary.skipped) = (enqueuing.added, enqueuing.skipped)
        guard !enqueuing.repeated.isEmpty || !remarks.refused.isEmpty else { return }
        let repeated = enqueuing.repeated.map {
            ($0.place, IntakeRow.reasonOfRepetition(input.place($0.first)))
        }
        let refused = (remarks.refused + repeated).sorted { $0.line < $1.line }
        for (line, reason) in refused {
            try remarks.rejected.add(reason, at: "\(input.name)\(input.separator)\(line)")
        }
        summary.refused += refused.count
        enqueuing.repeated = []
        remarks.refused = []
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

    var description: String {
        "\(added) added, \(skipped) skipped (in the queue already), \(refused) refused."
    }

    mutating func add(_ other: EnqueueSummary) {
        added += other.added
        skipped += other.skipped
        refused += other.refused
        hasRefusedFile = hasRefusedFile || other.hasRefusedFile
    }
}

/// What there is to say of an input on standard error, kept until somebody may wait for a reader.
private struct InputRemarks {
    private let name: String
    /// The one thing that is shown at once, and left out where that would have to wait.
    var progress = Progress(of: "row")
    var rejected = RejectedRowLog()
    /// Rows that are refused among others of which it is not known yet.
    var refused: [(line: Int, reason: String)] = []
    /// What was read otherwise than the input says by itself.
    var notes: [String] = []
    /// What became of the input as a whole, if that has to be said.
    var conclusion: String?

    init(on input: Input) {
        name = input.name
    }

    mutating func write() {
        progress.clear()
        do {
            try rejected.read { StandardError.write($0) }
        } catch {
            StandardError.write("\(name): which rows are refused can't be read again: \(error)\n")
        }
        let lines = notes.map { "\(name): \($0)" } + (conclusion.map { [$0] } ?? [])
        guard !lines.isEmpty else { return }
        StandardError.write(lines.joined(separator: "\n") + "\n")
    }
}

/// Why rows are refused, in lines to print.
///
/// A mistake in a template refuses each of a million rows for one reason: of such a run the first are
/// named, the others counted. Whatever else is refused is named, so lines that are many go through a file.
struct RejectedRowLog {
    private static let namedInARow = 20
    private static let mostBytesInMemory = 1 << 16

    private var reason = ""
    private var count = 0
    private var lastPlace = ""
    private var text: [UInt8] = []
    private var file: SpoolFile?

    /// Writes down why the row at a place is refused.
    /// - Throws: 74 when there is no place for so many lines.
    mutating func add(_ reason: String, at place: String) throws {
        if reason != self.reason { try endRun() }
        self.reason = reason
        count += 1
        lastPlace = place
        if count <= Self.namedInARow { try append("\(place): \(reason)\n") }
    }

    /// Gives all lines, in the order of the rows.
    mutating func read(_ body: (String) -> Void) throws {
        try endRun()
        try file?.read { body(String(decoding: $0, as: UTF8.self)) }
        body(String(decoding: text, as: UTF8.self))
    }

    private mutating func endRun() throws {
        let unnamed = count - Self.namedInARow
        if unnamed > 0 {
            let rows = counted(unnamed, "more row")
            try append("\(lastPlace): \(reason) (the last of \(rows) refused for that reason)\n")
        }
        count = 0
    }

    private mutating func append(_ line: String) throws {
        text += line.utf8
        guard text.count > Self.mostBytesInMemory else { return }
        let spool = try file ?? SpoolFile(name: "refused rows")
        try spool.append(text)
        (file, text) = (spool, [])
    }
}
