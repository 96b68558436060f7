public import Conversion
import Storage

/// What happened lately, added up from the run log and the calls as they are settled: for charts
/// by the minute, over a day, and for counters and histograms since it was begun.
public struct Activity: Sendable {
    /// A minute's worth.
    public struct Minute: Sendable, Equatable {
        public var converted = 0
        public var failed = 0
        /// Leads that were put off for a fault of their own.
        public var retried = 0
        /// Attempts without a clear answer, or that took no effect.
        public var unclear = 0
        /// Requests to Salesforce that count against its limit.
        public var calls = 0
        /// The org's own count.
        public var usage: Int?

        var isEmpty: Bool { self == Minute() }

        mutating func add(_ other: Minute) {
            converted += other.converted
            failed += other.failed
            retried += other.retried
            unclear += other.unclear
            calls += other.calls
            usage = other.usage ?? usage
        }
    }

    /// What an attempt came to.
    struct AttemptKey: Hashable, Comparable {
        var kind: String
        var outcome: String
        var code: String
        static func < (left: AttemptKey, right: AttemptKey) -> Bool {
            (left.kind, left.outcome, left.code) < (right.kind, right.outcome, right.code)
        }
    }

    /// What a call came to.
    struct CallKey: Hashable, Comparable {
        var kind: String
        var result: String
        static func < (left: CallKey, right: CallKey) -> Bool {
            (left.kind, left.result) < (right.kind, right.result)
        }
    }

    private(set) var minutes: [Int64: Minute] = [:]
    private(set) var attempts: [AttemptKey: Int] = [:]
    private(set) var calls: [CallKey: Int] = [:]
    private(set) var durations: [String: Histogram] = [:]
    private(set) var waits = Histogram()
    /// Leads settled in each second, for the rate.
    private var seconds: [Int64: Int] = [:]
    /// Codes told apart: Salesforce has some hundreds, and orgs add their own.
    private var codes: Set<String> = []
    private static let mostCodes = 100
    /// For how long it remembers, in minutes.
    static let memory: Int64 = 24 * 60

    /// Rows that end before are for the charts only: counters begin here.
    private let start: Timestamp

    init(from start: Timestamp) {
        self.start = start
    }

    /// Adds a row of the run log that is finished.
    mutating func see(_ row: AttemptRow) {
        guard let outcome = row.outcome, let at = row.finishedAt else { return }
        if at >= start {
            let key = AttemptKey(kind: row.kind, outcome: outcome, code: known(row.code ?? ""))
            attempts[key, default: 0] += 1
        }
        var minute = Minute()
        minute.count(outcome, of: row.kind)
        guard !minute.isEmpty else { return }
        minutes[at.milliseconds / 60_000, default: Minute()].add(minute)
        if minute.converted + minute.failed > 0 {
            seconds[at.milliseconds / 1000, default: 0] += 1
        }
    }

    /// Adds a call that is finished.
    mutating func see(_ call: CallRow) {
        guard let at = call.finishedAt else { return }
        var minute = Minute()
        minute.calls = call.kind == "token" ? 0 : 1
        minute.usage = call.usage?.current
        minutes[at.milliseconds / 60_000, default: Minute()].add(minute)
        guard at >= start else { return }
        calls[CallKey(kind: call.kind, result: known(call.code ?? "ok")), default: 0] += 1
        if let duration = call.durationMS {
            durations[call.kind, default: Histogram()].add(Double(duration) / 1000)
        }
        if let waited = call.waitedMS { waits.add(Double(waited) / 1000) }
    }

    private mutating func known(_ code: String) -> String {
        guard !codes.contains(code) else { return code }
        guard codes.count < Self.mostCodes else { return "other" }
        codes.insert(code)
        return code
    }

    /// Forgets what is too old for any chart.
    mutating func forget(before now: Timestamp) {
        let oldest = now.milliseconds / 60_000 - Self.memory
        if minutes.keys.contains(where: { $0 < oldest }) {
            minutes = minutes.filter { $0.key >= oldest }
        }
        let second = now.milliseconds / 1000 - 60
        if seconds.count > 120 { seconds = seconds.filter { $0.key >= second } }
    }

    /// Leads settled a second, over the last minute or since the first of them.
    public func ratePerSecond(at now: Timestamp) -> Double {
        let second = now.milliseconds / 1000
        let recent = seconds.filter { $0.key > second - 60 }
        guard let first = recent.keys.min() else { return 0 }
        return Double(recent.values.reduce(0, +)) / Double(max(1, second - first + 1))
    }

    /// What happened up to now in equal spans of so many minutes, oldest first.
    public func spans(of length: Int64, count: Int, until now: Timestamp) -> [(
        start: Timestamp, Minute
    )] {
        let last = now.milliseconds / 60_000 / length * length
        return (0..<Int64(count)).map { index in
            let first = last - (Int64(count) - 1 - index) * length
            var sum = Minute()
            for minute in first..<(first + length) { minutes[minute].map { sum.add($0) } }
            return (Timestamp(milliseconds: first * 60_000), sum)
        }
    }
}

/// How values are spread, by Prometheus' kind of buckets: each counts what is not above its bound.
struct Histogram: Sendable {
    /// From ten milliseconds to ten minutes, in seconds: a call of 100 leads takes some seconds.
    static let bounds: [Double] = [
        0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
    ]
    private(set) var buckets = [Int](repeating: 0, count: bounds.count)
    private(set) var count = 0
    private(set) var sum = 0.0

    mutating func add(_ value: Double) {
        count += 1
        sum += value
        for (index, bound) in Self.bounds.enumerated() where value <= bound { buckets[index] += 1 }
    }
}
