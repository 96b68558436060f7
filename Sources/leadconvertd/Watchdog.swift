import Conversion
import Drain

/// systemd's watchdog, which kills us when it has not been fed for its interval.
///
/// There is no timer here that would feed it whatever happens: each pass that the drain brings to
/// its end may feed it, if the drain makes progress as `Standing` defines it. For that passes
/// come at least every quarter of the interval, and feed at most that often: so it's fed within
/// half of it, which leaves the other half to a busy machine.
struct Watchdog: Equatable {
    private let quarterMS: Int64
    private var fedAt: Moment?

    /// The one that the environment asks of this process, if it does. Source:
    /// sd_watchdog_enabled(3).
    init?(_ environment: [String: String], pid: Int32) {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }),
            microseconds > 0
        else { return nil }
        if let meant = environment["WATCHDOG_PID"], meant != "\(pid)" { return nil }
        quarterMS = max(1, microseconds / 4000)
    }

    /// How often passes have to come.
    var longestNapMS: Int64 { min(quarterMS, Drain.longestNapMS) }

    /// Whether to feed it after this pass.
    mutating func isFed(by standing: Standing, callTimeoutMS: Int64) -> Bool {
        if let fedAt, standing.at.since(fedAt) < quarterMS { return false }
        guard standing.isProgress(callTimeoutMS: callTimeoutMS) else { return false }
        fedAt = standing.at
        return true
    }
}
