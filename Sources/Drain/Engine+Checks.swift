import Conversion
import Storage

// Commands that ask the org themselves (`leadconvert check`, `enqueue --from-soql`) spend of the same
// allowance, beside a daemon or without one. They write each request into `calls` before it leaves, and
// leave the bucket to the daemon, which alone keeps it.

extension Engine {
    /// Counts requests that commands have made since the last look, and takes their tokens.
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
