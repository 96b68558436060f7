import Conversion
import Glibc
import SystemPackage

/// What a crash leaves of our memory, where tokens, keys and leads' names are.
enum CoreDumps {
    /// From now on it leaves nothing: no core file, no collector such as systemd-coredump, which goes
    /// by the same limit, no debugger of the same user, and none of Swift's own reports, which show
    /// values beside the stack.
    static func disable() throws(OperatorError) {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        guard setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0, disableDumps()
        else {
            throw OperatorError(
                .systemRefused,
                "Core files can't be switched off: \(Errno(rawValue: errno)).",
                remedy: "Start it with ulimit -c 0.")
        }
        // The runtime reads SWIFT_BACKTRACE before main and puts in its handlers there.
        for trap in [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGTRAP] {
            signal(trap, SIG_DFL)
        }
    }

    /// `prctl(PR_SET_DUMPABLE, 0)`, looked up by its name: Swift imports no variadic function. Source:
    /// prctl(2), `linux/prctl.h`.
    private static func disableDumps() -> Bool {
        let setDumpable: Int32 = 4
        typealias Prctl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
        guard let prctl = dlsym(nil, "prctl") else { return false }
        return unsafeBitCast(prctl, to: Prctl.self)(setDumpable, 0, 0, 0, 0) == 0
    }
}
