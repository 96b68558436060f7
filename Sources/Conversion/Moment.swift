import Glibc

/// Now, on two clocks: the wall clock, which people read and set, and the machine's uptime, which
/// nobody sets. Records carry the first; how long ago something was is asked of the second.
public struct Moment: Hashable, Sendable {
    public var wall: Timestamp
    /// Milliseconds since the machine started, suspended time included.
    public var uptimeMS: Int64
    /// Which start of the machine the uptime counts from.
    public var bootID: String

    public init(wall: Timestamp, uptimeMS: Int64, bootID: String) {
        self.wall = wall
        self.uptimeMS = uptimeMS
        self.bootID = bootID
    }

    /// How many milliseconds have surely passed since an earlier moment, 0 or more.
    ///
    /// Within one start of the machine the uptimes answer, whatever was done to the wall clock.
    /// Across a restart at least this start's uptime has passed; but the file may have come from
    /// another machine, so the wall clock must confirm it, unless it was set back.
    public func since(_ earlier: Moment) -> Int64 {
        if bootID == earlier.bootID { return max(0, uptimeMS - earlier.uptimeMS) }
        let passed = wall - earlier.wall
        return passed < 0 ? uptimeMS : min(uptimeMS, passed)
    }

    /// The moment so many milliseconds later.
    public static func + (left: Moment, milliseconds: Int64) -> Moment {
        Moment(
            wall: left.wall + milliseconds, uptimeMS: left.uptimeMS + milliseconds,
            bootID: left.bootID)
    }
}

extension [Moment?] {
    /// The earliest of those that are there; nil when none is. Across starts of the machine there is no
    /// order that always holds, so a moment is not `Comparable`.
    public var earliest: Moment? { compactMap(\.self).min { $1.since($0) > 0 } }
}

/// The machine's clocks.
public enum SystemClock {
    private static let bootID: String = {
        var bytes = [UInt8](repeating: 0, count: 36)
        let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        // Without it every start counts as another boot, and the wall clock answers for uptime.
        guard descriptor >= 0, read(descriptor, &bytes, 36) == 36 else {
            return "pid \(getpid()) at \(milliseconds(CLOCK_REALTIME))"
        }
        return String(decoding: bytes, as: UTF8.self)
    }()

    public static func now() -> Moment {
        Moment(
            wall: Timestamp(milliseconds: milliseconds(CLOCK_REALTIME)),
            uptimeMS: milliseconds(CLOCK_BOOTTIME), bootID: bootID)
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
