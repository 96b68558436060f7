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
            case .lead(let lead, _):
                try enqueuing.append(lead)
                (summary.added, summary.skipped) = (enqueuing.added, enqueuing.skipped)
            case .refused(let line, let reason):
                remarks.rejected.add(reason, at: "\(input.name)\(input.separator)\(line)")
                summary.refused += 1
            }
            rows += 1
            // The clock is not asked for every row, of which there may be a million.
            if rows % 256 == 0 { remarks.progress.show(rows, of: total, "\(summary)") }
        }
        try enqueuing.flush()
        (summary.added, summary.skipped) = (enqueuing.added, enqueuing.skipped)
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

/// What there is to say of an input on standard error, kept until somebody may wait for a reader.
private struct InputRemarks {
    private let name: String
    /// The one thing that is shown at once, and left out where that would have to wait.
    var progress = Progress(of: "row")
    var rejected = RejectedRowLog()
    /// What was read otherwise than the input says by itself.
    var notes: [String] = []
    /// What became of the input as a whole, if that has to be said.
    var conclusion: String?

    init(on input: Input) {
        name = input.name
    }

    mutating func write() {
        progress.clear()
        let lines =
            rejected.lines + notes.map { "\(name): \($0)" } + (conclusion.map { [$0] } ?? [])
        guard !lines.isEmpty else { return }
        StandardError.write(lines.joined(separator: "\n") + "\n")
    }
}

/// Why rows are refused, in lines to print.
///
/// A mistake in a template refuses each of a million rows for one reason: the first of them are
/// named, the others counted. So memory is bounded, whatever the input holds.
struct RejectedRowLog {
    private static let namedOfAKind = 20
    /// A mapping and a header together give no more reasons than that, but for what is made to.
    private static let mostKinds = 50

    /// Rows that are refused for one reason, whatever numbers it names.
    private struct Kind {
        var count = 0
        var last = ""
    }

    private var named: [String] = []
    private var kinds: [Kind] = []
    private var places: [String: Int] = [:]
    private var others = Kind()

    /// Writes down why the row at a place is refused.
    mutating func add(_ reason: String, at place: String) {
        let line = "\(place): \(reason)"
        guard let kind = kind(of: reason) else {
            others.count += 1
            others.last = line
            return
        }
        kinds[kind].count += 1
        kinds[kind].last = line
        if kinds[kind].count <= Self.namedOfAKind { named.append(line) }
    }

    /// The rows that are named, in their order, and how many of each kind are not.
    var lines: [String] {
        let counts = kinds.filter { $0.count > Self.namedOfAKind }.map { kind in
            let rows = counted(kind.count - Self.namedOfAKind, "more row")
            return "\(kind.last) (the last of \(rows) refused for that reason)"
        }
        guard others.count > 0 else { return named + counts }
        let rows = counted(others.count, "more row")
        return named + counts + ["\(others.last) (the last of \(rows) refused for other reasons)"]
    }

    private mutating func kind(of reason: String) -> Int? {
        let text = Self.withoutNumbers(reason)
        if let place = places[text] { return place }
        guard kinds.count < Self.mostKinds else { return nil }
        places[text] = kinds.count
        kinds.append(Kind())
        return kinds.count - 1
    }

    /// The text without the numbers that stand for themselves: those of a name, such as `Phone2`, tell
    /// one column from another.
    private static func withoutNumbers(_ reason: String) -> String {
        var isInWord = false
        let bytes = reason.utf8.filter { byte in
            let isDigit = UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            if isDigit { return isInWord }
            isInWord =
                byte == UInt8(ascii: "_") || byte >= 0x80
                || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
            return true
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
