/// How often, and how patiently, a lead's own passing faults are tried again.
public struct RetryPolicy: Hashable, Sendable {
    /// What happens to the rest of a batch when one of its leads fails.
    public enum OnFailure: String, Sendable, CaseIterable {
        /// It goes on.
        case carryOn = "continue"
        /// Its leads that still wait are held.
        case pause
    }

    /// Attempts in all, 1 or more.
    public var maxAttempts: Int
    /// The pause after the first attempt, in milliseconds.
    public var baseDelayMS: Int64
    /// What each further pause is multiplied by, 1 or more.
    public var factor: Double
    /// The longest pause, in milliseconds.
    public var maxDelayMS: Int64
    /// The part of a pause that chance may take off, 0...1, so that leads that failed together
    /// do not come back together.
    public var jitter: Double
    /// What a failure means for the rest of the batch.
    public var onFailure: OnFailure
    /// Whether duplicate rules that only warn are overridden.
    public var allowDuplicates: Bool

    /// The policy `default`: 5 attempts, 10 s, doubling, at most 15 min, half of it by chance.
    public init(
        maxAttempts: Int = 5, baseDelayMS: Int64 = 10_000, factor: Double = 2,
        maxDelayMS: Int64 = 900_000, jitter: Double = 0.5, onFailure: OnFailure = .carryOn,
        allowDuplicates: Bool = false
    ) {
        self.maxAttempts = maxAttempts
        self.baseDelayMS = baseDelayMS
        self.factor = factor
        self.maxDelayMS = maxDelayMS
        self.jitter = jitter
        self.onFailure = onFailure
        self.allowDuplicates = allowDuplicates
    }

    /// The pause after the used attempt `attempt` (1 or more), in milliseconds:
    /// `min(max_delay, base_delay * factor^(attempt-1)) * (1 - jitter * chance)`.
    ///
    /// By default, without chance: 10 s, 20 s, 40 s, 80 s; with chance at its most, half of these.
    /// - Parameter chance: 0 or more, below 1.
    public func backoffMS(afterAttempt attempt: Int, chance: Double) -> Int64 {
        var pause = Double(baseDelayMS)
        for _ in 1..<max(1, attempt) where pause < Double(maxDelayMS) { pause *= factor }
        return Int64(min(Double(maxDelayMS), pause) * (1 - jitter * chance))
    }
}
