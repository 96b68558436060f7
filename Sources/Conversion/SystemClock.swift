import Glibc

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

    /// Now.
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
