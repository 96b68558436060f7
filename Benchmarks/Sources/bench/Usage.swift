import Foundation
import Glibc

/// What this process has used of the machine so far; its children do not count.
struct Usage {
    /// User and system time in milliseconds.
    var cpu: Double
    /// Memory in use, in KB.
    var resident: Int
    /// The most that was in use since the last look, in KB.
    var peak: Int

    /// Looks, and begins the next peak at what is in use now.
    static func now() -> Usage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let status = text(of: "/proc/self/status")
        let look = Usage(
            cpu: milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime),
            resident: kilobytes("VmRSS:", in: status), peak: kilobytes("VmHWM:", in: status))
        beginPeak()
        return look
    }

    private static func milliseconds(_ time: timeval) -> Double {
        Double(time.tv_sec) * 1000 + Double(time.tv_usec) / 1000
    }

    private static func kilobytes(_ name: String, in status: String) -> Int {
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
            ?? 0
    }

    private static func text(of path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// The kernel's word for it is 5 (proc(5), clear_refs).
    private static func beginPeak() {
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        file.write(Data("5".utf8))
        file.closeFile()
    }
}
