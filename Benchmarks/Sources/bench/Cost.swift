import Glibc

/// What a run of a program cost.
struct Cost {
    /// From its start to its end.
    var time: Duration
    /// User and system time in milliseconds.
    var cpu: Double
    /// The most memory that it had at a time, in MiB; not known of a part of this process.
    var peak: Double?

    init(time: Duration, _ usage: rusage) {
        self.time = time
        cpu = Self.milliseconds(usage.ru_utime) + Self.milliseconds(usage.ru_stime)
        peak = Double(usage.ru_maxrss) / 1024
    }

    /// What a function of this process cost.
    static func of(_ body: () throws -> Void) rethrows -> Cost {
        let before = usage()
        let time = try ContinuousClock().measure(body)
        var cost = Cost(time: time, usage())
        cost.cpu -= Cost(time: .zero, before).cpu
        cost.peak = nil
        return cost
    }

    private static func usage() -> rusage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage
    }

    private static func milliseconds(_ time: timeval) -> Double {
        Double(time.tv_sec) * 1000 + Double(time.tv_usec) / 1000
    }
}

/// What a run cost for each of many.
struct Rate {
    var perSecond: Double
    /// Milliseconds of CPU for 1,000.
    var cpu: Double
    /// The most memory, in MiB.
    var peak: Double?

    init(_ count: Int, _ cost: Cost) {
        perSecond = Double(count) / (cost.time / .seconds(1))
        cpu = cost.cpu / Double(count) * 1000
        peak = cost.peak
    }
}
