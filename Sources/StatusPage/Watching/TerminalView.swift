import Conversion
import Storage

/// The queue as a screen of a terminal: fits 24 lines of 80 columns, and grows with the window.
public struct TerminalView: Sendable {
    /// What the terminal can show.
    public struct Style: Sendable, Equatable {
        public var hasColour: Bool
        /// Whether characters beyond ASCII arrive as they are meant.
        public var isUnicode: Bool

        public init(hasColour: Bool, isUnicode: Bool) {
            self.hasColour = hasColour
            self.isUnicode = isUnicode
        }
    }

    let snapshot: Snapshot
    private let queue: String
    let width: Int
    private let height: Int
    let style: Style

    static let labels = 9

    /// A view of a snapshot.
    public init(_ snapshot: Snapshot, queue: String, width: Int, height: Int, style: Style) {
        self.snapshot = snapshot
        self.queue = queue
        self.width = max(20, width)
        self.height = max(4, height)
        self.style = style
    }

    /// The lines from the top, none wider than the window and no more than it has.
    public var lines: [String] {
        let head = headLines
        let foot = [line([.init("q quits", .quiet)])]
        let room = height - head.count - foot.count
        var lines = head
        if room > 0 { lines += lists(room: room) }
        lines = Array(lines.prefix(height - foot.count))
        while lines.count < height - foot.count { lines.append("") }
        return lines + foot
    }

    // MARK: The whole

    private var headLines: [String] {
        let (kind, sentence) = snapshot.sentence
        let daemon = snapshot.state?.daemon.map { "pid \($0.pid) since \($0.since.readable)" } ?? ""
        let dot = style.isUnicode ? "● " : "* "
        var lines = [
            line(
                [.init("leadconvert", .strong), .init("  \(queue)", .quiet)],
                right: snapshot.at.readable + " UTC"),
            line([.init(dot, Ink(kind)), .init(sentence)], right: daemon), "",
        ]
        lines += counts
        lines.append(line(whole))
        lines.append("")
        lines += pace
        return lines
    }

    private var counts: [String] {
        let states: [[JobState]] = [
            [.queued, .sending, .verifying, .held], [.finishing, .converted, .failed, .cancelled],
        ]
        return states.map { states in
            line(
                states.flatMap { state -> [Piece] in
                    let count = snapshot.counts[state] ?? 0
                    let ink: Ink = count == 0 ? .quiet : Ink(Labels.kind(of: state))
                    return [
                        .init("\(state.rawValue) ", .quiet),
                        .init(Self.padded(count.grouped, 9), ink), .init(" "),
                    ]
                })
        }
    }

    private var whole: [Piece] {
        let total = snapshot.counts.values.reduce(0, +)
        let settled = snapshot.counts.filter { $0.key.isSettled }.values.reduce(0, +)
        let share = total > 0 ? Double(settled) / Double(total) : 0
        let words = total > 0 ? "  \(Int((share * 100).rounded(.down))) % settled" : "  no leads"
        return bar(
            [
                (Double(snapshot.counts[.converted] ?? 0), .good),
                (Double(snapshot.counts[.failed] ?? 0), .bad),
                (Double(snapshot.counts[.cancelled] ?? 0), .quiet),
            ],
            of: Double(max(1, total)), width: width - words.count) + [.init(words, .quiet)]
    }

    private var pace: [String] {
        let rate = snapshot.ratePerSecond
        let left = snapshot.etaSeconds.map { ", \($0.asDuration) left" } ?? ""
        let room = min(60, width - Self.labels - 30)
        var lines = [
            labelled("rate", [.init(sparkline(width: room), .good)], "\(rate.short) leads/s\(left)")
        ]
        if let limiter = snapshot.state?.limiter {
            let tokens = limiter.tokens(at: snapshot.at)
            lines.append(
                labelled(
                    "bucket", bar([(tokens, .calm)], of: max(limiter.capacity, 0.001), width: room),
                    "\(tokens.short) of \(limiter.capacity.short) calls, \(limiter.rate.short)/s"))
            if let usage = limiter.usage {
                let share = Double(usage.current) / Double(max(1, usage.limit))
                lines.append(
                    labelled(
                        "org", bar([(share, share > 0.9 ? .bad : .calm)], of: 1, width: room),
                        "\(usage.current.grouped) of \(usage.limit.grouped) in 24 h"))
            }
        }
        lines.append(labelled("calls", [], calls))
        return lines
    }

    private var calls: String {
        let open = snapshot.state?.openCalls ?? []
        guard !open.isEmpty else { return "none in flight" }
        let shown = open.prefix(3).map { call in
            let age = call.startedAt.map { max(0, snapshot.at - $0).asDuration } ?? ""
            return "\(call.kind) of \(call.size) for \(age)"
        }
        let more = open.count > 3 ? ", and \(open.count - 3) more" : ""
        return "\(open.count) in flight: " + shown.joined(separator: ", ") + more
    }

    // MARK: Lists

    /// Batches and failures share what is left; what one does not need, the other has.
    private func lists(room: Int) -> [String] {
        let batches = snapshot.batches
        let failures = snapshot.latestFailures
        let half = max(0, (room - 4) / 2)
        let batchRows = min(batches.count, max(half, room - 4 - failures.count))
        let failureRows = min(failures.count, max(0, room - 4 - batchRows))
        var lines = ["", line([.init("Batches", .strong)])]
        lines +=
            batches.isEmpty
            ? [line([.init("none", .quiet)])] : batches.prefix(max(1, batchRows)).map(row)
        lines += ["", line([.init("Failed last", .strong)])]
        lines +=
            failures.isEmpty
            ? [line([.init("none", .quiet)])] : failures.prefix(max(1, failureRows)).map(row)
        return Array(lines.prefix(room))
    }

    private func row(_ batch: BatchSummary) -> String {
        let name = Self.padded(Self.cut(Self.plain(batch.name), 18), 18, isLeft: true)
        let settled = batch.total - batch.unsettled
        var words = "  \(settled.grouped) of \(batch.total.grouped)"
        if batch.isPaused { words += ", paused" }
        let failed = batch.failed > 0 ? ", \(batch.failed.grouped) failed" : ""
        let parts: [(Double, Ink)] = [
            (Double(batch.converted), .good), (Double(batch.failed), .bad),
            (Double(batch.cancelled + batch.pruned), .quiet),
        ]
        return line(
            [.init("\(name) ")]
                + bar(parts, of: Double(max(1, batch.total)), width: max(8, min(40, width - 56)))
                + [.init(words), .init(failed, .bad)])
    }

    private func row(_ job: JobSummary) -> String {
        let time = job.finishedAt.map { $0.readable(on: snapshot.at) } ?? ""
        return line([
            .init("\(job.lead)  "), .init("\(time)  ", .quiet),
            .init(Self.plain(job.code ?? "no code"), .bad),
            .init("  \(Self.plain(job.message ?? ""))"),
        ])
    }
}
