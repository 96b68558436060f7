/// How the queue is drained.
public struct DrainSettings: Equatable, Sendable {
    /// A figure that is given, or worked out from the org's allowance.
    public enum Figure: Equatable, Sendable {
        /// From the org's allowance and our share of it.
        case auto
        /// Given.
        case fixed(Double)
    }

    /// Leads in one call, 1...100.
    public var callSize: Int
    /// Calls in flight, 1...25.
    public var concurrency: Int
    /// The part of the org's rolling 24 h allowance that we may use, above 0, at most 1.
    public var dailyShare: Double
    /// We stop when the org as a whole has less than this part of its allowance left, 0 or more,
    /// below 1.
    public var reserve: Double
    /// API calls per second at most, above 0.
    public var rate: Figure
    /// How many calls the bucket holds, 1 or more.
    public var burst: Figure
    /// The first pause between probes while nothing gets through, in milliseconds.
    public var probeIntervalMS: Int64
    /// For how long after its start a call may still be running at Salesforce, in milliseconds.
    public var callLifetimeMS: Int64
    /// When calls may start; nil is always.
    public var runHours: RunHours?
    /// For how long Salesforce may be out of reach before the daemon gives up, in milliseconds;
    /// nil is for ever.
    public var giveUpAfterMS: Int64?

    init(_ reader: inout SettingReader, giveUpAfter: String?) {
        callSize = reader.whole("LEADCONVERT_CALL_SIZE", 1...100, default: 100)
        // An org of 25 concurrent long-running requests refuses the next, whoever makes it.
        concurrency = reader.whole("LEADCONVERT_CONCURRENCY", 1...25, default: 4)
        dailyShare = reader.value(
            "LEADCONVERT_DAILY_SHARE", default: 0.5,
            rule: "must be a part of the allowance, above 0 and at most 1, e.g. 0.5"
        ) { Double($0).flatMap { $0 > 0 && $0 <= 1 ? $0 : nil } }
        reserve = reader.value(
            "LEADCONVERT_RESERVE", default: 0.1,
            rule: "must be a part of the allowance, at least 0 and below 1, e.g. 0.1"
        ) { Double($0).flatMap { $0 >= 0 && $0 < 1 ? $0 : nil } }
        rate = reader.value(
            "LEADCONVERT_RATE", default: .auto,
            rule: "must be auto, or calls per second as a decimal from 0.000001 to 1000000, "
                + "e.g. 0.5"
        ) { Figure($0, in: 0.000001...1_000_000) }
        burst = reader.value(
            "LEADCONVERT_BURST", default: .auto,
            rule: "must be auto, or a number of calls from 1 to 1000000"
        ) { Figure($0, in: 1...1_000_000) }
        probeIntervalMS = reader.milliseconds(
            "LEADCONVERT_PROBE_INTERVAL", 1...900_000, default: 30_000
        )
        callLifetimeMS = reader.milliseconds(
            "LEADCONVERT_CALL_LIFETIME", 0...86_400_000, default: 600_000
        )
        runHours = reader.optional("LEADCONVERT_RUN_HOURS", rule: RunHours.rule) { RunHours($0) }
        giveUpAfterMS = giveUpAfter.flatMap { DurationText($0)?.milliseconds }
        if let giveUpAfter, giveUpAfterMS == nil {
            reader.report("--give-up-after", value: giveUpAfter, DurationText.rule)
        }
    }
}

extension DrainSettings.Figure {
    fileprivate init?(_ text: String, in range: ClosedRange<Double>) {
        if text.lowercased() == "auto" {
            self = .auto
        } else if let figure = Double(text), range.contains(figure) {
            self = .fixed(figure)
        } else {
            return nil
        }
    }
}
