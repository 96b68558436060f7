import TestSupport

/// How rough a world is; drawn from its seed, so that some worlds are calm and some are not.
struct Profile {
    /// The chance that a call meets each of these.
    var lostBefore: Double
    var lostAfter: Double
    var refusedWhole: Double
    var slow: Double
    var wrongAnswer: Double
    /// The chance that a lead is special, in any way.
    var special: Double
    /// Virtual milliseconds between two disturbances, on average.
    var disturbanceEveryMS: Double
    var leads: Int
    var callSize: Int
    var concurrency: Int
    var rate: Double
    var burst: Double

    init(using chance: inout SeededGenerator) {
        let roughness = Double.random(in: 0...1, using: &chance)
        func upTo(_ most: Double) -> Double {
            Double.random(in: 0...most, using: &chance) * roughness
        }
        lostBefore = upTo(0.3)
        lostAfter = upTo(0.3)
        refusedWhole = upTo(0.4)
        slow = upTo(0.3)
        wrongAnswer = upTo(0.2)
        special = upTo(0.6)
        disturbanceEveryMS = 2000 / max(0.01, roughness)
        leads = Int.random(in: 1...40, using: &chance)
        callSize = Int.random(in: 1...12, using: &chance)
        concurrency = Int.random(in: 1...4, using: &chance)
        rate = Double.random(in: 0.2...20, using: &chance)
        burst = Double(Int.random(in: 1...20, using: &chance))
    }
}
