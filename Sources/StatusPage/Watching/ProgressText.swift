/// How far long work is, on one line: how much of what, how fast, and how long it still takes.
public struct ProgressText: Sendable {
    private let thing: String
    private let total: Int?

    /// - Parameter thing: What is counted: `row`.
    /// - Parameter total: How many there are in all, as far as that is known.
    public init(of thing: String, total: Int?) {
        self.thing = thing
        self.total = total
    }

    /// The line after so much has been done in so much time.
    ///
    /// 2,000 of 10,000 rows in 4 s are `2,000 of 10,000 rows, 500 a second, 16 s left`.
    public func line(done: Int, after time: Duration) -> String {
        let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        let rate = Double(done) / max(seconds, 0.001)
        var line =
            total.map { "\(done.grouped) of \(max($0, done).counted(thing))" }
            ?? done.counted(thing)
        guard done > 0 else { return line }
        line += ", \(rate.short) a second"
        if let total, total > done { line += ", \((Double(total - done) / rate).asDuration) left" }
        return line
    }
}
