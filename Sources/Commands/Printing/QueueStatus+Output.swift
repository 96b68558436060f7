import Conversion
import Foundation
import Settings
import StatusPage
import Storage

extension QueueStatus {
    /// The status for programs.
    var json: JSON {
        .object([
            ("counts", .object(JobState.allCases.map { ($0.rawValue, .count(counts[$0] ?? 0)) })),
            ("rate_per_second", .real(ratePerSecond)),
            ("eta_seconds", .optional(etaSeconds, JSON.real)),
            ("paused", .bool(isPaused)),
            ("waiting_for", .optional(waitingFor?.rawValue, JSON.text)),
            ("waiting_until", .optional(waitingUntil?.description, JSON.text)),
            ("limiter", .optional(limiter, Self.json)),
            ("usage", .optional(limiter?.usage) { Self.json($0, at: limiter?.usageAt) }),
            (
                "daemon",
                .optional(daemon) {
                    .object([
                        ("pid", .integer(Int64($0.pid))), ("since", .text($0.since.description)),
                    ])
                }
            ),
        ])
    }

    private static func json(_ limiter: LimiterState) -> JSON {
        .object([
            ("tokens", .real(limiter.tokens)), ("capacity", .real(limiter.capacity)),
            ("rate", .real(limiter.rate)),
        ])
    }

    private static func json(_ usage: OrgUsage, at time: Timestamp?) -> JSON {
        .object([
            ("current", .count(usage.current)), ("limit", .count(usage.limit)),
            ("at", .optional(time?.description, JSON.text)),
        ])
    }

    /// The status of a queue for people, a fact a line.
    func text(of queue: DatabasePath, at now: Timestamp) -> String {
        var facts = JobState.allCases.map { ($0.rawValue, String(counts[$0] ?? 0)) }
        facts.append(("rate", "\(Self.short(ratePerSecond)) leads/s"))
        if let etaSeconds { facts.append(("time left", etaSeconds.asDuration)) }
        let resume = "yes; go on with: leadconvert resume \(queue.option)"
        facts.append(("paused", isPaused ? resume : "no"))
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
