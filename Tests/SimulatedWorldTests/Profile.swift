import Conversion
import Foundation
import TestSupport

@testable import Drain

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
    /// When calls may start, if not always.
    var window: RunWindow?

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
        leads = Int.random(in: 1...24, using: &chance)
        callSize = Int.random(in: 1...12, using: &chance)
        concurrency = Int.random(in: 1...4, using: &chance)
        rate = Double.random(in: 0.2...20, using: &chance)
        burst = Double(Int.random(in: 1...20, using: &chance))
        if chance.happens(0.25) { window = Self.window(using: &chance) }
    }

    /// A few minutes of the day in which nothing may start, soon after the world began.
    private static func window(using chance: inout SeededGenerator) -> RunWindow {
        let birth = Int(Moment.ms(0).wall.milliseconds / 60_000 % 1440)
        let closes = birth + Int.random(in: 0...1, using: &chance)
        let opens = closes + Int.random(in: 1...3, using: &chance)
        return RunWindow(start: opens % 1440, end: closes % 1440, zone: .gmt)
    }
}
