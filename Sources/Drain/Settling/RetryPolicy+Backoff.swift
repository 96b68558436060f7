import Conversion

extension RetryPolicy {
    /// The pause after the used attempt `attempt` (1 or more), in milliseconds:
    /// `min(max_delay, base_delay * factor^(attempt-1)) * (1 - jitter * chance)`.
    ///
    /// By default, without chance: 10 s, 20 s, 40 s, 80 s; with chance at its most, half of these.
    /// - Parameter chance: 0 or more, below 1.
    func backoffMS(afterAttempt attempt: Int, chance: Double) -> Int64 {
        var pause = Double(baseDelayMS)
        for _ in 1..<max(1, attempt) where pause < Double(maxDelayMS) { pause *= factor }
        return Int64(min(Double(maxDelayMS), pause) * (1 - jitter * chance))
    }
}
