import Dispatch
import StatusPage
import Synchronization

/// A line on standard error that shows how far long work is, where somebody can see it. In a pipe
/// or a file there is none.
struct Progress: Sendable {
    /// What is counted: `row`.
    let thing: String
    private let start = ContinuousClock.now
    private var nextTime = ContinuousClock.now + .milliseconds(500)
    private var isShown = false

    init(of thing: String) {
        self.thing = thing
    }

    /// Shows now and then how much is done, of how much, and what else there is to say.
    mutating func show(_ done: Int, of total: Int?, _ more: @autoclosure () -> String = "") {
        guard StandardError.isTerminal, ContinuousClock.now > nextTime else { return }
        // The work may hold a lock, so it never waits for a terminal that was stopped with Ctrl-S.
        guard StandardError.takesMore else { return }
        nextTime = .now + .milliseconds(200)
        isShown = true
        let line = progressLine(thing, done, of: total, after: .now - start)
        let note = more()
        StandardError.write("\r\u{1B}[K\(line)\(note.isEmpty ? "" : "; \(note)")")
    }

    /// Takes the line away.
    mutating func clear() {
        guard isShown else { return }
        isShown = false
        StandardError.write("\r\u{1B}[K")
    }
}

/// Progress of work that does not tell of itself, asked for a few times a second.
final class PolledProgress: Sendable {
    private let state: Mutex<(progress: Progress, hasEnded: Bool)>
    private let total: Int
    private let done: @Sendable () -> Int

    /// - Parameter done: Asked beside the work, on another thread.
    init(of thing: String, total: Int, done: @escaping @Sendable () -> Int) {
        state = Mutex((Progress(of: thing), false))
        self.total = total
        self.done = done
        askLater()
    }

    private func askLater() {
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + .milliseconds(200)) {
            [weak self] in self?.ask()
        }
    }

    private func ask() {
        let hasEnded = state.withLock { state in
            if !state.hasEnded { state.progress.show(done(), of: total) }
            return state.hasEnded
        }
        if !hasEnded { askLater() }
    }

    /// Takes the line away; nothing is shown afterwards.
    func end() {
        state.withLock { state in
            state.hasEnded = true
            state.progress.clear()
        }
    }
}
