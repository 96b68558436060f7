/// How often, and how patiently, a lead's own passing faults are tried again, and what becomes of a
/// lead whose match, duplicate or owner leaves a choice.
public struct RetryPolicy: Hashable, Sendable {
    /// What happens to the rest of a batch when one of its leads fails.
    public enum OnFailure: String, Sendable, CaseIterable {
        case carryOn = "continue"
        /// Its leads that still wait are held.
        case pause
    }

    /// What becomes of a lead that a duplicate rule stops.
    public enum OnDuplicates: String, Sendable, CaseIterable {
        /// It fails, with the records that the rule names.
        case fail
        /// Rules that only warn are overridden.
        case allow
        /// It is converted into the one record that the rule names.
        case join
    }

    /// What becomes of a lead for which several records match.
    public enum OnManyMatches: String, Sendable, CaseIterable {
        /// It fails, with their ids.
        case fail
        /// The one that was created first is taken.
        case oldest
        /// The one that was created last is taken.
        case newest
    }

    /// What becomes of a lead for which no record matches.
    public enum OnNoMatch: String, Sendable, CaseIterable {
        /// New records are made.
        case create
        case fail
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
    /// What becomes of a lead that a duplicate rule stops.
    public var onDuplicates: OnDuplicates
    /// Which of several contacts or accounts that match is meant.
    public var onManyMatches = OnManyMatches.fail
    /// Whether a lead that matches nothing makes new records.
    public var onNoMatch = OnNoMatch.create
    /// The user who owns the new records where a queue or an inactive user owns the lead.
    public var fallbackOwner: RecordID?
    /// Whether the conversion leaves out its feed entries (`DisableFeedTrackingHeader`).
    public var suppressesFeed = false
    /// Whether text that is too long for its field is cut (`AllowFieldTruncationHeader`).
    public var truncatesFields = false

    /// What it asks for the call as a whole: all leads of a call ask the same.
    public var options: ConvertOptions {
        ConvertOptions(
            allowsDuplicates: onDuplicates == .allow, suppressesFeed: suppressesFeed,
            truncatesFields: truncatesFields)
    }

    /// The policy `default`: 5 attempts, 10 s, doubling, at most 15 min, half of it by chance.
    public init(
        maxAttempts: Int = 5, baseDelayMS: Int64 = 10_000, factor: Double = 2,
        maxDelayMS: Int64 = 900_000, jitter: Double = 0.5, onFailure: OnFailure = .carryOn,
        onDuplicates: OnDuplicates = .fail
    ) {
        self.maxAttempts = maxAttempts
        self.baseDelayMS = baseDelayMS
        self.factor = factor
        self.maxDelayMS = maxDelayMS
        self.jitter = jitter
        self.onFailure = onFailure
        self.onDuplicates = onDuplicates
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
