import Conversion
import Storage

// `leadconvert check` spends of the same allowance, beside a daemon or without one. It writes each
// request into `calls` before it leaves, and leaves the bucket to the daemon, which alone keeps it.

extension Engine {
    /// Counts requests that `check` has made since the last look, and takes their tokens.
    mutating func payForChecks(at now: Moment) throws {
        let calls = try unpaidChecks()
        guard calls > 0 else { return }
        pacer.pay(forOthers: calls, at: now)
    }

    mutating func unpaidChecks() throws -> Int {
        let checks = try queue.reports.checks(after: lastCallSeen)
        lastCallSeen = checks.last ?? lastCallSeen
        return checks.count
    }
}
