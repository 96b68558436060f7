/// A line that shows how far a long input has been read, where somebody can see it.
struct Progress {
    private var nextTime = ContinuousClock.now + .milliseconds(500)
    private var rows = 0
    private var isShown = false

    /// Shows the count now and then.
    mutating func show(_ summary: EnqueueSummary) {
        rows += 1
        // The clock is not asked for every row, of which there may be a million.
        guard StandardError.isTerminal, rows % 256 == 0, ContinuousClock.now > nextTime else {
            return
        }
        nextTime = .now + .milliseconds(200)
        isShown = true
        StandardError.write("\r\(rows) rows: \(summary)")
    }

    /// Takes the line away.
    mutating func clear() {
        guard isShown else { return }
        isShown = false
        StandardError.write("\r\u{1B}[K")
    }
}
