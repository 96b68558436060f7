import Conversion
import Glibc

/// The memory of a program that crashed, as the kernel writes it to a file or hands it to a
/// collector.
enum CoreFile {
    /// From now on none is written: tokens and keys are in our memory, and leads' names. Collectors
    /// such as systemd-coredump go by the same limit.
    static func forbid() throws(OperatorError) {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        guard setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0 else {
            throw OperatorError(
                .systemRefused,
                "Core files can't be switched off: \(String(cString: strerror(errno))).",
                remedy: "Start it with ulimit -c 0.")
        }
    }
}
