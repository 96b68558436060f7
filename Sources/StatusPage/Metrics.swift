import Conversion
import Storage

/// The queue and the daemon in Prometheus' text format.
///
/// Counters and histograms begin at zero with the daemon, as Prometheus expects of a process that
/// was started again. Labels take few values: states, kinds and outcomes are ours, and of
/// Salesforce's codes at most a hundred are told apart.
struct Metrics {
    let snapshot: Snapshot
    let start: Timestamp
    let version: String
    let isWritable: Bool

    /// What the queue waits for while the circuit is open.
    static let breakerReasons: [WaitReason] = [.allowance, .outage]

    var text: String {
        var text = MetricText()
        jobs(&text)
        attempts(&text)
        calls(&text)
        limits(&text)
        process(&text)
        return text.text
    }

    private func jobs(_ text: inout MetricText) {
        text.begin("leadconvert_jobs", .gauge, "Jobs by state.")
        for state in JobState.allCases {
            text.add([("state", state.rawValue)], Double(snapshot.counts[state] ?? 0))
        }
        let age = snapshot.state?.oldestDueAt.map { Double(max(0, snapshot.at - $0)) / 1000 }
        text.gauge(
            "leadconvert_oldest_due_job_age_seconds",
            "For how long the job has been due that has been due longest; 0 when none is.", age ?? 0
        )
        text.gauge(
            "leadconvert_queue_paused", "1 while the whole queue is paused.",
            snapshot.state?.isPaused == true ? 1 : 0)
    }

    private func attempts(_ text: inout MetricText) {
        text.begin(
            "leadconvert_attempts_total", .counter,
            "Attempts and look-ups of leads that ended since the daemon started.")
        for (key, count) in snapshot.activity.attempts.sorted(by: { $0.key < $1.key }) {
            text.add(
                [("kind", key.kind), ("outcome", key.outcome), ("code", key.code)], Double(count))
        }
    }

    private func calls(_ text: inout MetricText) {
        text.begin(
            "leadconvert_calls_total", .counter,
            "Requests to Salesforce that ended since the daemon started.")
        for (key, count) in snapshot.activity.calls.sorted(by: { $0.key < $1.key }) {
            text.add([("kind", key.kind), ("result", key.result)], Double(count))
        }
        text.gauge(
            "leadconvert_calls_in_flight", "Requests to Salesforce in flight.",
            Double(snapshot.state?.openCalls.count ?? 0))
        text.begin(
            "leadconvert_call_duration_seconds", .histogram,
            "From the start of a request to its answer.")
        for (kind, histogram) in snapshot.activity.durations.sorted(by: { $0.key < $1.key }) {
            text.add(histogram, [("kind", kind)])
        }
        text.begin(
            "leadconvert_call_wait_seconds", .histogram,
            "For how long a request waited before it left.")
        text.add(snapshot.activity.waits, [])
    }

    private func limits(_ text: inout MetricText) {
        if let limiter = snapshot.state?.limiter {
            text.gauge(
                "leadconvert_bucket_tokens", "Requests that may start now.",
                limiter.tokens(at: snapshot.at))
            text.gauge(
                "leadconvert_bucket_capacity_tokens",
                "Requests that may start at once after an idle time.", limiter.capacity)
            text.gauge(
                "leadconvert_bucket_refill_tokens_per_second",
                "Requests that come in each second.", limiter.rate)
            if let usage = limiter.usage {
                text.gauge(
                    "leadconvert_org_requests_used",
                    "Requests in 24 hours, of everybody, by the org's own count.",
                    Double(usage.current))
                text.gauge(
                    "leadconvert_org_requests_limit", "Requests that the org has in 24 hours.",
                    Double(usage.limit))
            }
        }
        text.begin(
            "leadconvert_circuit_open", .gauge,
            "1 while requests are held back because of an outage or a spent allowance.")
        let reason = snapshot.state?.waitingFor
        for known in Self.breakerReasons {
            text.add([("reason", known.rawValue)], reason == known ? 1 : 0)
        }
    }

    private func process(_ text: inout MetricText) {
        text.gauge(
            "leadconvert_database_size_bytes", "Size of the queue's file.",
            Double(snapshot.sizes.file))
        text.gauge(
            "leadconvert_database_wal_size_bytes", "Size of the file's write-ahead log.",
            Double(snapshot.sizes.log))
        text.gauge(
            "leadconvert_database_writable", "0 while the queue's file can't be written.",
            isWritable ? 1 : 0)
        text.gauge(
            "leadconvert_last_look_timestamp_seconds",
            "When the queue was last looked at for these metrics.",
            Double(snapshot.at.milliseconds) / 1000)
        text.gauge(
            "leadconvert_start_time_seconds", "When the daemon started.",
            Double(start.milliseconds) / 1000)
        text.begin("leadconvert_build_info", .gauge, "The version that runs; always 1.")
        text.add([("version", version)], 1)
    }
}

/// Prometheus' text format, version 0.0.4.
private struct MetricText {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    private(set) var text = ""
    private var name = ""

    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        begin(name, .gauge, help)
        add([], value)
    }

    mutating func add(_ labels: [(String, String)], _ value: Double, suffix: String = "") {
        let list = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        text += "\(name)\(suffix)\(list.isEmpty ? "" : "{\(list)}") \(Self.number(value))\n"
    }

    mutating func add(_ histogram: Histogram, _ labels: [(String, String)]) {
        for (bound, count) in zip(Histogram.bounds, histogram.buckets) {
            add(labels + [("le", Self.number(bound))], Double(count), suffix: "_bucket")
        }
        add(labels + [("le", "+Inf")], Double(histogram.count), suffix: "_bucket")
        add(labels, histogram.sum, suffix: "_sum")
        add(labels, Double(histogram.count), suffix: "_count")
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
    }
}
