import Conversion
import Dispatch
import Drain
import Foundation
import Glibc
import Storage
import Synchronization

/// A line that says how far the queue is: rewritten in place on a terminal, a new line a second
/// anywhere else.
final class Progress: Sendable {
    private let path: String
    private let isTerminal = isatty(1) == 1
    private let queue = DispatchQueue(label: "demo.progress")
    private let timer = Mutex<Timer?>(nil)

    init(of path: String) {
        self.path = path
    }

    func begin() {
        let source = DispatchSource.makeTimerSource(queue: queue)
        source.schedule(deadline: .now(), repeating: .milliseconds(isTerminal ? 100 : 1000))
        // A look that fails is followed by the next one.
        source.setEventHandler { @Sendable [weak self] in try? self?.show() }
        source.activate()
        timer.withLock { $0 = Timer(source: source) }
    }

    /// Shows the last line and stops.
    func end() throws {
        timer.withLock { $0?.source.cancel() }
        try queue.sync { try show() }
        if isTerminal { write("\n") }
    }

    private func show() throws {
        let status = try JobQueue(path: path, as: .client).reports.status(
            at: SystemClock.now().wall)
        let counts = status.counts
        let settled = counts.filter(\.key.isSettled).values.reduce(0, +)
        let all = counts.values.reduce(0, +)
        let width = 30
        let filled = all == 0 ? 0 : settled * width / all
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: ".", count: width - filled)
        let left =
            settled == all
            ? "done" : status.etaSeconds.map { "\(Int($0.rounded(.up))) s left" } ?? ""
        let line =
            "[\(bar)] \(settled)/\(all)  converted \(counts[.converted] ?? 0)  "
            + "failed \(counts[.failed] ?? 0)  sending \(counts[.sending] ?? 0)  "
            + "verifying \(counts[.verifying] ?? 0)  finishing \(counts[.finishing] ?? 0)  "
            + "\(Int(status.ratePerSecond)) leads/s  \(left)"
        write(isTerminal ? "\r\u{1B}[K\(line)" : "\(line)\n")
    }

    private func write(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    // Dispatch's sources may be used from any thread; only its Swift overlay does not say so here.
    private struct Timer: @unchecked Sendable {
        let source: any DispatchSourceTimer
    }
}
