import Foundation

/// Chance that repeats: SplitMix64.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// The same seed gives the same numbers.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Damages input at random, the same way each time.
///
/// `ASAN_OPTIONS=detect_leaks=0 FUZZ=1000000 swift test --sanitize=address --filter MutationTests`
/// is a long run.
public struct Mutator {
    private var random: SeededGenerator
    private let spice: [UInt8]

    /// - Parameter spice: Bytes that mean something to the reader.
    public init(seed: UInt64, spice: String) {
        random = SeededGenerator(seed: seed)
        self.spice = Array(spice.utf8) + [0, 0xFF, 0xC3, 0xED, 0xA0]
    }

    /// How many cases there are to be: `FUZZ`, or this many, shared out among so many tests.
    public static func cases(_ usual: Int, sharedBy tests: Int = 1) -> Int {
        ProcessInfo.processInfo.environment["FUZZ"].flatMap { Int($0) }.map { $0 / tests } ?? usual
    }

    /// A damaged copy.
    public mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.insert(spice.randomElement(using: &random) ?? 0, at: place)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2 where place < bytes.count:
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 3 where !bytes.isEmpty:
                let end = min(bytes.count, place + Int.random(in: 0...40, using: &random))
                bytes.insert(contentsOf: bytes[min(place, end)..<end], at: 0)
            default: bytes.removeLast(min(bytes.count, place / 8))
            }
        }
        return bytes
    }
}
