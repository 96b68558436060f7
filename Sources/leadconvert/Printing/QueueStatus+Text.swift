import Conversion
import Foundation
import StatusPage
import Storage

extension QueueStatus {
    /// The status for people, a fact a line.
    func text(at now: Timestamp) -> String {
        var facts = JobState.allCases.map { ($0.rawValue, String(counts[$0] ?? 0)) }
        facts.append(("rate", "\(Self.short(ratePerSecond)) leads/s"))
        if let etaSeconds { facts.append(("time left", etaSeconds.asDuration)) }
        facts.append(("paused", isPaused ? "yes; go on with: leadconvert resume" : "no"))
        if let waitingFor {
            facts.append(
                ("waiting for", waitingFor.rawValue + (waitingUntil.map { ", until \($0)" } ?? "")))
        }
        if let limiter {
            let (tokens, capacity) = (Self.short(limiter.tokens), Self.short(limiter.capacity))
            let rate = Self.short(limiter.rate)
            facts.append(("limiter", "\(tokens) of \(capacity) calls, \(rate) calls/s"))
        }
        if let usage = limiter?.usage {
            let at = limiter?.usageAt.map { " at \($0)" } ?? ""
            facts.append(("org usage", "\(usage.current) of \(usage.limit) calls in 24 h\(at)"))
        }
        facts.append(("daemon", daemon.map { "pid \($0.pid), since \($0.since)" } ?? "not running"))
        let width = facts.reduce(0) { max($0, $1.0.count) }
        return facts.map { name, fact in
            name + String(repeating: " ", count: width - name.count + 2) + fact + "\n"
        }.joined()
    }

    private static func short(_ number: Double) -> String {
        String(format: number < 10 ? "%.2f" : "%.0f", number)
    }
}
