import Conversion
import Storage

extension QueueStatus {
    /// The queue in one short line, as `systemctl status` shows it.
    var line: String {
        let left = counts.filter { !$0.key.isSettled && $0.key != .held }.values.reduce(0, +)
        var line = left == 1 ? "1 lead to go" : "\(left == 0 ? "no" : "\(left)") leads to go"
        if let held = counts[.held], held > 0 { line += ", \(held) held" }
        if left > 0, ratePerSecond > 0 { line += ", \(rate) a second" }
        if isPaused { return line + "; paused, go on with: leadconvert resume" }
        guard left > 0, let waitingFor else { return line }
        return line + "; waiting for \(waitingFor.phrase)"
            + (waitingUntil.map { " until \($0.second)" } ?? "")
    }

    /// A decimal is enough, and the line changes the less for it.
    private var rate: String {
        ratePerSecond < 10
            ? "\((ratePerSecond * 10).rounded() / 10)" : "\(Int(ratePerSecond.rounded()))"
    }
}

extension Timestamp {
    /// `2026-11-22T07:31:48Z`: a person needs no milliseconds.
    var second: String { description.prefix(19) + "Z" }
}
