import Conversion
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
}
