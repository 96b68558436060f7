import Conversion
import Dispatch
import TestSupport
import Testing

@testable import Drain

/// The bucket against what it is to do, word for word: a call may start if then no window that
/// ends now holds more than capacity + rate x window.
@Suite struct TokenBucketModelTests {
    /// Remembers every start and looks at every window.
    private struct Model {
        var capacity: Double
        var rate: Double
        var starts: [Int64] = []

        /// How many calls more the fullest window could hold; a call may start from 1 on.
        func room(at now: Int64) -> Double {
            var room = capacity
            var count = 0.0
            for start in starts.reversed() {
                count += 1
                room = min(room, capacity + rate * Double(now - start) / 1000 - count)
            }
            return room
        }
    }

    @Test func `agrees with the model in a million sequences`() async {
        let differences = await withTaskGroup(of: Int.self) { group in
            for lane in 0..<4 as Range<UInt64> {
                group.addTask { await Self.count(inSequences: 250_000, seed: lane) }
            }
            return await group.reduce(0, +)
        }
        #expect(differences == 0)
    }

    /// Not on the few threads on which Swift's tasks run: other tests wait for theirs.
    private static func count(inSequences count: Int, seed: UInt64) async -> Int {
        await withCheckedContinuation { done in
            DispatchQueue.global(qos: .utility).async {
                done.resume(returning: differences(inSequences: count, seed: seed))
            }
        }
    }

    private static func differences(inSequences count: Int, seed: UInt64) -> Int {
        var random = SeededGenerator(seed: seed)
        var differences = 0
        let origin = Moment.ms(0)
        for _ in 0..<count {
            let chance = random.next()
            let capacity = Double(1 + chance % 3)
            let rate = Double(1 + (chance >> 8) % 5000) / 1000
            var bucket = TokenBucket(capacity: capacity, rate: rate, at: origin)
            var model = Model(capacity: capacity, rate: rate)
            var now = origin
            for step in 0..<3 {
                // A burst, a pause of up to a second, or just when it says.
                let pause = bucket.wait(at: now)
                let isRight = Self.agrees(model.room(at: now.since(origin)), pause, rate)
                if !isRight { differences += 1 }
                if pause == 0 {
                    bucket.spend(at: now)
                    model.starts.append(now.since(origin))
                }
                let jump = Int64((chance >> (16 + 10 * UInt64(step))) % 1024)
                now = now + (jump % 3 == 0 ? pause : jump % 3 == 1 ? 0 : jump)
            }
        }
        return differences
    }

    /// The bucket waits for a token that is short by a billionth; the model must not be pettier.
    private static func agrees(_ room: Double, _ pause: Int64, _ rate: Double) -> Bool {
        let exact = (1 - room) / rate * 1000
        return pause == 0 ? exact < 1e-6 : abs(Double(pause) - exact) < 1 + 1e-6
    }
}
